"""A published archive → its folder in the data home."""

from __future__ import annotations

import errno
from pathlib import Path

from recsys_cli import temporary
from recsys_cli.errors import OutOfResources, need
from recsys_cli.loaders._base import Notify, Progress
from recsys_cli.loaders._receive import PATIENCE, Archive, Patience, receive
from recsys_cli.loaders._unzip import unzip


def download(
    archive: Archive,
    home: Path,
    folder: str,
    notify: Notify,
    progress: Progress | None,
    patience: Patience = PATIENCE,
) -> None:
    """Put the archive's ``folder`` into ``home``; files that are already there stay.

    The archive is received and unpacked beside its destination, so that a file there is whole or
    absent whenever this is interrupted; it is verified before it is opened.

    Raises
    ------
    NotFound
        If the archive cannot be had.
    ChecksumMismatch
        If it is not the one that was published.
    DataError
        If it is that, but cannot be unpacked safely.
    OutOfResources
        If the disk is full, fails or denies it.
    """
    notify(f"downloading {archive.url}")
    try:
        home.mkdir(parents=True, exist_ok=True)
        with temporary.scratch("download", home) as scratch:
            zipped, unpacked = scratch / "archive.zip", scratch / "unpacked"
            receive(archive, zipped, progress, patience)
            unzip(zipped, folder, unpacked, archive.url)
            _move(unpacked, home / folder)
    except OSError as error:
        raise OutOfResources(_failure(error, folder), where=str(home), hint=need(error)) from error
    notify(f"{folder} is in {home}")


def _failure(error: OSError, folder: str) -> str:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    head = f"no room for {folder}" if full else f"{folder} cannot be written"
    return f"{head}: {error.strerror or error}"


def _move(source: Path, target: Path) -> None:
    for file in source.rglob("*"):
        destination = target / file.relative_to(source)
        if file.is_file() and not destination.exists():
            destination.parent.mkdir(parents=True, exist_ok=True)
            file.replace(destination)
