"""The folder of all runs: it numbers new ones, lists them and finds one by what users say."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from recsys_cli.errors import DataError, NotFound, RecsysError, SpecError
from recsys_cli.runs._atomic import disk_errors, sync
from recsys_cli.runs._lock import lock
from recsys_cli.runs._log import logged
from recsys_cli.runs._names import RUN_ID, split
from recsys_cli.runs._reading import read_versioned
from recsys_cli.runs._recorder import RECORD, Recorder
from recsys_cli.runs._run import Run
from recsys_cli.runs._state import State, examine
from recsys_cli.runs._summary import RunSummary, summarise

LATEST = "latest"


class Store:
    """The folder that holds the runs; it need not exist before the first.

    Parameters
    ----------
    root : Path
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextmanager
    def create(
        self, name: str, *, argv: list[str], seed: int, spec_document: dict[str, Any]
    ) -> Iterator[Recorder]:
        """Begin a run; the end of the block commits it, an exception marks it failed.

        Parameters
        ----------
        name : str
            Of the experiment; the run gets the next number free.
        argv : list of str
            The command line.
        seed : int
        spec_document : dict
            The complete spec, with ``model.name`` and ``dataset.name``.

        Raises
        ------
        OutOfResources
            If the disk is full, fails or denies it.
        """
        from recsys_cli.runs._environment import environment

        # Before the lock: a child process between fork and exec holds every lock of its parent, so
        # one that asks git or the linker would keep a killed run looking alive for that moment.
        found = environment()
        folder = self._take(name)
        with lock(folder), logged(folder):
            recorder = Recorder(
                folder,
                name=name,
                argv=argv,
                seed=seed,
                spec_document=spec_document,
                environment=found,
            )
            try:
                yield recorder
                recorder.commit()
            except BaseException as error:
                recorder.fail(error)
                if isinstance(error, RecsysError):
                    error.run = recorder.id
                raise

    def ids(self) -> list[str]:
        """Return the ids of all runs, complete or not, in the order of name and number."""
        try:
            with os.scandir(self.root) as entries:
                found = [entry.name for entry in entries if _is_run(entry)]
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(found, key=split)

    def runs(self) -> list[RunSummary]:
        """Return all runs, newest first; whatever a folder holds, it is listed."""
        found = [summarise(self.root / id_) for id_ in self.ids()]
        return sorted(found, key=lambda run: (run.created or "", split(run.id)), reverse=True)

    def states(self, name: str) -> Iterator[State]:
        """Yield what every run of a spec's name is, complete or not, in order of their numbers."""
        for id_ in self.ids():
            if split(id_)[0] == name:
                yield examine(self.root / id_)

    def find(self, ref: str = LATEST) -> Run:
        """Return the complete run that a reference means.

        Parameters
        ----------
        ref : str
            A run id, a spec name (its newest complete run), ``latest``, or a path.

        Raises
        ------
        NotFound
            If nothing answers to it; the message names the nearest ids, or the status of the run.
        DamagedRun, DataError
            As :class:`Run`.
        """
        ids = self.ids()
        if ref in ids:
            return Run(self.root / ref)
        named = [id_ for id_ in ids if ref == LATEST or split(id_)[0] == ref]
        if named:
            return self._newest(ref, named)
        if ref != LATEST and Path(ref).is_dir():
            return Run(Path(ref))
        raise self._unknown(ref, ids)

    def trained(self, name: str, *, spec: str, data: str) -> Run | None:
        """Return the newest complete run that training the same again would only repeat.

        Parameters
        ----------
        name : str
            Of the experiment.
        spec, data : str
            Fingerprints. The run must have both, and the versions of all packages used now.
        """
        from recsys_cli.runs._environment import versions

        asked = (spec, data, versions())
        for id_ in reversed([id_ for id_ in self.ids() if split(id_)[0] == name]):
            state = examine(self.root / id_)
            if state.status == "complete":
                prints, used = state.record["fingerprints"], state.record["environment"]
                if (prints.get("spec"), prints.get("data"), used.get("versions")) == asked:
                    return Run(self.root / id_)
        return None

    def _newest(self, ref: str, ids: list[str]) -> Run:
        ids = sorted(ids, key=lambda id_: (self._created(id_), split(id_)))
        for id_ in reversed(ids):
            if examine(self.root / id_).status == "complete":
                return Run(self.root / id_)
        last = examine(self.root / ids[-1])
        raise NotFound(
            f"{'no run' if ref == LATEST else 'no run of ' + ref} is complete; "
            f"{ids[-1]}: {last.problem.message if last.problem else ''}",
            where=str(self.root),
            hint="recsys runs lists them all",
        )

    def _created(self, id_: str) -> str:
        try:
            return str(read_versioned(self.root / id_ / RECORD).get("created"))
        except DataError:
            return ""

    def _unknown(self, ref: str, ids: list[str]) -> NotFound:
        if not ids:
            hint = "recsys train SPEC makes one"
            return NotFound("there are no runs yet", where=str(self.root), hint=hint)
        names = {split(id_)[0] for id_ in ids}
        near = difflib.get_close_matches(ref, [*ids, *names], n=3, cutoff=0.5)
        hint = f"nearest: {', '.join(near)}" if near else "recsys runs lists them all"
        return NotFound(f'there is no run "{ref}"', where=str(self.root), hint=hint)

    def _take(self, name: str) -> Path:
        """Make the folder of the next run: who makes it has the number, however many try."""
        if not RUN_ID.fullmatch(f"{name}-1"):
            raise SpecError(f'a run cannot be called "{name}"', where="name")
        with disk_errors(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            number = max((split(id_)[1] for id_ in self.ids() if split(id_)[0] == name), default=0)
            while True:
                number += 1
                try:
                    (self.root / f"{name}-{number}").mkdir()
                except FileExistsError:
                    continue
                sync(self.root)
                return self.root / f"{name}-{number}"


def _is_run(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith(".") or not entry.is_dir():
        return False
    return bool(RUN_ID.fullmatch(entry.name)) or Path(entry.path, RECORD).exists()
