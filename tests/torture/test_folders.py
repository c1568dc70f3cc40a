"""Run folders with flipped, cut, swapped or added bytes in each file: refused, or the same answer.

Every reading command is asked of a copy of a run with one file damaged, or swapped with that of a
run of the same spec with another seed. It exits 5 or 6 and names the file or the run, lists the run
as damaged, or answers what the intact run does, byte for byte. Where ``metrics.json`` is gone it
says that the run is not evaluated. Nothing reads ``log.txt``.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from recsys_cli.runs import Store
from tests.cli.conftest import HOUSE, RATED, make
from tests.torture.cases import each
from tests.torture.cases import seeds as seeded

TINY = {"name": "synthetic", "users": 20, "items": 15, "interactions": 150}
LAST = {"name": "leave-last", "n": 1, "validation": 1}
LISTS = {"metrics": ["ndcg@5", "coverage@5"], "save_lists": True}
SPECS = {
    "als": {"model": {"name": "als", "factors": 2, "epochs": 3}, "evaluation": LISTS},
    "mf": {"model": {"name": "mf", "factors": 2, "epochs": 3}, **RATED},
    "item-knn": {"model": {"name": "item-knn"}, "evaluation": LISTS},
    "popular": {"model": {"name": "popular"}, "evaluation": LISTS},
    "content": {"model": {"name": "content"}, "evaluation": LISTS},
    "folds": {"model": {"name": "bias"}, "split": {"name": "k-fold", "k": 2}, **RATED},
    "other": {"model": {"name": "bias"}, **RATED},
}


@pytest.fixture(scope="session")
def store(tmp_path_factory) -> Path:
    """Two runs of each spec, of two seeds."""
    store = Store(tmp_path_factory.mktemp("folders"))
    for name, blocks in SPECS.items():
        for seed in (1, 2):
            data = TINY | {"seed": seed}
            make(store, name, **{"dataset": data, "split": LAST, "seed": seed, **blocks})
            (store.root / f"{name}-{seed}" / "log.txt").write_text("2026 INFO: told\n")
    return store.root


@seeded(quick=320, full=10_000, chunk=160)
def test_a_damaged_folder_is_refused_or_answers_the_same(request, store, seeds):
    command = [sys.executable, "-m", "tests.torture.folder_worker", str(store), *map(str, seeds)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=HOUSE)
    told = dict(zip(*(iter(done.stdout.splitlines()),) * 2, strict=False))
    for seed, guard in each(request, seeds):
        with guard:
            assert f"begin {seed}" in told, done.stderr[-3000:]
            assert json.loads(told[f"begin {seed}"]) is None
