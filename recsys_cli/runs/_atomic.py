"""Files that are whole or absent: temporary name, fsync, rename, fsync of the folder."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from recsys_cli import temporary
from recsys_cli.errors import OutOfResources, need


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn an OSError of writing ``path`` into OutOfResources that says what to do."""
    try:
        yield
    except OSError as error:
        reason = f"cannot write: {error.strerror or error}"
        raise OutOfResources(reason, where=str(path), hint=need(error)) from error


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a new file; what the block writes there becomes ``path``, whole or not at all.

    Raises
    ------
    OutOfResources
        If the disk is full, fails or denies it; nothing is left behind then.
    """
    with disk_errors(path):
        with temporary.beside(path) as new:
            yield new
            sync(new)
            new.replace(path)
        sync(path.parent)


def atomic_write(path: Path, data: bytes) -> None:
    """Write a file, whole or not at all.

    Raises
    ------
    OutOfResources
        If the disk is full, fails or denies it.
    """
    with replacing(path) as new:
        new.write_bytes(data)


def append(path: Path, data: bytes) -> None:
    """Add bytes to the end of a file, all of them or, where the disk fails, none.

    Raises
    ------
    OutOfResources
        If the disk is full, fails or denies it.
    """
    with disk_errors(path), path.open("ab", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        try:
            while data:
                data = data[file.write(data) :]
        except OSError:
            file.truncate(size)
            raise


def encode(document: Any, *, indent: int | None = 2) -> bytes:
    """Return JSON as UTF-8; NumPy scalars become plain, NaN and infinity raise ValueError.

    What of a path is no text is escaped as JSON has it, and comes back as it was.
    """
    return _encoder(indent).encode(document).encode(errors="backslashreplace") + b"\n"


@functools.cache
def _encoder(indent: int | None) -> json.JSONEncoder:
    return json.JSONEncoder(
        indent=indent, ensure_ascii=False, allow_nan=False, default=lambda value: value.item()
    )
