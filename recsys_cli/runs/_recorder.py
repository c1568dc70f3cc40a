"""Writing a run: the record, then its folds; the manifest last."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from recsys_cli.errors import OutOfResources, RecsysError
from recsys_cli.interruption import last_words, received
from recsys_cli.runs._atomic import atomic_write
from recsys_cli.runs._fold_recorder import FoldRecorder
from recsys_cli.runs._manifest import MANIFEST, Manifest, listed
from recsys_cli.runs._reading import SCHEMA_VERSION
from recsys_cli.runs._seal import seal

RECORD, SPEC = "run.json", "spec.yaml"
#: Of several folds, those that are whole: in the record until the run is complete.
_DONE = "done"
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
    return moment(datetime.now(UTC).timestamp())


def moment(seconds: float) -> str:
    """Return a Unix time as :func:`now` has it."""
    found = datetime.fromtimestamp(seconds, UTC)
    return found.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Recorder:
    """A run being trained; ``Store`` makes it, holds its lock, and commits or fails it.

    Parameters
    ----------
    folder : Path
    record : dict
        What ``run.json`` is to hold.

    Attributes
    ----------
    id : str
    record : dict
        What ``run.json`` holds; :meth:`update` writes it, and so does the end of the run.
    """

    def __init__(self, folder: Path, record: dict[str, Any]) -> None:
        self.folder = folder
        self.id = folder.name
        self.record = record
        self._fold: FoldRecorder | None = None
        self.update()

    @classmethod
    def begin(
        cls,
        folder: Path,
        *,
        name: str,
        argv: list[str],
        seed: int,
        spec_document: dict[str, Any],
        environment: dict[str, Any],
        facts: Mapping[str, Any],
    ) -> Recorder:
        """Return the recorder of a new run.

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
        facts : mapping
            What else the record says from the first: a kill must not leave one without it.
        """
        from recsys_cli.specfile import dump_document

        atomic_write(folder / SPEC, dump_document(spec_document).encode())
        record = {
            "schema_version": SCHEMA_VERSION,
            "id": folder.name,
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
        return cls(folder, record | dict(facts))

    @classmethod
    def go_on(cls, folder: Path, record: dict[str, Any], how: dict[str, Any]) -> Recorder:
        """Return the recorder of a run that was stopped; ``how`` says by what it is taken up."""
        record = {key: record[key] for key in record if key not in ("failure", "finished")}
        resumed = [*record.get("resumed", []), {"at": now(), **how}]
        return cls(folder, record | {"status": "running", "resumed": resumed})

    def update(self, **facts: Any) -> None:
        """Set facts of the record by name, and write ``run.json``."""
        self.record |= facts
        atomic_write(self.folder / RECORD, seal(self.record))

    def fold(self, name: str | None = None, every: float | None = None) -> FoldRecorder:
        """Return the recorder of one fold.

        Parameters
        ----------
        name : str, optional
            None is the only fold, whose files lie at the top.
        every : float, optional
            Seconds between two checkpoints.
        """
        self._fold = FoldRecorder(self._place(name), every)
        return self._fold

    def _place(self, name: str | None) -> Path:
        if name is not None and not re.fullmatch(r"[\w.-]+", name):
            raise ValueError(f"a fold cannot be called {name!r}")
        return self.folder if name is None else self.folder / f"fold-{name}"

    def finish_fold(self, name: str) -> None:
        """Note that one of several folds is whole, and what it holds: it need not be made again."""
        done = {**self.record.get(_DONE, {}), name: listed(self._place(name))}
        self.update(**{_DONE: done})
        if self._fold is not None:
            self._fold.drop_checkpoints()

    def has_fold(self, name: str) -> bool:
        """Return whether one of several folds is whole, and as it was when it was finished."""
        done = self.record.get(_DONE, {}).get(name)
        return done is not None and listed(self._place(name)) == done

    def commit(self) -> None:
        """Make the run complete."""
        self._end("complete")
        Manifest.write(self.folder)
        if self._fold is not None:
            self._fold.drop_checkpoints()
        # Not before: stopped until now, a run of several folds has them still.
        if self.record.pop(_DONE, None):
            with suppress(OutOfResources):
                self.update()

    def fail(self, error: BaseException) -> None:
        """Write down what stopped the run, as well as the disk allows."""
        if (self.folder / MANIFEST).exists():
            return
        self.record["failure"] = {
            "type": type(error).__name__,
            "message": str(error),
            "traceback": "".join(traceback.format_exception(error)),
        }
        interrupted = isinstance(error, KeyboardInterrupt)
        with suppress(OutOfResources):
            if self._fold is not None:
                self._fold.flush()
        with suppress(OutOfResources):
            self._end("interrupted" if interrupted else "failed")

    def _end(self, status: str) -> None:
        from recsys_cli.runs._environment import usage

        self.record["environment"] |= usage()
        self.update(status=status, finished=now())


@contextmanager
def ending(recorder: Recorder) -> Iterator[None]:
    """Commit the run at the end of the block, or write down what stopped it."""
    with last_words(recorder.fail):
        try:
            yield
            recorder.commit()
        except BaseException as error:
            recorder.fail(received() or error)
            if isinstance(error, RecsysError):
                error.run = recorder.id
            raise
