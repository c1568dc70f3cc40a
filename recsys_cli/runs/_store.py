"""The folder of all runs: it numbers new ones, lists them and finds one by what users say."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from recsys_cli.errors import DataError, Locked, NotFound, RecsysError, SpecError
from recsys_cli.runs._atomic import disk_errors, sync
from recsys_cli.runs._left import Left, left
from recsys_cli.runs._lock import READERS, lock
from recsys_cli.runs._log import logged
from recsys_cli.runs._manifest import MANIFEST
from recsys_cli.runs._names import RUN_ID, split
from recsys_cli.runs._own import is_run
from recsys_cli.runs._paths import folder_of
from recsys_cli.runs._reading import read_versioned
from recsys_cli.runs._recorder import RECORD, Recorder, ending, moment
from recsys_cli.runs._retired import last_retired
from recsys_cli.runs._run import Run
from recsys_cli.runs._state import State, examine, refusal
from recsys_cli.runs._summary import RunSummary, summarise
from recsys_cli.visible import quoted

LATEST = "latest"
#: What a run with a manifest is.
_COMMITTED = ("complete", "damaged", "newer")


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
        self,
        name: str,
        *,
        argv: list[str],
        seed: int,
        spec_document: dict[str, Any],
        facts: Mapping[str, Any] | None = None,
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
        facts : mapping, optional
            What the record says beside, from the first.

        Raises
        ------
        OutOfResources
            If the disk is full, fails or denies it.
        """
        from recsys_cli.runs._environment import environment

        # Before the lock: a child process between fork and exec holds every lock of its parent, so
        # one that asks git or the linker would keep a killed run looking alive for that moment.
        found = environment()
        with self._taken(name) as folder, logged(folder):
            recorder = Recorder.begin(
                folder,
                name=name,
                argv=argv,
                seed=seed,
                spec_document=spec_document,
                environment=found,
                facts=facts or {},
            )
            with ending(recorder):
                yield recorder

    def left(self, ref: str = LATEST) -> Left:
        """Return the run that a reference means and that was stopped before it was complete.

        Parameters
        ----------
        ref : str
            A run id, a spec name (its newest run that can be gone on with), ``latest``, or a path.

        Raises
        ------
        NotFound
            If nothing answers to it.
        SpecError, Locked, DataError
            As :func:`left`.
        """
        ids = self.ids()
        if ref in ids:
            return left(self.root / ref)
        named = [id_ for id_ in ids if ref == LATEST or split(id_)[0] == ref]
        refused = None
        for id_ in sorted(named, key=lambda id_: (self._created(id_), split(id_)), reverse=True):
            state = examine(self.root / id_)
            if state.status in ("failed", "interrupted"):
                if (why := refusal(self.root / id_, state.record)) is None:
                    return left(self.root / id_)
                refused = refused or why
        if named:
            hint = "recsys runs lists them all"
            none = f"no run{'' if ref == LATEST else f' of {ref}'} was stopped"
            raise refused or NotFound(none, where=str(self.root), hint=hint)
        if ref != LATEST and (folder := folder_of(ref)) is not None:
            return left(folder)
        raise self._unknown(ref, ids)

    @contextmanager
    def resume(self, stopped: Left, *, argv: list[str]) -> Iterator[Recorder]:
        """Go on with a run; the end of the block commits it, an exception marks it failed.

        Raises
        ------
        Locked
            If another process does so already.
        OutOfResources
            If the disk is full, fails or denies it.
        """
        with lock(stopped.path, READERS), logged(stopped.path):
            if (stopped.path / MANIFEST).exists():
                hint = "recsys runs lists it"
                raise Locked("the run was completed meanwhile", where=stopped.path.name, hint=hint)
            found = stopped.environment
            # Another process may have gone on with it since it was looked at.
            record = read_versioned(stopped.path / RECORD)
            how = {"argv": argv, "threads": found["cpu"]["threads"], "git": found["git"]}
            recorder = Recorder.go_on(stopped.path, record, how)
            with ending(recorder):
                yield recorder

    def ids(self, name: str | None = None) -> list[str]:
        """Return the ids of runs, complete or not, in the order of name and number.

        Parameters
        ----------
        name : str, optional
            Of a spec: its runs only.
        """
        try:
            with os.scandir(self.root) as entries:
                found = [entry.name for entry in entries if entry.is_dir()]
        except (FileNotFoundError, NotADirectoryError):
            return []
        asked = [id_ for id_ in found if name in (None, split(id_)[0])]
        return sorted((id_ for id_ in asked if is_run(self.root / id_)), key=split)

    def runs(self) -> list[RunSummary]:
        """Return all runs, newest first; whatever one holds, it is listed."""
        looked = [summarise(self.root / id_) for id_ in self.ids()]
        # One that was moved to the trash as it was looked at would be said to be damaged.
        found = [run for run in looked if run.status == "complete" or self._has(run.id)]
        return sorted(found, key=lambda run: (run.created or "", split(run.id)), reverse=True)

    def states(self, name: str) -> Iterator[State]:
        """Yield what every run of a spec's name is, complete or not, in order of their numbers."""
        for id_ in self.ids(name):
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
        if ref in ids and (run := self._opened(ref)):
            return run
        named = [id_ for id_ in ids if ref == LATEST or split(id_)[0] == ref]
        if named:
            return self._newest(ref, named)
        if ref != LATEST and (folder := folder_of(ref)) is not None:
            return Run(folder)
        raise self._unknown(ref, ids)

    def exactly(self, id_: str) -> Path:
        """Return the folder of the run of this id, complete or not.

        Raises
        ------
        SpecError
            If it is ``latest`` or a spec's name, which mean another run tomorrow.
        NotFound
            If there is no such run.
        """
        ids = self.ids()
        if id_ in ids:
            return self.root / id_
        named = [one for one in ids if id_ == LATEST or split(one)[0] == id_]
        if named:
            raise SpecError("is no run id", where=id_, hint=f"say which: {named[-1]}")
        raise self._unknown(id_, ids)

    def next_id(self, name: str) -> str:
        """Return the id that the next run of this name gets, if nobody else begins one first."""
        return f"{name}-{self._last(name) + 1}"

    def trained(
        self,
        name: str,
        *,
        spec: str,
        data: str,
        files: str | None = None,
        candidates: str | None = None,
    ) -> Run | None:
        """Return the newest complete run that training the same again would only repeat.

        Parameters
        ----------
        name : str
            Of the experiment.
        spec, data, files, candidates : str
            Fingerprints, ``files`` that of the sources of the data. The run must have them all, and
            the versions of all packages used now.
        """
        from recsys_cli.runs._environment import versions

        asked = (spec, data, candidates, files, versions())
        for id_ in reversed(self.ids(name)):
            state = examine(self.root / id_)
            if state.status == "complete":
                prints, used = state.record["fingerprints"], state.record["environment"]
                has = [prints.get(kind) for kind in ("spec", "data", "candidates")]
                has.append(state.record["dataset"].get("source_hash"))
                if (*has, used.get("versions")) == asked:
                    return Run(self.root / id_)
        return None

    def _newest(self, ref: str, ids: list[str]) -> Run:
        ids = sorted(ids, key=lambda id_: (self._created(id_), split(id_)))
        for id_ in reversed(ids):
            # Of a damaged one Run says so: an older one would answer otherwise, unnoticed.
            if examine(self.root / id_).status in _COMMITTED and (run := self._opened(id_)):
                return run
        ids = [id_ for id_ in ids if self._has(id_)]
        if not ids:
            raise self._unknown(ref, [])
        last = examine(self.root / ids[-1])
        raise NotFound(
            f"{'no run' if ref == LATEST else 'no run of ' + ref} is complete; "
            f"{ids[-1]}: {last.problem.message if last.problem else ''}",
            where=str(self.root),
            hint="recsys runs lists them all",
        )

    def _created(self, id_: str) -> str:
        """Return when a run was begun, or, where its record cannot be read, last written to."""
        try:
            return str(read_versioned(self.root / id_ / RECORD).get("created"))
        except DataError:
            with suppress(OSError):
                return moment((self.root / id_).stat().st_mtime)
            return ""

    def _has(self, id_: str) -> bool:
        """Return whether a run that was there a moment ago still is."""
        return os.path.lexists(self.root / id_)

    def _opened(self, id_: str) -> Run | None:
        """Return a complete run, None if it has been removed meanwhile."""
        try:
            return Run(self.root / id_)
        except RecsysError:
            if self._has(id_):
                raise
            return None

    def _unknown(self, ref: str, ids: list[str]) -> NotFound:
        if not ids:
            hint = "recsys train SPEC makes one"
            return NotFound("there are no runs yet", where=str(self.root), hint=hint)
        names = {split(id_)[0] for id_ in ids}
        near = difflib.get_close_matches(ref, [*ids, *names], n=3, cutoff=0.5)
        hint = f"nearest: {', '.join(near)}" if near else "recsys runs lists them all"
        return NotFound(f"there is no run {quoted(ref)}", where=str(self.root), hint=hint)

    @contextmanager
    def _taken(self, name: str) -> Iterator[Path]:
        """Yield the folder of a new run, locked."""
        with ExitStack() as stack:
            while True:
                folder = self._take(name)
                # An empty folder without a lock is a dead run's, which may be cleared away.
                with suppress(NotFound):
                    stack.enter_context(lock(folder))
                    break
            yield folder

    def _take(self, name: str) -> Path:
        """Make the folder of the next run: who makes it has the number, however many try."""
        if not RUN_ID.fullmatch(f"{name}-1"):
            raise SpecError(f"a run cannot be called {quoted(name)}", where="name")
        with disk_errors(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            number = self._last(name)
            while True:
                number += 1
                try:
                    (self.root / f"{name}-{number}").mkdir()
                except FileExistsError:
                    continue
                sync(self.root)
                return self.root / f"{name}-{number}"

    def _last(self, name: str) -> int:
        """Return the highest number that a run of this name ever had."""
        numbers = [split(id_)[1] for id_ in self.ids(name)]
        # Looked at after the ids: a removed run is put down before its folder goes.
        return max(*numbers, last_retired(self.root, name), 0)
