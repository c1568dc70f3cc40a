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


def rounds(write, recsys, seed: int, times: int) -> None:
    folds = {"name": "k-fold", "k": 12}
    spec = write("fire", split=folds, model={"name": "bias"}, evaluation={"metrics": ["rmse"]})
    store = Store(Path("runs"))
    chance = random.Random(seed)
    for _ in range(times):
        with process("run", spec) as running:
            before = len(store.ids())
            while len(store.ids()) == before and running.poll() is None:
                time.sleep(0.005)
            time.sleep(chance.uniform(0, 1.0))
            running.kill()
        assert recsys("runs").code == 0
        check(store)
    assert len(store.ids()) == times


def test_killed_at_random_moments_runs_are_whole_or_absent(write, recsys):
    rounds(write, recsys, 1, 5)


@pytest.mark.slow
def test_killed_at_many_random_moments(write, recsys):
    rounds(write, recsys, 2, 25)
