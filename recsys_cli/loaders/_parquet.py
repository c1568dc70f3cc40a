"""A Parquet file → rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from recsys_cli.data import Float64, Int32
from recsys_cli.errors import DataError
from recsys_cli.loaders._columns import column_position
from recsys_cli.loaders._fields import BadField, TimeFormat, number, seconds
from recsys_cli.loaders._rows import Columns, Report, Rows, clean

#: Ticks of a second, by the unit of a column of times.
_TICKS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_DAY = 86_400


@dataclass(frozen=True, eq=False)
class ParquetFile:
    """One Parquet file; its rows are numbered from 1."""

    path: Path

    @cached_property
    def _opened(self) -> Any:
        """The file, opened once: another that takes its name meanwhile is not read."""
        import pyarrow as pa

        try:
            return pa.OSFile(str(self.path), "rb")
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"cannot be read: {error}", where=str(self.path)) from None

    @cached_property
    def _names(self) -> list[str]:
        import pyarrow as pa
        from pyarrow import parquet

        try:
            return list(parquet.read_schema(self._opened).names)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise DataError(f"is no readable Parquet file: {error}", where=str(self.path)) from None

    @property
    def width(self) -> int:
        """The number of columns."""
        return len(self._names)

    @property
    def head(self) -> tuple[int, list[str]]:
        """No lines, and the names of the columns."""
        return 0, self._names

    def position(self, column: str | int) -> int:
        """Return the position of a column given by name, or by number from 0."""
        return column_position(column, self._names, self.width, str(self.path))

    def column(self, at: int) -> Any:
        """Return one column as a single pyarrow array."""
        import pyarrow as pa
        from pyarrow import parquet

        name = self._names[at]
        if self._names.count(name) > 1:
            raise DataError(f'has two columns named "{name}"', where=str(self.path))
        try:
            # Else a folder named user=3 would be taken for a column.
            table = parquet.read_table(
                self._opened, columns=[name], partitioning=None, page_checksum_verification=True
            )
            array = table.column(0).combine_chunks()
            if pa.types.is_dictionary(array.type):
                array = array.dictionary_decode()
            return array.cast(pa.large_string()) if pa.types.is_string_view(array.type) else array
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"is damaged: {error}", where=str(self.path)) from None

    def ids(self, at: int) -> Any:
        """Return a column as text; numbers that are not whole are refused, for 3 is not 3.0."""
        import pyarrow as pa

        array = self.column(at)
        if pa.types.is_integer(array.type):
            return array.cast(pa.string())
        if is_text(array.type):
            return array
        raise DataError(
            f"the ids in {self._names[at]} are of type {array.type}",
            where=str(self.path),
            hint="ids are text or whole numbers; write the column as one of these",
        )

    def listed(self, at: int, array: Any) -> list[Any]:
        """Return what an array of a column holds; bytes that are no UTF-8 as lone surrogates."""
        import pyarrow as pa

        try:
            if not is_text(array.type):
                return list(array.to_pylist())
            found = array.cast(pa.large_binary()).to_pylist()
            return [raw if raw is None else raw.decode(errors="surrogateescape") for raw in found]
        except (pa.ArrowException, ValueError, OverflowError) as error:
            raise DataError(f"column {self._names[at]}: {error}", where=str(self.path)) from None


def read_parquet(file: ParquetFile, columns: Columns, report: Report) -> Rows:
    """Return the rows of a file, bad ones raised or skipped as ``report`` says.

    A column of a time type says itself what it means; numbers are read as ``columns.time`` says.
    """
    places = columns.places(file.position, str(file.path))

    def ids(role: str) -> tuple[Int32, list[str]]:
        coded = file.ids(places[role]).dictionary_encode()
        codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        return codes.astype(np.int32), file.listed(places[role], coded.dictionary)

    def numbers(role: str) -> Float64 | None:
        if role not in places:
            return None
        return _numbers(file, places[role], columns.time if role == "timestamp" else None)

    user, item = ids("user"), ids("item")
    rating, timestamp, weight = (numbers(role) for role in ("rating", "timestamp", "weight"))
    rows = Rows(*user, *item, rating, timestamp, weight)
    rows = clean(rows, columns, np.arange(1, len(rows) + 1), {}, report)
    if not len(rows):
        raise DataError("holds no rows", where=str(file.path))
    return rows


def _numbers(file: ParquetFile, at: int, time: TimeFormat | None) -> Float64:
    """Return a column as float64, NaN where it has no number; times as whole Unix seconds."""
    import pyarrow as pa

    array = file.column(at)
    types, kind = pa.types, array.type
    if is_text(kind):
        return np.array([_read(field, time) for field in file.listed(at, array)], np.float64)
    if time is not None and (types.is_timestamp(kind) or types.is_date(kind)):
        return _seconds(array)
    numeric = types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
    if time == "iso" or not (numeric or types.is_boolean(kind) or types.is_null(kind)):
        what = "numbers" if time is None else f"times ({time})"
        raise DataError(
            f"column {file.head[1][at]} is of type {kind}, no {what}", where=str(file.path)
        )
    found: Float64 = array.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    if time is None:
        return found
    return np.floor(found / (1000 if time == "unix-ms" else 1))


def is_text(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_string(kind) or types.is_large_string(kind))


def _read(field: str | None, time: TimeFormat | None) -> float:
    """Return a number, or whole seconds, as a field of a text file has it; NaN for no such."""
    try:
        if field is None:
            return np.nan
        return number(field, "the field") if time is None else seconds(field, time)
    except BadField:
        return np.nan


def _seconds(array: Any) -> Float64:
    """Return times or dates as whole Unix seconds, NaN for nulls; counted in whole ticks."""
    import pyarrow as pa

    days = pa.types.is_date32(array.type)
    ticks = (array.cast(pa.int32()) if days else array).cast(pa.int64())
    whole = ticks.fill_null(0).to_numpy(zero_copy_only=False)
    unit = "ms" if pa.types.is_date64(array.type) else getattr(array.type, "unit", "s")
    whole = whole * _DAY if days else whole // _TICKS[unit]
    known = array.is_valid().to_numpy(zero_copy_only=False)
    return np.where(known, whole.astype(np.float64), np.nan)
