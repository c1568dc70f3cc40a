"""What of a store can be deleted: old trash, what killed writers left, dead runs if asked for."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from recsys_cli import temporary
from recsys_cli.errors import DataError, Locked, NotFound, SpecError
from recsys_cli.runs._atomic import disk_errors
from recsys_cli.runs._lock import READERS, held, lock
from recsys_cli.runs._own import is_ours
from recsys_cli.runs._recorder import RECORD
from recsys_cli.runs._state import examine
from recsys_cli.runs._store import Store
from recsys_cli.runs._stray import strays
from recsys_cli.runs._tags import refuse_tagged
from recsys_cli.runs._trash import HALF_DELETED, discard, trash_of

Dead = Literal["failed", "interrupted"]
_DAY = 86_400.0


@dataclass(frozen=True)
class Waste:
    """One thing that can be deleted.

    Attributes
    ----------
    kind : {"trash", "stray", "failed", "interrupted"}
        A stray is a file of a killed writer.
    path : Path
    bytes : int
        Of all its files.
    since : float
        When it was moved to the trash, or written last; Unix seconds.
    """

    kind: Literal["trash", "stray", "failed", "interrupted"]
    path: Path
    bytes: int
    since: float

    @property
    def half_deleted(self) -> bool:
        """Whether its deletion began and was killed; its age is anything then."""
        return self.path.name.endswith(HALF_DELETED)

    @property
    def days(self) -> float:
        """Its age."""
        return (time.time() - self.since) / _DAY


def find_waste(store: Store, *, days: int = 30, dead: Collection[Dead] = ()) -> list[Waste]:
    """Return what can be deleted; nothing is.

    Parameters
    ----------
    store : Store
    days : int
        Trash and dead runs that are younger stay. Strays go at any age, and what is half deleted.
    dead : collection of {"failed", "interrupted"}
        Which dead runs count. Training may go on from an interrupted one.

    Raises
    ------
    DataError
        If the trash is no folder.
    """
    aged = [*_trash(trash_of(store.root)), *_runs(store, dead)]
    due = [one for one in aged if one.half_deleted or one.days >= days]
    going = {one.path for one in due}
    return due + [one for one in _strays(store) if going.isdisjoint(one.path.parents)]


def collect(store: Store, found: Sequence[Waste]) -> list[Waste]:
    """Delete what was found, but what has been tagged, taken up or deleted since.

    Returns
    -------
    list of Waste
        What is deleted now.

    Raises
    ------
    Locked
        If another process collects or removes.
    OutOfResources
        If the disk fails or denies it; what was deleted before stays so.
    """
    if not found:
        return []
    with lock(store.root):
        return [one for one in found if _deleted(store.root, one)]


def _trash(folder: Path) -> Iterator[Waste]:
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name.endswith(HALF_DELETED) or not _kept(path):
            with suppress(FileNotFoundError):  # another process deletes it
                yield Waste("trash", path, _files(path)[0], path.lstat().st_mtime)


def _runs(store: Store, dead: Collection[Dead]) -> Iterator[Waste]:
    for id_ in store.ids() if dead else ():
        path = store.root / id_
        status = examine(path).status
        if (status == "failed" or status == "interrupted") and status in dead and not _kept(path):
            with suppress(FileNotFoundError):
                size, written = _files(path)
                if is_ours(path):
                    yield Waste(status, path, size, written or path.lstat().st_mtime)


def _strays(store: Store) -> Iterator[Waste]:
    """Yield the files of killed writers in the store and its runs."""
    runs = [store.root / id_ for id_ in store.ids()]
    of_runs = [path for run in runs if not held(run) for path in strays(run)]
    for path in [*sorted(temporary.strays(store.root)), *of_runs]:
        with suppress(FileNotFoundError):
            found = path.lstat()
            yield Waste("stray", path, found.st_size, found.st_mtime)


def _kept(path: Path) -> bool:
    """Return whether a run may not be deleted; one whose tags cannot be read may not."""
    try:
        refuse_tagged(path)
    except (SpecError, DataError):
        return True
    return False


def _deleted(root: Path, one: Waste) -> bool:
    if not os.path.lexists(one.path):
        return False
    if one.kind == "stray":
        return _deleted_stray(root, one.path)
    if not one.half_deleted and _kept(one.path):
        return False
    if one.kind == "trash" and not _may_be_resumed(one):
        discard(root, one.path)
        return True
    return _deleted_run(root, one)


def _may_be_resumed(one: Waste) -> bool:
    """Return whether somebody may be going on with a run in the trash, by its path."""
    return not one.half_deleted and not one.path.is_symlink() and (one.path / RECORD).exists()


def _deleted_stray(root: Path, path: Path) -> bool:
    """Delete a file, unless an evaluation has made it its own since."""
    run = root / path.relative_to(root).parts[0]
    try:
        with lock(run, READERS) if run != path else nullcontext():
            stray = run == path or path in strays(run)
            if stray:
                with disk_errors(path):
                    path.unlink(missing_ok=True)
            return stray
    except (Locked, NotFound):
        return False


def _deleted_run(root: Path, one: Waste) -> bool:
    """Delete a run, unless somebody trains it again or has since."""
    try:
        with lock(one.path, READERS):
            size, written = _files(one.path)
            unchanged = size == one.bytes and written <= one.since
            if unchanged:
                discard(root, one.path)
            return unchanged
    except (Locked, NotFound):
        return False


def _files(folder: Path) -> tuple[int, float]:
    """Return the bytes of all files below, and when the last was written: 0 if there is none."""
    if folder.is_symlink() or not folder.is_dir():
        return folder.lstat().st_size, folder.lstat().st_mtime
    size, written = 0, 0.0
    for at, _, names in os.walk(folder):
        for name in names:
            found = Path(at, name).lstat()
            size += found.st_size
            # Who looks at a run may leave an empty .lock.
            written = written if name.startswith(".") else max(written, found.st_mtime)
    return size, written
