"""Reading what may be damaged: every way a file can be wrong becomes DamagedRun."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from recsys_cli.errors import DamagedRun, DataError, RecsysError

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
        raise damaged(path, f"the file cannot be read: {error.strerror or error}") from error
    except Exception as error:
        # Parsers of other libraries have exception trees of their own; RecursionError is one too.
        raise damaged(path, f"the file is damaged ({type(error).__name__})") from error


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


#: One for all files: to make one takes as long as to parse a small file.
_DECODER = json.JSONDecoder(parse_constant=_refuse)


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file.

    Raises
    ------
    DamagedRun
        If the file is missing, is not JSON or holds something else than an object.
    """
    with reading(path):
        document = _DECODER.decode(path.read_bytes().decode())
        if not isinstance(document, dict):
            raise damaged(path, "the file does not hold an object")
    return document


def read_versioned(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file whose ``schema_version`` we know.

    Raises
    ------
    DamagedRun
        As :func:`read_json`, or if the version is missing.
    DataError
        If a newer recsys wrote it.
    """
    document = read_json(path)
    version = document.get("schema_version")
    if type(version) is not int or version < 1:
        raise damaged(path, "the file has no schema_version")
    if version > SCHEMA_VERSION:
        raise DataError(
            f"written by a newer recsys (schema {version}; this one reads up to {SCHEMA_VERSION})",
            where=str(path),
            hint="pip install -U recsys-cli",
        )
    return document
