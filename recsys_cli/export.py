"""Recommendations of many users as a file: Parquet, CSV or JSON lines, written in blocks."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

from recsys_cli.errors import SpecError
from recsys_cli.listener import Listener
from recsys_cli.runs import replacing
from recsys_cli.serving import Recommender

#: Recommendations held at once.
_BLOCK = 1 << 22


def write(
    recommender: Recommender, users: list[str] | None, k: int, path: Path, listener: Listener
) -> int:
    """Write user, rank, item, title and score of each recommendation; return the number of rows.

    A model of ratings adds the rating expected, and its standard deviation where it knows that.

    Parameters
    ----------
    users : list of str, optional
        None is every user of the run.
    path : Path
        Its suffix says the format: ``.parquet``, ``.csv`` or ``.jsonl``. Whole or not at all; where
        it is a link, what that points at.

    Raises
    ------
    SpecError
        If the suffix is another, or the folder does not exist.
    OutOfResources
        If the disk is full, or denies it.
    """
    writers = {".parquet": _parquet, ".csv": _csv, ".jsonl": _jsonl}
    if path.suffix not in writers or not path.parent.is_dir():
        raise SpecError(
            "must be a .parquet, .csv or .jsonl file in a folder that exists", where=str(path)
        )
    if path.exists() and not path.is_file():
        raise SpecError("is no plain file", where=str(path), hint="-o takes one")
    known = recommender.catalog.users
    ids = list(known.ids) if users is None else users
    unknown = sum(user not in known for user in ids)
    if unknown:
        listener.note(f"{unknown:,} users are unknown to this run: they get its popular items.")
    block = max(1, _BLOCK // min(k, recommender.catalog.n_items))
    rows = 0
    with (
        replacing(path.resolve()) as new,
        new.open("wb") as file,
        writers[path.suffix](file) as append,
    ):
        for start in range(0, len(ids), block):
            listener.progress("recommend", start, len(ids))
            table = _table(recommender, ids[start : start + block], k)
            append(table)
            rows += table.num_rows
        listener.progress("recommend", len(ids), len(ids))
    return rows


def _table(recommender: Recommender, ids: list[str], k: int) -> Any:
    import pyarrow as pa

    catalog, model = recommender.catalog, recommender.model
    lists = recommender.ranker.top(catalog.users.index(ids), k)
    row, place = np.nonzero(lists.items >= 0)
    chosen = lists.items[row, place]
    titles = catalog.titles
    return pa.table(
        {
            "user": pa.array(ids).take(pa.array(row)),
            "rank": pa.array((place + 1).astype(np.int32)),
            "item": pa.array([catalog.items[i] for i in chosen.tolist()], pa.string()),
            "title": pa.array(
                [titles[i] if titles else None for i in chosen.tolist()], pa.string()
            ),
            "score": pa.array(lists.scores[row, place]),
            **({"rating": pa.array(lists.ratings[row, place])} if model.predicts_ratings else {}),
            **({"std": pa.array(lists.stds[row, place])} if hasattr(model, "predict_std") else {}),
        }
    )


@contextlib.contextmanager
def _parquet(file: IO[bytes]) -> Iterator[Callable[[Any], None]]:
    import pyarrow.parquet as pq

    writer: Any = None

    def append(table: Any) -> None:
        nonlocal writer
        writer = writer or pq.ParquetWriter(file, table.schema)
        writer.write_table(table)

    yield append
    if writer is not None:
        writer.close()


@contextlib.contextmanager
def _csv(file: IO[bytes]) -> Iterator[Callable[[Any], None]]:
    from pyarrow import csv

    first = True

    def append(table: Any) -> None:
        nonlocal first
        csv.write_csv(table, file, csv.WriteOptions(include_header=first))
        first = False

    yield append


@contextlib.contextmanager
def _jsonl(file: IO[bytes]) -> Iterator[Callable[[Any], None]]:
    import json

    def append(table: Any) -> None:
        for row in table.to_pylist():
            file.write(json.dumps(row, ensure_ascii=False, allow_nan=False).encode() + b"\n")

    yield append
