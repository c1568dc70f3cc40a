"""JSON that vouches for itself: its last member is the sha256 of every byte before that line.

run.json, metrics.json and MANIFEST.json have one, for no other file holds theirs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from recsys_cli.runs._atomic import encode

_NAME = "sha256"
_DIGITS = 64
_END = b"\n}\n"
#: What tells a run from all others; a copy keeps it, whatever its folder is called.
_IDENTITY = ("id", "created")


def seal(document: Mapping[str, Any]) -> bytes:
    """Return a document that is not empty as JSON, with its seal."""
    body = encode(document).removesuffix(_END) + b",\n"
    return body + _line(body)


def identity(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return which run a record is of, as the manifest and the metrics repeat it."""
    return {name: record[name] for name in _IDENTITY}


def is_sealed(document: dict[str, Any]) -> bool:
    """Return whether a document ends with a seal, be its name or its value damaged.

    Files of an older recsys have none.
    """
    name, last = next(reversed(document.items()), ("", None))
    return name == _NAME or (isinstance(last, str) and len(last) == _DIGITS)


def is_sound(data: bytes) -> bool:
    """Return whether a sealed file has not a byte changed."""
    body = data[: -len(_line(b""))]
    return data == body + _line(body)


def _line(body: bytes) -> bytes:
    return f'  "{_NAME}": "{hashlib.sha256(body).hexdigest()}"'.encode() + _END
