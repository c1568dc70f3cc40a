"""The real command line, killed."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from recsys_cli.runs import Store
from recsys_cli.serving import Recommender
from tests.cli.conftest import process


def check(store: Store) -> None:
    for summary in store.runs():
        assert summary.status in ("complete", "interrupted"), summary
        if summary.status == "complete":
            run = store.find(summary.id)
            run.verify()
            for name in run.fold_names:
                assert Recommender(run.fold(name)).for_users(["1"], 3)[0].items


def check_after_kills(write, recsys, seed: int, times: int) -> None:
    """Kill ``recsys run`` now as it trains, now as it evaluates, at a random moment of either."""
    spec = write(
        "fire",
        split={"name": "k-fold", "k": 8},
        model={"name": "bias"},
        evaluation={"metrics": ["rmse"]},
    )
    store = Store(Path("runs"))
    chance = random.Random(seed)
    for number in range(1, times + 1):
        begins, lasts = [("MANIFEST.json", 1.0), ("run.json", 0.3)][number % 2]
        begun = store.root / f"fire-{number}" / begins
        with process("run", spec) as running:
            while not begun.exists():
                assert running.poll() is None, running.communicate()
                time.sleep(0.002)
            time.sleep(chance.uniform(0, lasts))
            running.kill()
        assert recsys("runs").code == 0
        check(store)
    assert {run.status for run in store.runs()} == {"complete", "interrupted"}


def test_killed_at_random_moments_runs_are_whole_or_absent(write, recsys):
    check_after_kills(write, recsys, 1, 5)


@pytest.mark.slow
def test_killed_at_many_random_moments(write, recsys):
    check_after_kills(write, recsys, 2, 50)
