"""A Parquet file → rows, and its rows as text for tables of items and users."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from recsys_cli.data import Float64, Int32
from recsys_cli.errors import DataError
from recsys_cli.loaders._columns import column_position
from recsys_cli.loaders._rows import Columns, Report, Rows, clean


@dataclass(frozen=True, eq=False)
class ParquetFile:
    """One Parquet file; its rows are numbered from 1."""

    path: Path

    @cached_property
    def _names(self) -> list[str]:
        import pyarrow as pa
        from pyarrow import parquet

        try:
            return list(parquet.read_schema(self.path).names)
        except (pa.ArrowException, OSError) as error:
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

        try:
            table = parquet.read_table(self.path, columns=[self._names[at]])
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"is damaged: {error}", where=str(self.path)) from None
        array = table.column(0).combine_chunks()
        return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array

    def ids(self, at: int) -> Any:
        """Return a column as text; numbers that are not whole are refused, for 3 is not 3.0."""
        import pyarrow as pa

        array = self.column(at)
        types, kind = pa.types, array.type
        if not (types.is_integer(kind) or types.is_string(kind) or types.is_large_string(kind)):
            raise DataError(
                f"the ids in {self._names[at]} are of type {kind}",
                where=str(self.path),
                hint="ids are text or whole numbers; write the column as one of these",
            )
        return array.cast(pa.string())

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the number and the fields of each row as text, ``""`` where there is none."""
        columns = [self.column(at).to_pylist() for at in range(self.width)]
        for number, row in enumerate(zip(*columns, strict=True), 1):
            yield number, ["" if field is None else str(field) for field in row]


def read_parquet(file: ParquetFile, columns: Columns, report: Report) -> Rows:
    """Return the rows of a file, bad ones raised or skipped as ``report`` says.

    A column of a time type says itself what it means; numbers are read as ``columns.time`` says.
    """
    places = columns.places(file.position, str(file.path))

    def ids(role: str) -> tuple[Int32, list[str]]:
        coded = file.ids(places[role]).dictionary_encode()
        codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        return codes.astype(np.int32), coded.dictionary.to_pylist()

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


def _numbers(file: ParquetFile, at: int, time: str | None) -> Float64:
    """Return a column as float64, NaN where it has nothing; times as whole Unix seconds."""
    import pyarrow as pa

    array = file.column(at)
    typed = pa.types.is_timestamp(array.type) or pa.types.is_date(array.type)
    try:
        if time is not None and (typed or time == "iso"):
            array = array.cast(pa.timestamp("us", getattr(array.type, "tz", None)), safe=False)
            array = array.cast(pa.int64())
        found: Float64 = array.cast(pa.float64()).to_numpy(zero_copy_only=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(f"column {file.head[1][at]}: {error}", where=str(file.path)) from None
    if time is None:
        return found
    if typed or time == "iso":
        return np.floor(found / 1e6)
    return np.floor(found / (1000 if time == "unix-ms" else 1))
