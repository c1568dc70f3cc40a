"""What one field of a text file may hold: the definition that the fast parser must agree with."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Literal

TimeFormat = Literal["unix", "unix-ms", "iso"]

_NUMBER = re.compile(r"[ \t]*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[ \t]*")
_NOT_TEXT = re.compile("[\ud800-\udfff]")


class BadField(Exception):
    """A field that cannot be what its column says; the message is the reason."""


def text(field: str, role: str) -> str:
    """Return the field as it stands; bytes that are no UTF-8 are refused."""
    if _NOT_TEXT.search(field):
        raise BadField(f"{role} is not UTF-8 text")
    return field


def number(field: str, role: str) -> float:
    """Return a decimal number; no ``nan``, ``inf``, hexadecimals or digit groups."""
    if not _NUMBER.fullmatch(field):
        raise BadField(f'{role} "{shown(field)}" is not a number')
    return float(field)


def seconds(field: str, time: TimeFormat) -> float:
    """Return a time as whole Unix seconds; a fraction is dropped, a naive ISO time is UTC."""
    if time != "iso":
        value = number(field, "the timestamp")
        return float(math.floor(value / (1000 if time == "unix-ms" else 1)))
    try:
        when = datetime.fromisoformat(field.strip())
    except ValueError:
        raise BadField(f'the timestamp "{shown(field)}" is not an ISO 8601 time') from None
    return float(math.floor((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()))


def shown(field: str) -> str:
    """Return a field fit for a message: short, and without control or broken characters."""
    clean = field.encode("utf-8", "replace").decode()
    clean = "".join(c if c.isprintable() else "?" for c in clean)
    return clean if len(clean) <= 40 else f"{clean[:37]}..."
