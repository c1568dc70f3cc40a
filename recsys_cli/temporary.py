"""Files and folders that go with their writer: locked while it lives, collected once it is dead.

A name would not tell: another process may have got the number of a dead one, and processes of
another container have numbers of their own.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_FORM = re.compile(r"\..+\.[0-9]+-[0-9a-f]{8}\.tmp", re.DOTALL)
#: Characters of the file's own name, so that what is added makes it no longer than names can be.
_HEAD = 50
#: Seconds within which a new folder has long been locked.
_NEW = 60.0


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Yield a new, empty file in the folder of ``path``, which the block is to rename.

    What dead writers left in that folder goes first. An exception of the block takes the file away.

    Raises
    ------
    OSError
        If it cannot be made.
    """
    collect(path.parent)
    descriptor, temporary = _made(path)
    try:
        yield temporary
    except BaseException:
        with suppress(OSError):  # else the next writer of the folder collects it
            temporary.unlink()
        raise
    finally:
        os.close(descriptor)


@contextmanager
def scratch(purpose: str, within: Path | None = None) -> Iterator[Path]:
    """Yield a new folder in another, by default the system's; it goes when the block ends.

    So do those of dead processes for the same purpose.
    """
    place = within or Path(tempfile.gettempdir())
    for old in _own(place, purpose):
        with _dead(old) as dead:
            if dead:
                shutil.rmtree(old, ignore_errors=True)
    folder = place / _name(purpose)
    folder.mkdir(mode=0o700)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _lock(descriptor)
        yield folder
    finally:
        os.close(descriptor)
        shutil.rmtree(folder, ignore_errors=True)


def strays(folder: Path) -> list[Path]:
    """Return the temporary files in a folder whose writers are dead."""
    return [path for path in _temporary(folder) if _is_dead(path)]


def collect(folder: Path) -> None:
    """Delete the temporary files in a folder whose writers are dead, as far as it permits."""
    for path in _temporary(folder):
        with suppress(OSError), _dead(path) as dead:
            if dead:
                path.unlink()


def _made(path: Path) -> tuple[int, Path]:
    while True:
        temporary = path.with_name(f".{path.name[:_HEAD]}.{os.getpid()}-{os.urandom(4).hex()}.tmp")
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        # Another writer may have come between, found it without a lock, and collected it.
        if _lock(descriptor) and os.fstat(descriptor).st_nlink:
            return descriptor, temporary
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Take the lock; return whether nobody else has it. Some file systems have none to take."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _temporary(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if _FORM.fullmatch(entry.name)]
    except OSError:
        return []
    return [folder / name for name in names]


def _own(folder: Path, purpose: str) -> Iterator[Path]:
    """Yield this user's folders of just the names that are made for a purpose, but new ones."""
    for path in _temporary(folder):
        if path.name.startswith(f".recsys-{purpose}."):
            with suppress(OSError):
                stat = path.lstat()
                if stat.st_uid == os.getuid() and time.time() - stat.st_mtime > _NEW:
                    yield path


def _name(stem: str) -> str:
    """Return a new name, such as ``collect`` knows again."""
    return f".recsys-{stem}.{os.getpid()}-{os.urandom(4).hex()}.tmp"


def _is_dead(path: Path) -> bool:
    with _dead(path) as dead:
        return dead


@contextmanager
def _dead(path: Path) -> Iterator[bool]:
    """Yield whether nobody writes a file or folder; nobody begins to before the block ends."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        yield False
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        yield False
    else:
        yield True
    finally:
        os.close(descriptor)
