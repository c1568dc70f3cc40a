"""The reference: a file of interactions, read row by row with the csv module and nothing else."""

from __future__ import annotations

import codecs
import csv
import io
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

_DECIMAL = re.compile(r"[ \t]*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[ \t]*")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: User, item, rating (None where the file has none) and Unix seconds (the same).
Row = tuple[str, str, float | None, int | None]


class Unreadable(Exception):
    """The file as a whole is no table of this layout."""


@dataclass(frozen=True)
class Layout:
    """What a file is said to be; columns by name or number, None for none."""

    separator: str = ","
    header: bool = True
    user: str | int = "user"
    item: str | int = "item"
    rating: str | int | None = "rating"
    time: str | int | None = "at"
    time_format: str = "unix"
    scale: tuple[float, float] | None = None
    encoding: str = "utf-8"


def read_plain(data: bytes, layout: Layout) -> tuple[list[Row], list[int]]:
    """Return the good rows in file order, and the first line of each bad one.

    Raises
    ------
    Unreadable
        If no row can be read at all.
    """
    records = list(_records(_text(data, layout.encoding), layout.separator))
    names = [name.strip() for name in records.pop(0)[1]] if layout.header and records else []
    widths = Counter(len(fields) for _, fields in records[:100])
    if not widths:
        raise Unreadable("no rows")
    width = len(names) or widths.most_common(1)[0][0]
    columns = [layout.user, layout.item, layout.rating, layout.time]
    places = [None if column is None else _place(column, names, width) for column in columns]
    good, bad = [], []
    for line, fields in records:
        try:
            if len(fields) != width:
                raise ValueError
            good.append(_row(fields, places, layout))
        except (ValueError, OverflowError):
            bad.append(line)
    return good, bad


def _text(data: bytes, encoding: str) -> str:
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        raise Unreadable("UTF-16")
    if encoding != "utf-8":
        if data.startswith(codecs.BOM_UTF8):
            raise Unreadable("UTF-8")
        return data.decode(encoding)
    text = data.decode("utf-8", "surrogateescape")
    return text.lstrip("\ufeff")


def _records(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield line and fields of what is not an empty line; none where quotes do not match."""
    lines = io.StringIO(text, newline="").readlines()
    at = 0
    while at < len(lines):
        taken: list[str] = []
        reader = _reader(_noted(lines, at, taken), separator)
        try:
            fields = _next(reader)
        except csv.Error:
            fields, taken = [], taken[:1]
            yield at + 1, fields
        if fields:
            yield at + 1, fields
        at += len(taken)


def _next(reader: Iterator[list[str]]) -> list[str]:
    """Return the next record, however long; the limit is the whole process's, so it is put back."""
    limit = csv.field_size_limit(1 << 30)
    try:
        return next(reader)
    finally:
        csv.field_size_limit(limit)


def _noted(lines: list[str], at: int, taken: list[str]) -> Iterator[str]:
    for i in range(at, len(lines)):
        taken.append(lines[i])
        yield lines[i]


def _reader(lines: Iterator[str], separator: str) -> Iterator[list[str]]:
    if separator in (",", ";"):
        return csv.reader(lines, delimiter=separator, strict=True)
    if len(separator) == 1:
        return csv.reader(lines, delimiter=separator, quoting=csv.QUOTE_NONE)
    bare = (line.rstrip("\r\n") for line in lines)
    return (line.split(separator) if line else [] for line in bare)


def _place(column: str | int, names: list[str], width: int) -> int:
    if isinstance(column, str):
        if names.count(column) != 1:
            raise Unreadable(f"no column {column}")
        return names.index(column)
    if column >= width:
        raise Unreadable(f"no column {column}")
    return column


def _row(fields: list[str], places: list[int | None], layout: Layout) -> Row:
    user, item, rating, time = (None if place is None else fields[place] for place in places)
    for id_ in (user, item):
        if not id_.strip() or any(ord(c) < 32 or ord(c) == 127 for c in id_):
            raise ValueError("no id")
        id_.encode()  # a byte that is no UTF-8 is a surrogate here
    value = None if rating is None else as_rating(rating, layout.scale)
    return user, item, value, None if time is None else as_seconds(time, layout.time_format)


def as_rating(field: str, scale: tuple[float, float] | None) -> float:
    """Return the float32 nearest to what a field says."""
    value = _number(field)
    if scale is not None and not scale[0] <= value <= scale[1]:
        raise ValueError("out of scale")
    with np.errstate(over="ignore"):
        narrow = np.float32(value)
    if not np.isfinite(narrow):
        raise ValueError("too large")
    if narrow == 0 and value != 0:
        raise ValueError("too small")
    return float(narrow)


def as_seconds(field: str, time_format: str) -> int:
    """Return whole Unix seconds of the years 1 to 9999."""
    if time_format == "iso":
        when = datetime.fromisoformat(field.strip(" \t"))
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        seconds = (when - _EPOCH) // timedelta(seconds=1)
    else:
        seconds = math.floor(_number(field) / (1000 if time_format == "unix-ms" else 1))
    if not -62_135_596_800 <= seconds <= 253_402_300_799:
        raise ValueError("no time")
    return seconds


def _number(field: str) -> float:
    if not _DECIMAL.fullmatch(field):
        raise ValueError("no number")
    return float(field)
