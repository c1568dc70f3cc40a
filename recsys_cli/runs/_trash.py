"""The trash of a store: a removed run is moved there whole, and what is old is deleted from it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from recsys_cli.errors import DataError, Locked
from recsys_cli.runs._atomic import disk_errors, sync
from recsys_cli.runs._lock import READERS, held, lock
from recsys_cli.runs._retired import retire
from recsys_cli.runs._store import Store
from recsys_cli.runs._tags import refuse_tagged

TRASH = ".trash"
#: What the name ends with of that whose deletion has begun.
HALF_DELETED = ".deleted"


def remove(store: Store, ids: Sequence[str]) -> list[Path]:
    """Move runs to the trash, each whole or not at all; return where they are now.

    All are checked before the first is moved. Moved back, a run is what it was.

    Raises
    ------
    SpecError
        If one is tagged, or is no id but ``latest`` or a spec's name.
    NotFound
        If there is no such run.
    Locked
        If one is being written.
    OutOfResources
        If the disk is full, fails or denies it.
    """
    folders = [store.exactly(id_) for id_ in dict.fromkeys(ids)]
    for folder in folders:
        refuse_tagged(folder)
        if held(folder):
            raise _busy(folder)
    with lock(store.root):
        return [_remove(store.root, folder) for folder in folders]


def trash_of(root: Path) -> Path:
    """Return the trash folder of a store, which need not exist.

    Raises
    ------
    DataError
        If it is a link or a file: what a link points at is not ours to delete from.
    """
    trash = root / TRASH
    if trash.is_symlink() or (trash.exists() and not trash.is_dir()):
        raise DataError("is no folder of its own", where=str(trash), hint="move it away")
    return trash


def discard(root: Path, path: Path) -> None:
    """Delete a run, or what lies in the trash; the caller holds the lock of the store.

    It first gets a name that says so: what a kill leaves half deleted never looks like a run.

    Raises
    ------
    OutOfResources
        If the disk fails or denies it.
    """
    if path.parent == root:
        retire(root, path.name)
    doomed = _made(trash_of(root)) / f".{os.getpid()}-{os.urandom(4).hex()}{HALF_DELETED}"
    with disk_errors(path):
        path.rename(doomed)
        sync(path.parent)
        if doomed.is_symlink() or not doomed.is_dir():
            doomed.unlink()
        else:
            shutil.rmtree(doomed)


def _remove(root: Path, folder: Path) -> Path:
    with lock(folder, READERS):
        refuse_tagged(folder)
        target = _free(_made(trash_of(root)) / folder.name)
        retire(root, folder.name)
        with disk_errors(folder):
            os.utime(folder)  # since when it is in the trash
            folder.rename(target)
            sync(target.parent)
            sync(root)
    return target


def _busy(folder: Path) -> Locked:
    hint = "wait until it ends, or end it"
    return Locked("the run is being written", where=folder.name, hint=hint)


def _made(trash: Path) -> Path:
    with disk_errors(trash):
        trash.mkdir(exist_ok=True)
    return trash


def _free(path: Path) -> Path:
    """Return the path, or it with a number behind: a copy may have had any name twice."""
    found, number = path, 1
    while os.path.lexists(found):
        number += 1
        found = path.with_name(f"{path.name}.{number}")
    return found
