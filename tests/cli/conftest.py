"""A small world for the command line: specs, trained runs, and a way to call ``recsys``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from recsys_cli import experiment
from recsys_cli.cli._app import run
from recsys_cli.listener import SILENT
from recsys_cli.runs import Run, Store
from recsys_cli.specfile import loads

HOUSE = Path(__file__).parents[2]
SMALL = {"name": "synthetic", "users": 60, "items": 50, "interactions": 1500}
LEAVE_LAST = {"name": "leave-last", "n": 1, "validation": 1}
ALS = {"name": "als", "factors": 8, "epochs": 5}
RATED = {"split": {"name": "random", "validation": 0.1}, "evaluation": {"metrics": ["rmse"]}}


def document(name: str, **blocks: Any) -> dict[str, Any]:
    """Return a small spec; als on leave-last unless the blocks say otherwise."""
    return {"name": name, "dataset": SMALL, "split": LEAVE_LAST, "model": ALS} | blocks


def make(store: Store, name: str, *, evaluated: bool = True, **blocks: Any) -> Run:
    """Train a run, and evaluate it."""
    spec = loads(json.dumps(document(name, **blocks)))
    made = experiment.train(spec, store, SILENT, argv=["recsys"])
    if evaluated:
        experiment.evaluate(made, SILENT)
    return made


class Result(NamedTuple):
    """What a command line came to."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


Recsys = Callable[..., Result]


@pytest.fixture
def recsys(capsys) -> Recsys:
    """Run one command line within this process."""

    def call(*words: object) -> Result:
        capsys.readouterr()
        code = run([str(word) for word in words])
        return Result(code, *capsys.readouterr())

    return call


@pytest.fixture
def write(tmp_path, monkeypatch) -> Callable[..., Path]:
    """Write a small spec into the current folder, which is a fresh one."""
    monkeypatch.chdir(tmp_path)

    def spec(name: str, **blocks: Any) -> Path:
        path = Path(f"{name}.yaml")
        path.write_text(json.dumps(document(name, **blocks)))
        return path

    return spec


@pytest.fixture(scope="session")
def store(tmp_path_factory) -> Store:
    """Runs that tests read and never change."""
    store = Store(tmp_path_factory.mktemp("store"))
    make(store, "als")
    make(store, "popular", model={"name": "popular"})
    make(store, "bare", evaluated=False, model={"name": "bias"})
    folds = {"split": {"name": "k-fold", "k": 3}, "evaluation": RATED["evaluation"]}
    make(store, "folds", model={"name": "bias"}, **folds)
    make(store, "folds-mf", model={"name": "mf", "epochs": 3, "factors": 4}, **folds)
    make(store, "strangers", split={"name": "user-holdout"})
    return store


@pytest.fixture
def runs(store, monkeypatch) -> Store:
    """The same, as the folder of runs that goes without saying."""
    monkeypatch.setenv("RECSYS_RUNS", str(store.root))
    return store


def process(*words: object, **environment: str) -> subprocess.Popen[str]:
    """Start ``recsys`` as a process of its own."""
    command = [sys.executable, "-c", "from recsys_cli.cli import main; main()", *map(str, words)]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
