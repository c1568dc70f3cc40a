"""A small world per case, commands that run in it under the shim, and what must hold afterwards."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pytest

from recsys_cli import temporary
from recsys_cli.runs import Run, Store
from recsys_cli.runs._lock import held
from recsys_cli.runs._stray import strays

HOUSE = Path(__file__).parents[2]
#: What is to happen at an operation, as shim.c numbers it.
BEFORE, INSIDE, AFTER, FAIL_ONCE, FAIL_ON = range(1, 6)
MODEL = {"name": "als", "factors": 4, "epochs": 2}
DATA = {"name": "delimited", "path": "ratings.csv", "timestamp": "timestamp"}
SPEC = {
    "name": "als",
    "dataset": DATA,
    "split": {"name": "leave-last", "n": 1, "validation": 1},
    "model": MODEL,
    "recommend": {"users": ["u1"], "k": 3},
}
FOLDS = {"name": "folds", "dataset": DATA, "split": {"name": "k-fold", "k": 2}} | {
    "model": {"name": "bias"},
    "evaluation": {"metrics": ["rmse"]},
}
SEARCH = {
    "metric": "ndcg@10",
    "trials": 3,
    "space": {"model.factors": {"int": [2, 8]}},
}
TUNED = {**SPEC, "name": "tuned", "search": SEARCH}
#: What a run may hold beside what its manifest and its metrics name.
LOOSE = ("MANIFEST.json", "run.json", "log.txt", "metrics.json", "tags.json", ".lock")
#: How a temporary file is called.
FORM = re.compile(r"\..*\.tmp")
#: Every command that writes; ``train`` and ``evaluate`` come first.
COMMANDS = {
    "train": ["train", "als.yaml"],
    "evaluate": ["evaluate", "als-1"],
    "run": ["run", "folds.yaml"],
    "tune": ["tune", "tuned.yaml", "--force"],
    "bless": ["regress", "als.yaml", "--baseline", "baseline.json", "--bless"],
    "recommend": ["recommend", "als-1", "--all", "-o", "recs.parquet"],
    "checkpoints": ["train", "als.yaml", "--checkpoint", "0.0001s"],
    "resume": ["train", "--resume", "als-4", "--checkpoint", "0.0001s"],
    "rm": ["runs", "rm", "als-3"],
    "gc": ["runs", "gc"],
    "tag": ["runs", "tag", "als-3", "best"],
}
#: How else than by 0 a command ends that has done its work already: there is nothing left of it.
DONE = {"resume": 2, "rm": 6}
#: Where the run is stopped that ``resume`` goes on with: after so much of its operations.
_STOPPED = 0.8


class Ended(NamedTuple):
    """How a command ended: its exit code, negative for a signal, and what it said."""

    code: int
    out: str
    err: str


class Operation(NamedTuple):
    """One operation of a command: its number, counted from 1, the call and the path."""

    number: int
    call: str
    path: str


def write_world(folder: Path) -> None:
    """Write the data and the specs of a case."""
    rows = [(u, i) for u in range(24) for i in range(30) if (u * 7 + i * 11) % 5 < 2]
    lines = [f"u{u},i{i},{1 + (u * i) % 5},{1_000_000 + (u * 37 + i * 101) % 997}" for u, i in rows]
    (folder / "ratings.csv").write_text("\n".join(["user,item,rating,timestamp", *lines, ""]))
    for spec in (SPEC, FOLDS, TUNED):
        (folder / f"{spec['name']}.yaml").write_text(json.dumps(spec))


def build_shim(folder: Path) -> Path:
    """Compile the shim; a machine without a compiler skips what needs it."""
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("needs cc, on Linux: apt-get install gcc")
    built = folder / "shim.so"
    source = Path(__file__).with_name("shim.c")
    command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(built), str(source), "-ldl"]
    subprocess.run(command, check=True)
    return built


def contents(world: Path, *runs: str) -> dict[str, bytes]:
    """Return the bytes of all files of runs, but for those that no manifest guards."""
    loose = (".lock", "log.txt", "tags.json")
    found = [path for run in runs for path in (world / "runs" / run).rglob("*") if path.is_file()]
    return {str(path): path.read_bytes() for path in found if path.name not in loose}


def check(world: Path) -> Store:
    """Assert what holds of a world at any moment that nobody writes in it; return its store.

    Each run is whole, or said to have failed or to be interrupted; no lock is held; and each file
    is somebody's, or is one of those that the next writer or ``recsys runs gc`` deletes.
    """
    store = Store(world / "runs")
    for summary in store.runs():
        run = store.root / summary.id
        assert summary.status in ("complete", "failed", "interrupted"), summary
        assert not held(run), summary
        if summary.status == "complete":
            store.find(summary.id).verify()
            collected = set(strays(run))
            assert not [path for path in unknown(store.find(summary.id)) if path not in collected]
    for path in (store.root / ".trash").glob("[!.]*"):
        Run(path).verify()
    for path in world.rglob("*"):
        if FORM.fullmatch(path.name):
            assert path in temporary.strays(path.parent), path
    return store


def unknown(run: Run) -> list[Path]:
    """Return the files of a complete run that neither its manifest nor its metrics name."""
    manifest = json.loads((run.path / "MANIFEST.json").read_bytes())["files"]
    top = run.metrics or {}
    folds = top.get("folds", {"1": top}).values()
    tables = [
        one["file"]
        for fold in folds
        for one in fold.values()
        if isinstance(one, dict) and "file" in one
    ]
    known = {run.path / name for name in [*manifest, *tables, *LOOSE]}
    return [path for path in run.path.rglob("*") if path.is_file() and path not in known]


@dataclass
class Forks:
    """The process that forks, and the folder that each case begins as a copy of.

    Parameters
    ----------
    folder : Path
        Empty.
    """

    folder: Path
    process: subprocess.Popen[str] = field(init=False)
    _running: int = -1
    _measured: dict[str, tuple[float, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.template = self.folder / "template"
        self.template.mkdir()
        write_world(self.template)
        shim = str(build_shim(self.folder))
        with (self.folder / "forks.err").open("w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.torture.fork_worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                cwd=HOUSE,
                env=os.environ
                | {"LD_PRELOAD": shim, "RECSYS_CACHE": str(self.folder / "warm-cache")},
            )
        self._say(self._warming())
        assert self._heard() == "warm\n"
        for name in ("train", "evaluate", "recommend", "bless", "train"):
            ended = self.run(self.template, COMMANDS[name])
            assert ended.code == 0, ended
        _, operations = self.measure("checkpoints")
        stop = {"nth": int(_STOPPED * operations), "how": BEFORE}
        assert self.run(self.template, COMMANDS["checkpoints"], **stop).code < 0

    def _warming(self) -> list[list[str]]:
        warm = self.folder / "warm"
        shutil.copytree(self.template, warm)
        where = {"path": str(warm / "ratings.csv")}
        data = [f"--set=dataset.{key}={value}" for key, value in where.items()]
        runs = ["--runs", str(warm / "runs"), "--threads", "1"]
        return [
            ["run", str(warm / "als.yaml"), *data, *runs],
            ["run", str(warm / "folds.yaml"), *data, *runs],
            ["recommend", "als-1", "--all", "-o", str(warm / "recs.parquet"), *runs],
        ]

    def _say(self, document: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(document) + "\n")
        self.process.stdin.flush()

    def _heard(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def world(self, folder: Path) -> Path:
        """Return a fresh copy of the template; what was in the folder is gone."""
        shutil.rmtree(folder, ignore_errors=True)
        cold = shutil.ignore_patterns("cache")
        return Path(shutil.copytree(self.template, folder, ignore=cold))

    def begin(
        self, world: Path, words: list[str], *, nth: int = 0, how: int = 0, error: int = 0
    ) -> None:
        """Begin a command; its operations are going to be in ``world.log``."""
        arm = {"folder": str(world), "nth": nth, "how": how, "error": error}
        self._say(
            {
                "folder": str(world),
                "words": words,
                "environment": {"RECSYS_CACHE": str(world / "cache")},
                **{name: f"{world}.{name}" for name in ("out", "err")},
                "arm": {**arm, "log": f"{world}.log"},
            }
        )
        # Not the number, which another process may have by the time that it is killed.
        self._running = os.pidfd_open(int(self._heard()))
        self._say("known")

    def kill(self) -> None:
        """Kill the command begun last, if it is still at work."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._running, signal.SIGKILL)

    def end(self, world: Path) -> Ended:
        """Wait for the command begun last."""
        code = os.waitstatus_to_exitcode(int(self._heard()))
        os.close(self._running)
        said = [Path(f"{world}.{name}").read_text() for name in ("out", "err")]
        return Ended(code, *said)

    def run(self, world: Path, words: list[str], **what: int) -> Ended:
        """Run a command to its end, which may be early."""
        self.begin(world, words, **what)
        return self.end(world)

    def operations(self, world: Path) -> list[Operation]:
        """Return what the last command in a world did there."""
        lines = Path(f"{world}.log").read_text(errors="surrogateescape").splitlines()
        parts = [line.split(" ", 2) for line in lines]
        return [Operation(int(number), call, path) for number, call, path in parts]

    def measure(self, command: str) -> tuple[float, int]:
        """Return the seconds and the number of operations that a command takes."""
        if command not in self._measured:
            world, began = self.world(self.folder / "measured"), time.perf_counter()
            ended = self.run(world, COMMANDS[command])
            assert ended.code == 0, ended
            seconds = time.perf_counter() - began
            self._measured[command] = seconds, len(self.operations(world))
        return self._measured[command]

    def close(self) -> None:
        """End the process."""
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()
