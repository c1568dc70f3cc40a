"""A published archive → its folder in the data home."""

from __future__ import annotations

import errno
import logging
import tempfile
from dataclasses import dataclass
from pathlib import Path

from recsys_cli.errors import ChecksumMismatch, NotFound, OutOfResources
from recsys_cli.loaders._base import Notify, Progress
from recsys_cli.loaders._unzip import unzip


@dataclass(frozen=True)
class Archive:
    """A zip file with a published checksum: its https address and md5."""

    url: str
    md5: str


class _Bar:
    """What pooch takes for a progress bar."""

    def __init__(self, progress: Progress | None) -> None:
        self.progress = progress
        self.total = 0
        self.done = 0

    def update(self, received: int) -> None:
        self.done += received
        if self.progress is not None:
            self.progress(self.done, self.total)

    def reset(self) -> None:
        self.done = 0

    def close(self) -> None:
        """Nothing is left open."""


def receive(archive: Archive, folder: Path, progress: Progress | None) -> Path:
    """Download into ``folder`` and verify; return the file's path.

    Raises
    ------
    OSError
        If the network or the disk fails.
    ValueError
        If the checksum differs.
    """
    import pooch

    pooch.get_logger().setLevel(logging.WARNING)
    file: str = pooch.retrieve(
        archive.url,
        known_hash=f"md5:{archive.md5}",
        path=folder,
        # A redirect could lead away from https; the publisher's server makes none.
        downloader=pooch.HTTPDownloader(
            progressbar=_Bar(progress), timeout=30, allow_redirects=False
        ),
    )
    return Path(file)


def download(
    archive: Archive, home: Path, folder: str, notify: Notify, progress: Progress | None
) -> None:
    """Put the archive's ``folder`` into ``home``; files that are already there stay.

    The archive is received and unpacked beside its destination, so that a file there is whole or
    absent whenever this is interrupted.

    Raises
    ------
    NotFound
        If the archive cannot be had.
    ChecksumMismatch
        If it is not the one that was published.
    OutOfResources
        If the disk is full.
    """
    notify(f"downloading {archive.url}")
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home, prefix=".download-") as temporary:
            unpacked = Path(temporary) / "unpacked"
            try:
                zipped = receive(archive, Path(temporary), progress)
            except ValueError as error:
                raise ChecksumMismatch(
                    f"the download is not the published archive (md5 {archive.md5})",
                    where=archive.url,
                    hint="try again later",
                ) from error
            unzip(zipped, folder, unpacked)
            for file in unpacked.rglob("*"):
                target = home / folder / file.relative_to(unpacked)
                if file.is_file() and not target.exists():
                    target.parent.mkdir(parents=True, exist_ok=True)
                    file.replace(target)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OutOfResources(f"no room for {folder} in {home}", where=archive.url) from error
        raise NotFound(f"cannot be downloaded: {_reason(error)}", where=archive.url) from error
    notify(f"{folder} is in {home}")


def _reason(error: OSError) -> str:
    return f"{type(error).__name__}" if error.strerror is None else str(error)
