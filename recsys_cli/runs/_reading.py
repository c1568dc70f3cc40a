"""Reading what may be damaged: every way a file can be wrong becomes DamagedRun."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from recsys_cli.errors import DamagedRun, DataError, RecsysError, need
from recsys_cli.runs import _seal

#: Version of the layout of a run folder; raised when an older recsys could misread a newer folder.
SCHEMA_VERSION = 1
RESTORE = "put the file back from a copy, or train again (for metrics: evaluate again)"


def damaged(path: Path, reason: str) -> DamagedRun:
    """Return the error for a file that is not what train or evaluate wrote."""
    return DamagedRun(reason, where=str(path), hint=RESTORE)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn whatever parsing ``path`` raises into DamagedRun."""
    try:
        yield
    except (RecsysError, MemoryError):
        raise
    except FileNotFoundError as error:
        raise damaged(path, "the file is missing") from error
    except OSError as error:
        reason = f"the file cannot be read: {error.strerror or error}"
        raise DamagedRun(reason, where=str(path), hint=need(error)) from error
    except Exception as error:
        # Parsers of other libraries have exception trees of their own; RecursionError is one too.
        raise damaged(path, f"the file is damaged ({type(error).__name__})") from error


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


#: One for all files: to make one takes as long as to parse a small file.
_DECODER = json.JSONDecoder(parse_constant=_refuse)


def read_bytes(path: Path) -> bytes:
    """Return what a file holds; a pipe or a device in its place, which may never end, is damage.

    Raises
    ------
    DamagedRun
        If it is missing or cannot be read.
    """
    with reading(path):
        if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116
            raise damaged(path, "it is no plain file")
        return path.read_bytes()


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file.

    Raises
    ------
    DamagedRun
        If the file is missing, is not JSON or holds something else than an object.
    """
    return _parsed(path, read_bytes(path))


def read_sealed(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file that ends with a seal, without it; older files have none.

    Raises
    ------
    DamagedRun
        As :func:`read_json`, or if a byte has changed since it was written.
    """
    data = read_bytes(path)
    return _unsealed(path, data, _parsed(path, data))


def read_versioned(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file whose ``schema_version`` we know, without its seal.

    Raises
    ------
    DamagedRun
        As :func:`read_sealed`, or if the version is missing.
    DataError
        If a newer recsys wrote it.
    """
    data = read_bytes(path)
    document = _parsed(path, data)
    version = document.get("schema_version")
    if type(version) is not int or version < 1:
        raise damaged(path, "the file has no schema_version")
    if version > SCHEMA_VERSION:
        raise DataError(
            f"written by a newer recsys (schema {version}; this one reads up to {SCHEMA_VERSION})",
            where=str(path),
            hint="pip install -U recsys-cli",
        )
    return _unsealed(path, data, document)


def _parsed(path: Path, data: bytes) -> dict[str, Any]:
    with reading(path):
        document = _DECODER.decode(data.decode())
        if not isinstance(document, dict):
            raise damaged(path, "the file does not hold an object")
    return document


def _unsealed(path: Path, data: bytes, document: dict[str, Any]) -> dict[str, Any]:
    if _seal.is_sealed(document):
        if not _seal.is_sound(data):
            raise damaged(path, "the file has changed since it was written")
        document.popitem()
    return document
