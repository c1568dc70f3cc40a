"""Committing an evaluation: tables first, then metrics.json, whose rename makes all of it true."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recsys_cli import temporary
from recsys_cli.runs._atomic import atomic_write
from recsys_cli.runs._columns import column
from recsys_cli.runs._lock import lock
from recsys_cli.runs._reading import (
    SCHEMA_VERSION,
    damaged,
    read_bytes,
    read_versioned,
    reading,
)
from recsys_cli.runs._seal import seal

METRICS = "metrics.json"
#: The tables of a fold, by the names that metrics.json has for them.
_KINDS = ("per_user", "recommendations", "pairs")
_TABLE = re.compile(rf"({'|'.join(_KINDS)})-[0-9a-f]{{8}}\.parquet")


@dataclass(frozen=True, eq=False)
class EvaluatedFold:
    """What evaluating one fold found.

    Attributes
    ----------
    document : dict
        JSON-able; ``document["metrics"][name]["value"]`` is what listings show.
    per_user : dict of str to sequence
        The column ``user`` holds ids; then one column a metric.
    recommendations : dict of str to sequence, optional
        Columns of the recommended lists.
    pairs : dict of str to sequence, optional
        Columns of the held-out pairs: users and items by index, and what became of each.
    """

    document: Mapping[str, Any]
    per_user: Mapping[str, Any]
    recommendations: Mapping[str, Any] | None = None
    pairs: Mapping[str, Any] | None = None


def read_metrics(folder: Path, trained: str) -> dict[str, Any] | None:
    """Return what ``metrics.json`` holds; None where there is none.

    Parameters
    ----------
    folder : Path
        The run's.
    trained : str
        As the manifest has it: metrics say what was measured.

    Raises
    ------
    DamagedRun
        If they are of something else, or the file is damaged.
    DataError
        If a newer recsys wrote it.
    """
    path = folder / METRICS
    if not path.exists():
        return None
    document = read_versioned(path)
    if document.pop("trained", trained) != trained:
        raise damaged(path, "the metrics are another run's")
    if not isinstance(document.get("metrics"), dict):
        raise damaged(path, "the file holds no metrics")
    return document


def commit(
    folder: Path,
    trained: str,
    prefixes: Mapping[str, str],
    found: Mapping[str, EvaluatedFold],
    summary: Mapping[str, Any] | None,
) -> None:
    """Write the tables of every fold, then the metrics that name them, then drop older tables.

    Parameters
    ----------
    folder : Path
        The run's.
    trained : str
        As the manifest has it.
    prefixes : dict of str to str
        Where the files of each fold lie.
    found : dict of str to EvaluatedFold
        Every fold's.
    summary : dict, optional
        What stands above the folds when there are several.
    """
    if set(found) != set(prefixes) or (summary is None) != (len(prefixes) == 1):
        raise ValueError(f"an evaluation of folds {sorted(found)} does not fit {sorted(prefixes)}")
    with lock(folder):
        folds = {name: _written(folder, prefix, found[name]) for name, prefix in prefixes.items()}
        alone = next(iter(folds.values()))
        top = alone if summary is None else {**summary, "folds": folds}
        head = {"schema_version": SCHEMA_VERSION, "trained": trained}
        atomic_write(folder / METRICS, seal({**head, **top}))
        _sweep(folder, prefixes.values(), keep=named(folds.values()))


def _written(folder: Path, prefix: str, found: EvaluatedFold) -> dict[str, Any]:
    tables = {kind: getattr(found, kind) for kind in _KINDS}
    return {**found.document} | {
        kind: _write_table(folder, prefix + kind, columns)
        for kind, columns in tables.items()
        if columns is not None
    }


def _write_table(folder: Path, stem: str, columns: Mapping[str, Any]) -> dict[str, str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    made = [column(values) for values in columns.values()]
    pq.write_table(pa.Table.from_arrays(made, [*columns]), sink, compression="zstd")
    data = sink.getvalue()
    sha256 = hashlib.sha256(data).hexdigest()
    name = f"{stem}-{sha256[:8]}.parquet"
    atomic_write(folder / name, data)
    return {"file": name, "sha256": sha256}


def read_table(folder: Path, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a table: lists of text, arrays of numbers.

    Raises
    ------
    DamagedRun
        If the file is missing or is not the one that ``metrics.json`` names.
    """
    path = folder / str(entry["file"])
    with reading(path):
        data = read_bytes(path)
        if hashlib.sha256(data).hexdigest() != entry["sha256"]:
            raise damaged(path, "the file is not the one that metrics.json names")
        import pyarrow as pa
        import pyarrow.parquet as pq

        # Not read_table, nor of a file of Python's: a thread of Arrow's may let go of the file as
        # the interpreter ends, which then aborts.
        table = pq.ParquetFile(pa.BufferReader(data)).read()
        return {
            field.name: column.to_pylist() if str(field.type) == "string" else column.to_numpy()
            for field, column in zip(table.schema, table.columns, strict=True)
        }


def named(folds: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the tables that the metrics of folds name."""
    return {fold[kind]["file"] for fold in folds for kind in _KINDS if kind in fold}


def unnamed(folder: Path, prefixes: Iterable[str], keep: set[str]) -> Iterator[Path]:
    """Yield what earlier evaluations, whole or killed, left behind: all tables but ``keep``."""
    for prefix in {"", *prefixes}:
        for path in sorted((folder / prefix).iterdir()):
            if _TABLE.fullmatch(path.name) and prefix + path.name not in keep:
                yield path


def _sweep(folder: Path, prefixes: Collection[str], keep: set[str]) -> None:
    for path in unnamed(folder, prefixes, keep):
        with suppress(OSError):
            path.unlink()
    for prefix in {"", *prefixes}:
        temporary.collect(folder / prefix)
