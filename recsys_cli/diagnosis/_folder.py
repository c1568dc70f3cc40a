"""The folder of runs: can it be written and locked, is its disk free, is its clock ours."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from recsys_cli.diagnosis._finding import Finding
from recsys_cli.errors import OutOfResources, need
from recsys_cli.memory import GIB, MIB, spelled

#: Bytes free: below the first no run of a real dataset fits, below the second not many.
_LEAST, _LOW = 100 * MIB, GIB
#: Seconds that two clocks may be apart.
_APART = 5.0
#: Before this, a clock was never set: 2025-01-01.
_UNSET = 1_735_689_600


def runs(folder: Path) -> Iterator[Finding]:
    """Look at whether runs can be written and locked, by a file that goes at once."""
    at = existing(folder)
    if not at.is_dir():
        advice = "move it away, or choose another folder with --runs"
        yield Finding("runs", f"{at} is no folder", advice, OutOfResources)
        return
    try:
        with trial(at) as (path, descriptor):
            written = path.stat().st_mtime
            locks = _locks(path, descriptor)
    except OSError as error:
        found = f"{at}: cannot write: {error.strerror or error}"
        yield Finding("runs", found, f"{need(error)} (--runs names it)", OutOfResources)
        return
    made = "" if folder.exists() else ", which the first run makes"
    yield Finding("runs", f"{folder}{made}: can be written")
    yield locks
    yield _clock(written)


def disk(folder: Path) -> Iterator[Finding]:
    """Look at how much more the disk of the runs holds."""
    at = existing(folder)
    free = shutil.disk_usage(at).free
    found = f"{spelled(free)} free"
    if hasattr(os, "statvfs") and (files := os.statvfs(at)).f_files and not files.f_favail:
        found, advice = f"{found}, but it can hold no more files", "delete some files"
        yield Finding("disk", found, advice, OutOfResources)
    elif free < _LEAST:
        advice = "free some, by recsys runs rm and gc, or choose another disk with --runs"
        yield Finding("disk", found, advice, OutOfResources)
    elif free < _LOW:
        yield Finding("disk", found, "free some, by recsys runs rm and gc")
    else:
        yield Finding("disk", found)


def existing(path: Path) -> Path:
    """Return the path, or the nearest folder above it that is there."""
    path = path.absolute()
    return next(one for one in (path, *path.parents) if os.path.lexists(one))


@contextmanager
def trial(folder: Path) -> Iterator[tuple[Path, int]]:
    """Yield a new file in a folder and its descriptor; it goes when the block ends.

    Its name is that of a temporary file, which is collected should this process be killed.

    Raises
    ------
    OSError
        If it cannot be made or written.
    """
    path = folder / f".doctor.{os.getpid()}-{os.urandom(4).hex()}.tmp"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, b"\0")
        yield path, descriptor
    finally:
        os.close(descriptor)
        with suppress(OSError):
            path.unlink()


def _locks(path: Path, descriptor: int) -> Finding:
    """Lock a file, and see whether another is held off by it."""
    advice = "choose a folder on another disk with --runs: two processes may write one run here"
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        found = f"the file system has none: {error.strerror or error}"
        return Finding("locks", found, advice, OutOfResources)
    other = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return Finding("locks", "hold off other processes")
    finally:
        os.close(other)
    return Finding("locks", "hold nobody off", advice, OutOfResources)


def _clock(written: float) -> Finding:
    """Compare this machine's clock with that of the file system."""
    now = time.time()
    found = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(now))
    if now < _UNSET:
        return Finding("clock", found, "set the clock: runs are listed by the time they were made")
    if abs(now - written) > _APART:
        found = f"{found}; the file system's is {written - now:+,.0f} s off"
        return Finding("clock", found, "set both clocks: what is old is told by the time of files")
    return Finding("clock", found)
