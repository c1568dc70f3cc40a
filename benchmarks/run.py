"""Wall clock of `recsys run` from start to exit, against the shortest honest script.

`recsys run` loads ml-1m, takes ratings of 4 and 5 as positives, holds each user's last one out,
trains `als`, ranks all items for every user, audits the split for leakage and writes the run:
model, catalogue, intervals, a row a user, hashes of all of it. The script (`benchmarks/_script.py`)
is another process that does the same load, split, fit and ranking with pandas, scipy and implicit,
and prints two means. Kernels are compiled beforehand. The first run parses the data, as the script
does; the second finds the first one's parsed copy. Alpha and the L2 weight are the best of twelve
pairs for ours on a validation part, where implicit's own best is as good; ndcg@10 of one user less
the other's has a standard error of 0.001.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks._data import SEED, at_hand, ratings
from benchmarks._measure import Row, in_turn
from recsys_cli import threads
from recsys_cli.data import Interactions, concatenate
from recsys_cli.loaders._home import data_home

SETTINGS = {"factors": 64, "epochs": 15, "reg": 10, "alpha": 0.4, "min_value": 4, "seed": SEED}
SPEC = """\
name: run
seed: {seed}
dataset: {{{dataset}, prepare: [{{name: min-value, value: {min_value}}}]}}
split: {{name: leave-last, n: 1}}
model: {{name: als, factors: {factors}, epochs: {epochs}, reg: {reg}, alpha: {alpha}}}
evaluation: {{metrics: [ndcg@10, recall@10]}}
"""
SCRIPT = Path(__file__).with_name("_script.py")


class Source(NamedTuple):
    """A file of ratings as the script reads it, and the same data as a spec names them."""

    name: str
    path: Path
    dataset: str


def run(quick: bool) -> list[Row]:
    """Return the first run and the second, each against the script."""
    with tempfile.TemporaryDirectory() as folder:
        source = _source(Path(folder), quick)
        sides = _sides(source, Path(folder))
        found = in_turn(sides, 1 if quick else 5)
    return [
        Row(
            f"{source.name}, {how}",
            found[side]["seconds"],
            found["script"]["seconds"],
            f"pandas and implicit, {threads.count()} threads, BLAS 1",
            {name: [found[at][name][0] for at in (side, "script")] for name in METRICS},
            faster=1,
            memory=[median(found[at]["memory"]) for at in (side, "script")],
        )
        for side, how in (("first", "first run"), ("second", "data from the cache"))
    ]


METRICS = ("ndcg@10", "recall@10")


def _source(folder: Path, quick: bool) -> Source:
    if at_hand("1m") and not quick:
        return Source("ml-1m", data_home() / "ml-1m" / "ratings.dat", "name: movielens, size: 1m")
    name, split, _ = ratings("100k" if quick else "1m")
    path = folder / "ratings.dat"
    _write(path, concatenate([split.train, split.test]))
    columns = 'separator: "::", user: 0, item: 1, rating: 2, timestamp: 3'
    return Source(name, path, f"name: delimited, path: {path}, {columns}")


def _write(path: Path, data: Interactions) -> None:
    rows = zip(data.user_idx, data.item_idx, data.value, data.timestamp, strict=True)  # type: ignore[arg-type]
    lines = (f"{data.users[u]}::{data.items[i]}::{value:g}::{at}\n" for u, i, value, at in rows)
    path.write_text("".join(lines), encoding="utf-8")


def _sides(source: Source, folder: Path) -> dict[str, Callable[[], dict[str, float]]]:
    spec, runs, cache = folder / "run.yaml", folder / "runs", folder / "cache"
    spec.write_text(SPEC.format(dataset=source.dataset, **SETTINGS), encoding="utf-8")
    recsys = str(Path(sys.executable).with_name("recsys"))

    def ours(anew: bool) -> dict[str, float]:
        for left in (runs, cache) if anew else (runs,):
            shutil.rmtree(left, ignore_errors=True)
        measures, _ = _process([recsys, "run", str(spec), "--runs", str(runs)], cache)
        found = json.loads((runs / "run-1" / "metrics.json").read_text("utf-8"))["metrics"]
        return measures | {name: found[name]["value"] for name in METRICS}

    def script() -> dict[str, float]:
        command = [sys.executable, str(SCRIPT), str(source.path), json.dumps(SETTINGS)]
        measures, output = _process(command, cache)
        return measures | json.loads(output)

    return {"first": lambda: ours(True), "second": lambda: ours(False), "script": script}


def _process(command: list[str], cache: Path) -> tuple[dict[str, float], str]:
    """Return the seconds and the peak MB of a process, and what it printed."""
    environment = {**os.environ, "RECSYS_CACHE": str(cache)}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=err, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0), err.seek(0)
        if process.returncode:
            said = err.read().decode(errors="replace")
            raise SystemExit(f"{' '.join(command)}: exit {process.returncode}\n{said}")
        unit = 1 if sys.platform == "darwin" else 1024
        return {"seconds": seconds, "memory": unit * usage.ru_maxrss / 1e6}, out.read().decode()
