"""The checkpoints of a fold being trained: the two newest, each of them whole or absent.

One is ``checkpoints/N.safetensors`` with its checksums in ``N.json``, which is written last: like
the manifest of a run, it makes the checkpoint true.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys_cli.errors import DataError
from recsys_cli.runs._arrays import StoredArrays, save_arrays
from recsys_cli.runs._atomic import atomic_write, disk_errors
from recsys_cli.runs._names import CHECKPOINTS
from recsys_cli.runs._parts import CheckedFile, digests
from recsys_cli.runs._reading import read_sealed, reading
from recsys_cli.runs._seal import seal

if TYPE_CHECKING:
    from numpy.typing import NDArray

logger = logging.getLogger(__name__)

#: Seconds between two checkpoints, unless they are asked for more often or take so long that these
#: many times their own duration is more.
_EVERY, _SHARE = 60.0, 50.0
_KEPT = 2
_COMMIT = re.compile(r"(\d+)\.json")


class Checkpoints:
    """What training can go on from after it was killed.

    Parameters
    ----------
    folder : Path
        The fold's.
    every : float, optional
        Seconds between two; by default a minute, or as much more as keeps their cost at 2%.
    """

    def __init__(self, folder: Path, every: float | None = None) -> None:
        self._folder = folder / CHECKPOINTS
        self._pause = _EVERY if every is None else every
        self._fixed = every is not None
        self._last = time.monotonic()

    @property
    def due(self) -> bool:
        """Whether it is time for another."""
        return time.monotonic() - self._last >= self._pause

    def save(self, arrays: Mapping[str, NDArray[Any]], document: dict[str, Any]) -> None:
        """Write one, then drop all but the two newest.

        Raises
        ------
        OutOfResources
            If the disk is full, fails or denies it; those before are still there.
        """
        started = time.monotonic()
        with disk_errors(self._folder):
            self._folder.mkdir(exist_ok=True)
            numbers = self._numbers()
            number = max(numbers, default=0) + 1
            path = self._folder / f"{number}.safetensors"
            save_arrays(path, dict(arrays), document)
            commit = {"bytes": path.stat().st_size, **digests(path)}
            atomic_write(path.with_suffix(".json"), seal(commit))
            self._drop_but({number, *numbers[: _KEPT - 1]})
        self._last = time.monotonic()
        if not self._fixed:
            self._pause = max(_EVERY, _SHARE * (self._last - started))

    def newest(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]] | None:
        """Return the arrays and the document of the newest that is sound; None without any."""
        for number in self._numbers():
            path = self._folder / f"{number}.safetensors"
            try:
                return _read(path)
            except DataError as error:
                logger.warning("a checkpoint is not taken up: %s", error)
        return None

    def drop(self) -> None:
        """Remove all of them."""
        if self._folder.is_dir():
            self._drop_but(set())
            with suppress(OSError):
                self._folder.rmdir()

    def _numbers(self) -> list[int]:
        """Return the numbers of those that were committed, newest first."""
        names = [path.name for path in self._folder.iterdir()] if self._folder.is_dir() else []
        return sorted((int(m[1]) for m in map(_COMMIT.fullmatch, names) if m), reverse=True)

    def _drop_but(self, kept: set[int]) -> None:
        """Remove files of all others, what makes one true first, and what a kill left half done."""
        stay = {f"{number}{suffix}" for number in kept for suffix in (".json", ".safetensors")}
        gone = [path for path in self._folder.iterdir() if path.name not in stay]
        for path in sorted(gone, key=lambda path: path.suffix != ".json"):
            with suppress(OSError):
                path.unlink()


def _read(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    commit = read_sealed(path.with_suffix(".json"))
    with reading(path):
        stored = StoredArrays(CheckedFile(path, commit["bytes"], commit["crc32"]))
        return {name: array.whole() for name, array in stored.items()}, stored.document
