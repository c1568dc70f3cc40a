"""Writing a run: the record, then per fold its history, model and catalogue; the manifest last."""

from __future__ import annotations

import re
import time
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys_cli.errors import OutOfResources
from recsys_cli.runs._arrays import save_arrays
from recsys_cli.runs._atomic import atomic_write, disk_errors, encode
from recsys_cli.runs._manifest import MANIFEST, MODEL, Manifest
from recsys_cli.runs._reading import SCHEMA_VERSION

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from recsys_cli.runs._catalog import Catalog

RECORD = "run.json"
#: Seconds between two writes of lines of history: epochs may last less than a write takes.
_EVERY = 0.5
#: What the record of every run holds, beside what the caller adds.
FACTS = {
    "id": str,
    "name": str,
    "status": str,
    "created": str,
    "model": str,
    "dataset": dict,
    "seed": int,
    "argv": list,
    "stages": dict,
    "fingerprints": dict,
    "environment": dict,
}


def now() -> str:
    """Return the time in UTC, ISO 8601 with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class FoldRecorder:
    """The files of one fold of a run being trained.

    Parameters
    ----------
    folder : Path
        The run's own folder, or ``fold-<name>/`` in it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with disk_errors(folder):
            folder.mkdir(exist_ok=True)
        self._lines: list[bytes] = []
        self._written = -_EVERY

    def epoch(self, line: dict[str, Any]) -> None:
        """Append one line to ``history.jsonl``, which may be written some moments later."""
        self._lines.append(encode(line, indent=None))
        if time.monotonic() - self._written >= _EVERY:
            self.flush()

    def flush(self) -> None:
        """Write the lines that wait."""
        path = self.folder / "history.jsonl"
        if self._lines:
            with disk_errors(path), path.open("ab") as file:
                file.write(b"".join(self._lines))
        self._lines, self._written = [], time.monotonic()

    def save_model(self, config: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
        """Write ``model.safetensors``: the arrays, and the model's name and parameters."""
        self.flush()
        save_arrays(self.folder / MODEL, arrays, config)

    def save_catalog(self, catalog: Catalog) -> None:
        """Write ``catalog/``."""
        catalog.save(self.folder / "catalog")


class Recorder:
    """A run being trained; ``Store.create`` makes it, holds its lock, and commits or fails it.

    Parameters
    ----------
    folder : Path
        New and empty.
    name : str
        Of the experiment.
    argv : list of str
    seed : int
    spec_document : dict
        The complete spec.
    environment : dict
        What is known of the machine before training.

    Attributes
    ----------
    id : str
    record : dict
        What ``run.json`` holds; :meth:`update` writes it, and so does the end of the run.
    """

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        argv: list[str],
        seed: int,
        spec_document: dict[str, Any],
        environment: dict[str, Any],
    ) -> None:
        from recsys_cli.specfile import dump_document

        self.folder = folder
        self.id = folder.name
        self._fold: FoldRecorder | None = None
        atomic_write(folder / "spec.yaml", dump_document(spec_document).encode())
        self.record: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION,
            "id": self.id,
            "name": name,
            "status": "running",
            "created": now(),
            "model": spec_document["model"]["name"],
            "dataset": {"name": spec_document["dataset"]["name"]},
            "seed": seed,
            "argv": argv,
            "stages": {},
            "fingerprints": {},
            "environment": environment,
        }
        self.update()

    def update(self, **facts: Any) -> None:
        """Set facts of the record by name, and write ``run.json``."""
        self.record |= facts
        atomic_write(self.folder / RECORD, encode(self.record))

    def fold(self, name: str | None = None) -> FoldRecorder:
        """Return the recorder of one fold; None is the only one, whose files lie at the top."""
        if name is not None and not re.fullmatch(r"[\w.-]+", name):
            raise ValueError(f"a fold cannot be called {name!r}")
        self._fold = FoldRecorder(self.folder if name is None else self.folder / f"fold-{name}")
        return self._fold

    def commit(self) -> None:
        """Make the run complete."""
        self._end("complete")
        Manifest.write(self.folder)

    def fail(self, error: BaseException) -> None:
        """Write down what stopped the run, as well as the disk allows."""
        if (self.folder / MANIFEST).exists():
            return
        self.record["failure"] = {
            "type": type(error).__name__,
            "message": str(error),
            "traceback": "".join(traceback.format_exception(error)),
        }
        with suppress(OutOfResources):
            if self._fold is not None:
                self._fold.flush()
            self._end("interrupted" if isinstance(error, KeyboardInterrupt) else "failed")

    def _end(self, status: str) -> None:
        from recsys_cli.runs._environment import usage

        self.record["environment"] |= usage()
        self.update(status=status, finished=now())
