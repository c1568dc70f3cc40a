"""What one field of a text file may hold: the definition that the fast parser must agree with."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Literal

TimeFormat = Literal["unix", "unix-ms", "iso"]

_NUMBER = re.compile(r"[ \t]*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[ \t]*")
_NOT_TEXT = re.compile("[\ud800-\udfff]")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


class BadField(Exception):
    """A field that cannot be what its column says; the message is the reason."""


class Unread(list[str]):
    """The fields of a row that cannot be told apart: none, and the reason."""

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


def require_width(fields: list[str], width: int) -> None:
    """Refuse a row that could not be read, or has not ``width`` fields."""
    if isinstance(fields, Unread):
        raise BadField(fields.reason)
    if len(fields) != width:
        raise BadField(f"{width} fields expected, {len(fields)} found")


def text(field: str, role: str) -> str:
    """Return the field as it stands; bytes that are no UTF-8 are refused."""
    if _NOT_TEXT.search(field):
        raise BadField(f"{role} is not UTF-8 text")
    return field


def number(field: str, role: str) -> float:
    """Return a finite decimal number; no ``nan``, hexadecimals or digit groups."""
    if not _NUMBER.fullmatch(field):
        raise BadField(f'{role} "{shown(field)}" is not a number')
    if math.isinf(found := float(field)):
        raise BadField(f'{role} "{shown(field)}" is not a finite number')
    return found


def seconds(field: str, time: TimeFormat) -> float:
    """Return a time as whole Unix seconds; a fraction is dropped, a naive ISO time is UTC."""
    if time != "iso":
        value = number(field, "the timestamp")
        return float(math.floor(value / (1000 if time == "unix-ms" else 1)))
    try:
        when = datetime.fromisoformat(field.strip(" \t"))
    except ValueError:
        raise BadField(f'the timestamp "{shown(field)}" is not an ISO 8601 time') from None
    return float(((when if when.tzinfo else when.replace(tzinfo=UTC)) - _EPOCH) // _SECOND)


def shown(field: str, most: int = 40) -> str:
    """Return a field fit for a message: short, and without control or broken characters."""
    clean = field.encode("utf-8", "replace").decode()
    clean = "".join(c if c.isprintable() else "?" for c in clean)
    return clean if len(clean) <= most else f"{clean[: most - 3]}..."
