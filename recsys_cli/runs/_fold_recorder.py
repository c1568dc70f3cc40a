"""Writing one fold of a run: its history, checkpoints on the way, its model and catalogue."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys_cli.errors import DataError
from recsys_cli.runs._arrays import save_arrays
from recsys_cli.runs._atomic import append, atomic_write, disk_errors, encode, sync
from recsys_cli.runs._checkpoints import Checkpoints
from recsys_cli.runs._manifest import MODEL
from recsys_cli.runs._reading import damaged, reading

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from recsys_cli.runs._catalog import Catalog

logger = logging.getLogger(__name__)

HISTORY = "history.jsonl"
#: Seconds between two writes of lines of history: epochs may last less than a write takes.
_EVERY = 0.5


class FoldRecorder:
    """The files of one fold of a run being trained.

    Parameters
    ----------
    folder : Path
        The run's own folder, or ``fold-<name>/`` in it.
    every : float, optional
        Seconds between two checkpoints.
    """

    def __init__(self, folder: Path, every: float | None = None) -> None:
        self.folder = folder
        with disk_errors(folder):
            folder.mkdir(exist_ok=True)
        self._checkpoints = Checkpoints(folder, every)
        self._waiting: list[bytes] = []
        self._lines = 0
        self._written = -_EVERY

    def epoch(self, line: dict[str, Any]) -> None:
        """Append one line to ``history.jsonl``, which may be written some moments later."""
        self._waiting.append(encode(line, indent=None))
        self._lines += 1
        if time.monotonic() - self._written >= _EVERY:
            self.flush()

    def flush(self) -> None:
        """Write the lines that wait."""
        path = self.folder / HISTORY
        if self._waiting:
            append(path, b"".join(self._waiting))
        self._waiting, self._written = [], time.monotonic()

    @property
    def checkpoint_due(self) -> bool:
        """Whether it is time for another checkpoint."""
        return self._checkpoints.due

    def checkpoint(self, arrays: dict[str, NDArray[Any]], document: dict[str, Any]) -> None:
        """Keep what training can go on from, and drop all but the two newest.

        Raises
        ------
        OutOfResources
            If the disk is full, fails or denies it; those before are still there.
        """
        self.flush()
        if self._lines:
            with disk_errors(self.folder / HISTORY):
                sync(self.folder / HISTORY)
        self._checkpoints.save(arrays, {"lines": self._lines, **document})

    def take_up(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]] | None:
        """Go back to the newest checkpoint that is sound; return what it kept, None without any."""
        found = self._checkpoints.newest()
        try:
            self._rewind(0 if found is None else int(found[1]["lines"]))
        except DataError as error:
            logger.warning("training begins anew: %s", error)
            self._rewind(0)
            return None
        return found

    def _rewind(self, lines: int) -> None:
        path = self.folder / HISTORY
        with reading(path):
            kept = path.read_bytes().splitlines(keepends=True)[:lines] if path.exists() else []
            if len(kept) < lines:
                raise damaged(path, f"the file has fewer than {lines:,} lines")
        if path.exists():
            with disk_errors(path):
                atomic_write(path, b"".join(kept)) if kept else path.unlink()
        self._lines = lines

    def drop_checkpoints(self) -> None:
        """Remove them: what they would lead to is there."""
        self._checkpoints.drop()

    def save_model(self, config: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
        """Write ``model.safetensors``: the arrays, and the model's name and parameters."""
        self.flush()
        save_arrays(self.folder / MODEL, arrays, config)

    def save_catalog(self, catalog: Catalog) -> None:
        """Write ``catalog/``."""
        catalog.save(self.folder / "catalog")
