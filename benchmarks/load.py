"""Ten million ratings from a CSV file to an indexed and split dataset, against reading it alone.

The file is made up, with the columns and the order of MovieLens' `ratings.csv`: a user's rows stand
together. Ours is the loader `delimited`, which keeps ids as text, checks every row, hashes the file
and writes the copy that the next load takes, and then a splitter; *from the cache* is that next
load, which finds the file unchanged and maps the copy into memory. `pandas.read_csv` with its own
settings stops where it has a table with numbers for ids. All read a file that the system has in
memory already.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks._data import SEED
from benchmarks._made_up import Shape, drawn_pairs
from benchmarks._measure import Clock, Row, in_turn, timed
from recsys_cli.data import Dataset
from recsys_cli.loaders import LOADERS
from recsys_cli.seeding import generator
from recsys_cli.splitters import SPLITTERS

#: Somewhat more is drawn than is written: pairs come twice.
LARGE, SMALL = Shape(138_493, 26_744, 11_000_000, 0), Shape(2000, 3000, 300_000, 0)
SPLITS: dict[str, dict[str, Any]] = {"leave-last": {"n": 1}, "random": {"test": 0.1}}
#: Of pandas' time: with numbers for ids, and of a file that was parsed before.
FRESH, CACHED = 4.0, 0.3
REASON = (
    "most of it is the permutation of all rows that the split is drawn by; to draw otherwise would "
    "give every stored run another split"
)
_TIMES = (789_652_009, 1_427_784_002)


def run(quick: bool) -> list[Row]:
    """Return each splitter after a first load, and after one from the cache."""
    rows = 200_000 if quick else 10_000_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "ratings.csv")
        _write(path, SMALL if quick else LARGE, rows)
        fresh, cached = Path(folder, "fresh"), Path(folder, "cached")
        sides = {
            "pandas": lambda: _pandas(path),
            "fresh": lambda: _ours(path, fresh, anew=True),
            "cached": lambda: _ours(path, cached, anew=False),
        }
        # The hash of a file is remembered only once the file has been left alone for some seconds.
        time.sleep(3)
        found = in_turn(sides, 2 if quick else 5)
    name = f"{rows:,} rows"
    return [
        Row(
            f"{name}, {splitter}, {how}",
            found[side][splitter],
            found["pandas"]["fit"],
            "pandas.read_csv, C parser",
            faster=1 / aim,
            reason=REASON if splitter == "random" else "",
            memory=[median(found[which]["memory"]) for which in (side, "pandas")],
        )
        for side, how, aim in (("fresh", "first load", FRESH), ("cached", "from the cache", CACHED))
        for splitter in SPLITS
    ]


def _write(path: Path, shape: Shape, rows: int) -> None:
    import pyarrow as pa
    from pyarrow import csv

    rng = generator(SEED, "load")
    key, _ = drawn_pairs(shape, rng)
    user, item = np.divmod(key[:rows], shape.items)
    columns = {
        "userId": user + 1,
        "movieId": item + 1,
        "rating": pa.array(rng.integers(1, 11, rows) / 2).cast(pa.decimal128(2, 1)),
        "timestamp": rng.integers(*_TIMES, rows),
    }
    with path.open("wb") as file:
        file.write((",".join(columns) + "\n").encode())
        csv.write_csv(pa.table(columns), file, csv.WriteOptions(include_header=False))


def _pandas(path: Path) -> dict[str, float]:
    import pandas as pd

    return timed(lambda: pd.read_csv(path))


def _give_back() -> None:
    """Give the system the memory that pyarrow keeps, or the next call would not need its own."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()


def _ours(path: Path, cache: Path, *, anew: bool) -> dict[str, float]:
    if anew:
        shutil.rmtree(cache, ignore_errors=True)
    with _cache_in(cache):
        clock = Clock()
        dataset = _load(path)
        loaded = clock.read()["fit"]
    found = {name: loaded + _split(name, dataset) for name in SPLITS}
    _give_back()
    return found


def _load(path: Path) -> Dataset:
    columns = {"user": "userId", "item": "movieId", "rating": "rating", "timestamp": "timestamp"}
    return LOADERS.get("delimited")(path=str(path), **columns).load()


def _split(name: str, dataset: Dataset) -> float:
    splitter, rng = SPLITTERS.get(name)(**SPLITS[name]), generator(SEED, "split")
    return timed(lambda: next(splitter.split(dataset, rng)))["fit"]


@contextmanager
def _cache_in(folder: Path) -> Iterator[None]:
    with patch.dict(os.environ, {"RECSYS_CACHE": str(folder)}):
        yield
