"""The folder of all runs: it numbers new ones, lists them and finds one by what users say."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from recsys_cli.errors import DataError, Locked, NotFound, RecsysError, SpecError
from recsys_cli.interruption import last_words, received
from recsys_cli.runs._atomic import disk_errors, sync
from recsys_cli.runs._left import Left, left
from recsys_cli.runs._lock import lock
from recsys_cli.runs._log import logged
from recsys_cli.runs._manifest import MANIFEST
from recsys_cli.runs._names import RUN_ID, split
from recsys_cli.runs._reading import read_versioned
from recsys_cli.runs._recorder import RECORD, Recorder, moment
from recsys_cli.runs._retired import last_retired
from recsys_cli.runs._run import Run
from recsys_cli.runs._state import State, examine
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
        with self._taken(name) as folder, logged(folder):
            recorder = Recorder.begin(
                folder,
                name=name,
                argv=argv,
                seed=seed,
                spec_document=spec_document,
                environment=found,
            )
            with _ending(recorder):
                yield recorder

    def left(self, ref: str = LATEST) -> Left:
        """Return the run that a reference means and that was stopped before it was complete.

        Parameters
        ----------
        ref : str
            A run id, a spec name (its newest such run), ``latest``, or a path.

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
        for id_ in sorted(named, key=lambda id_: (self._created(id_), split(id_)), reverse=True):
            if examine(self.root / id_).status in ("failed", "interrupted"):
                return left(self.root / id_)
        if named:
            hint = "recsys runs lists them all"
            raise NotFound("every run is complete", where=str(self.root), hint=hint)
        if ref != LATEST and _is_folder(ref):
            return left(Path(ref))
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
        with lock(stopped.path, timeout=0), logged(stopped.path):
            if (stopped.path / MANIFEST).exists():
                hint = "recsys runs lists it"
                raise Locked("the run was completed meanwhile", where=stopped.path.name, hint=hint)
            found = stopped.environment
            how = {"argv": argv, "threads": found["cpu"]["threads"], "git": found["git"]}
            recorder = Recorder.go_on(stopped.path, stopped.record, how)
            with _ending(recorder):
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
                found = [entry.name for entry in entries if _is_run(entry)]
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted((id_ for id_ in found if name in (None, split(id_)[0])), key=split)

    def runs(self) -> list[RunSummary]:
        """Return all runs, newest first; whatever a folder holds, it is listed."""
        found = [summarise(self.root / id_) for id_ in self.ids()]
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
        if ref in ids:
            return Run(self.root / ref)
        named = [id_ for id_ in ids if ref == LATEST or split(id_)[0] == ref]
        if named:
            return self._newest(ref, named)
        if ref != LATEST and _is_folder(ref):
            return Run(Path(ref))
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
        for id_ in reversed(self.ids(name)):
            state = examine(self.root / id_)
            if state.status == "complete":
                prints, used = state.record["fingerprints"], state.record["environment"]
                if (prints.get("spec"), prints.get("data"), used.get("versions")) == asked:
                    return Run(self.root / id_)
        return None

    def _newest(self, ref: str, ids: list[str]) -> Run:
        ids = sorted(ids, key=lambda id_: (self._created(id_), split(id_)))
        for id_ in reversed(ids):
            # Of a damaged one Run says so: an older one would answer otherwise, unnoticed.
            if examine(self.root / id_).status in _COMMITTED:
                return Run(self.root / id_)
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
            return moment((self.root / id_).stat().st_mtime)

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


@contextmanager
def _ending(recorder: Recorder) -> Iterator[None]:
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


def _is_run(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith(".") or not entry.is_dir():
        return False
    return bool(RUN_ID.fullmatch(entry.name)) or Path(entry.path, RECORD).exists()


def _is_folder(path: str) -> bool:
    """Say whether a path is a folder's; what can be no path at all is none."""
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):
        return False
