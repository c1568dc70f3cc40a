"""Text file → rows: pyarrow where all is well, line by line where something is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from recsys_cli import threads
from recsys_cli.data import Float64, Int32
from recsys_cli.errors import DataError
from recsys_cli.loaders._fields import BadField, number, require_width, seconds, text
from recsys_cli.loaders._rows import Columns, Report, Rows, clean, faults
from recsys_cli.loaders._text import TextFile

T = TypeVar("T", np.int32, np.int64, np.float64)
#: Stands in for a separator of several characters, since pyarrow knows only single bytes.
_UNIT = b"\x1f"
_BLOCK = 1 << 23


def read_text(file: TextFile, columns: Columns, report: Report) -> Rows:
    """Return the rows of a file, bad ones raised or skipped as ``report`` says.

    The line-by-line reader defines what is right. The fast one is believed only when nothing is
    suspicious, for it cannot tell which line is bad.
    """
    places = columns.places(file.position, str(file.path))
    suspicious = file.cut or not file.quotes_pair
    rows = None if suspicious else _fast(file, columns, places)
    if rows is None or any(mask.any() for mask, _ in faults(rows, columns)):
        rows = _slow(file, columns, places, report)
    if not len(rows):
        raise DataError("holds no rows", where=str(file.path))
    return rows


def _fast(file: TextFile, columns: Columns, places: dict[str, int]) -> Rows | None:
    import pyarrow as pa

    separator, data = file.separator.encode(), file.data
    if len(separator) > 1:
        if _UNIT in data:
            return None
        separator, data = _UNIT, data.replace(separator, _UNIT)
    for types in _types(columns, places):
        try:
            return _from_arrow(_read_arrow(file, data, separator, types), columns, places)
        except pa.ArrowInvalid:
            continue
    return None


def _types(columns: Columns, places: dict[str, int]) -> Iterator[dict[str, Any]]:
    """Yield the column types to try: one set, but for ISO times one without and one with zones."""
    import pyarrow as pa

    types = {
        str(at): pa.binary() if role in ("user", "item") else pa.float64()
        for role, at in places.items()
    }
    if columns.time != "iso" or "timestamp" not in places:
        yield types
        return
    for zone in (None, "UTC"):
        yield types | {str(places["timestamp"]): pa.timestamp("us", zone)}


def _read_arrow(file: TextFile, data: bytes, separator: bytes, types: dict[str, Any]) -> Any:
    import pyarrow as pa
    from pyarrow import csv

    return csv.read_csv(
        pa.BufferReader(data),
        read_options=csv.ReadOptions(
            column_names=[str(at) for at in range(file.width)],
            skip_rows=file.head[0],
            block_size=_BLOCK,
            use_threads=threads.count() > 1,
        ),
        parse_options=csv.ParseOptions(
            delimiter=separator.decode(),
            quote_char='"' if file.quoted else False,
            newlines_in_values=file.quoted,
        ),
        convert_options=csv.ConvertOptions(
            column_types=types,
            include_columns=list(types),
            null_values=[],
            strings_can_be_null=False,
        ),
    )


def _from_arrow(table: Any, columns: Columns, places: dict[str, int]) -> Rows:
    import pyarrow as pa

    def ids(role: str) -> tuple[Int32, list[str]]:
        # Told apart as bytes, after parsing: sooner, or as text, takes half as long again.
        column = table.column(str(places[role])).dictionary_encode()
        codes = _plain([chunk.indices for chunk in column.chunks], np.int32)
        return codes, column.chunk(0).dictionary.cast(pa.string()).to_pylist()

    def numbers(role: str) -> Float64 | None:
        if role not in places:
            return None
        chunks = table.column(str(places[role])).chunks
        if role != "timestamp":
            return _plain(chunks, np.float64)
        if columns.time == "iso":
            return (_plain(chunks, np.int64) // 1_000_000).astype(np.float64)
        times = _plain(chunks, np.float64)
        return np.floor(times / 1000 if columns.time == "unix-ms" else times)

    def part(at: int, _: int) -> Any:
        return ids(roles[at]) if at < 2 else numbers(roles[at])

    roles = ("user", "item", "rating", "timestamp", "weight")
    user, item, *rest = threads.map_blocks(part, len(roles), 1)
    return Rows(*user, *item, *rest)


def _plain(chunks: list[Any], dtype: type[T]) -> NDArray[T]:
    """Return chunks without nulls as one array. The library's way to do so imports pandas."""
    size = np.dtype(dtype).itemsize
    found = [np.frombuffer(c.buffers()[1], dtype, len(c), size * c.offset) for c in chunks]
    return np.concatenate(found)


def _slow(file: TextFile, columns: Columns, places: dict[str, int], report: Report) -> Rows:
    """Read line by line, collecting the bad rows by line number."""
    users: dict[str, int] = {}
    items: dict[str, int] = {}
    kept: list[tuple[int, ...]] = []
    numbers: dict[str, list[float]] = {role: [] for role in places if role not in ("user", "item")}
    bad: dict[int, str] = {}
    for line, fields, cut in file.rows_to_cut():
        try:
            user, item, row = _fields(fields, file, columns, places, cut)
        except BadField as problem:
            bad[line] = str(problem)
            continue
        kept.append((line, users.setdefault(user, len(users)), items.setdefault(item, len(items))))
        for role, value in row.items():
            numbers[role].append(value)
    lines = np.array(kept, np.int64).reshape(-1, 3)
    user_idx, item_idx = lines[:, 1].astype(np.int32), lines[:, 2].astype(np.int32)
    arrays = {role: np.array(values, np.float64) for role, values in numbers.items()}
    rating, timestamp, weight = (arrays.get(role) for role in ("rating", "timestamp", "weight"))
    rows = Rows(user_idx, list(users), item_idx, list(items), rating, timestamp, weight)
    return clean(rows, columns, lines[:, 0], bad, report)


def _fields(
    fields: list[str], file: TextFile, columns: Columns, places: dict[str, int], cut: bool
) -> tuple[str, str, dict[str, float]]:
    """Return user, item and the numbers by role of one row."""
    require_width(fields, file.width)
    if cut and file.width - 1 in places.values():
        raise BadField("the file is cut within this row, or lacks its final line end")
    found = {
        role: seconds(fields[at], columns.time)
        if role == "timestamp"
        else number(fields[at], f"the {role}")
        for role, at in places.items()
        if role not in ("user", "item")
    }
    user, item = (text(fields[places[role]], f"the {role} id") for role in ("user", "item"))
    return user, item, found
