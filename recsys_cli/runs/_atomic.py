"""Files that are whole or absent: temporary name, fsync, rename, fsync of the folder."""

from __future__ import annotations

import errno
import functools
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from recsys_cli.errors import OutOfResources

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_DENIED = (errno.EACCES, errno.EPERM, errno.EROFS)


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn an OSError of writing ``path`` into OutOfResources that says what to do."""
    try:
        yield
    except OSError as error:
        hint = "check the disk, then run it again"
        if error.errno in _FULL:
            hint = "free some disk space, then run it again"
        elif error.errno in _DENIED:
            hint = "make the folder writable, or choose another with --runs"
        reason = error.strerror or str(error)
        raise OutOfResources(f"cannot write: {reason}", where=str(path), hint=hint) from error


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path; what the block writes there becomes ``path``, whole or not at all.

    Raises
    ------
    OutOfResources
        If the disk is full, fails or denies it; nothing is left behind then.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{os.urandom(4).hex()}.tmp")
    with disk_errors(path):
        try:
            yield temporary
            sync(temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        sync(path.parent)


def atomic_write(path: Path, data: bytes) -> None:
    """Write a file, whole or not at all.

    Raises
    ------
    OutOfResources
        If the disk is full, fails or denies it.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def encode(document: Any, *, indent: int | None = 2) -> bytes:
    """Return JSON as UTF-8; NumPy scalars become plain, NaN and infinity raise ValueError."""
    return _encoder(indent).encode(document).encode() + b"\n"


@functools.cache
def _encoder(indent: int | None) -> json.JSONEncoder:
    return json.JSONEncoder(
        indent=indent, ensure_ascii=False, allow_nan=False, default=lambda value: value.item()
    )
