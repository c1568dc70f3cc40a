"""What reading a file takes at its peak: constants are measured, in bytes."""

from __future__ import annotations

import gzip
import io
import os
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from recsys_cli.errors import DataError, need
from recsys_cli.loaders._kind import is_gz, is_parquet

Column = str | int
#: User, item, rating and time: what a file has if nobody says.
USUAL: Sequence[Column] = range(4)
#: For each byte of text, each row, and each column of numbers in a row.
_BYTE, _ROW, _NUMBER = 2.3, 30, 20
#: So much of a text file tells how long a line is.
_HEAD = 1 << 16
#: What pyarrow takes beside the rows, and how many rows it decodes at a time.
_ARROW, _AT_ONCE = 75 << 20, 1 << 21
#: Bytes of a text of which a Parquet file tells no least and largest value.
_TEXT = 16


def reading(path: Path, columns: Sequence[Column] = USUAL) -> int:
    """Return about how many bytes reading these columns of a file takes at its peak."""
    if is_parquet(path):
        return _parquet(path, columns)
    packed = path.stat().st_size if is_gz(path) else 0
    size, line = _unpacked(path, path.stat().st_mtime_ns)
    row = _ROW + _NUMBER * max(0, len(columns) - 2)
    return packed + int(size * (_BYTE + row / line))


@cache
def _unpacked(path: Path, _: int) -> tuple[int, float]:
    """Return the bytes of a text file once unpacked, and of each of its first lines.

    A gz file is unpacked to be counted, some of it at a time. What it says of its size at its end
    is said modulo 4 GiB, and of the last of its members alone.
    """
    try:
        with gzip.open(path) if is_gz(path) else path.open("rb") as file:
            head = file.read(_HEAD)
            size = file.seek(0, io.SEEK_END)
    except (OSError, EOFError, zlib.error) as error:
        _refuse_unread(path, error)
        return path.stat().st_size, float(_HEAD)
    return size, len(head) / max(1, len(head.splitlines()))


def _parquet(path: Path, columns: Sequence[Column]) -> int:
    """Return the same for a Parquet file, by its footer."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        footer = parquet.read_metadata(path)
        names = footer.schema.to_arrow_schema().names
    except (pa.ArrowException, OSError, ValueError) as error:
        _refuse_unread(path, error)
        return path.stat().st_size
    asked = {names[c] if isinstance(c, int) and c < len(names) else c for c in columns}
    groups = [footer.row_group(at) for at in range(footer.num_row_groups)]
    parts = [group.column(at) for group in groups for at in range(group.num_columns)]
    widest = max((_width(part) for part in parts if _name(part) in asked), default=8)
    rows, numbers = footer.num_rows, max(0, len(asked) - 2)
    # The ids of a column lie there twice before they are told apart, and numbers come after them.
    row = max(2 * widest + 8, 25 + 24 * numbers)
    return int(_ARROW + rows * row + min(rows, _AT_ONCE) * 1.2 * widest)


def _refuse_unread(path: Path, error: Exception) -> None:
    """Raise what the system said; what is wrong with the content, whoever reads it says."""
    if isinstance(error, OSError) and error.errno:
        reason = f"cannot be read: {os.strerror(error.errno)}"
        raise DataError(reason, where=str(path), hint=need(error)) from error


def _name(part: Any) -> str:
    return str(part.path_in_schema)


def _width(part: Any) -> float:
    """Return the bytes of one value in memory: of text about those of its least and largest."""
    if part.physical_type != "BYTE_ARRAY":
        return 8
    known = part.statistics if part.is_stats_set else None
    ends = [known.min, known.max] if known is not None and known.has_min_max else []
    length = sum(len(end) for end in ends) / 2 if ends else _TEXT
    stored = int(part.total_uncompressed_size) / max(1, int(part.num_values))
    return 4 + max(length, stored)
