"""The lock of a run folder: held by the live process that writes it, released by its death.

The kernel's own flock, for two things that lock libraries lack: a probe that takes a *shared* lock,
so that two listings at once never take each other for a trainer, and one that works read-only.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from recsys_cli.errors import Locked, NotFound
from recsys_cli.runs._atomic import disk_errors

_NAME = ".lock"
_POLL = 0.02
#: Seconds that outlast the looks of readers, who share the lock for moments.
READERS = 0.5


@contextmanager
def lock(folder: Path, timeout: float = 30.0) -> Iterator[None]:
    """Hold the folder's lock within the block.

    Parameters
    ----------
    folder : Path
    timeout : float
        Seconds to wait for another holder.

    Raises
    ------
    Locked
        If another process still holds it then.
    NotFound
        If the folder is gone, or went as this waited.
    """
    path = folder / _NAME
    with disk_errors(path):
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:
            raise _gone(folder) from None
    try:
        _acquire(descriptor, path, time.monotonic() + timeout)
        with disk_errors(path):
            if not _is_at(descriptor, path):
                raise _gone(folder)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep others who ask for it out of a folder of the user's within the block.

    Waits for them, leaves no file, and does not help on a file system that locks no folders.

    Raises
    ------
    OutOfResources
        If the folder cannot be opened.
    """
    with disk_errors(folder):
        descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, path: Path, deadline: float) -> None:
    while True:
        with disk_errors(path), suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        if time.monotonic() > deadline:
            raise Locked(
                "another process is writing this run",
                where=str(path.parent),
                hint="wait until it ends, then try again",
            )
        time.sleep(_POLL)


def _is_at(descriptor: int, path: Path) -> bool:
    """Return whether an open file is still the one at the path."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _gone(folder: Path) -> NotFound:
    return NotFound("the run was removed meanwhile", where=str(folder))


def held(folder: Path) -> bool:
    """Return whether a live process is writing the folder; never waits, never writes."""
    try:
        descriptor = os.open(folder / _NAME, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False
