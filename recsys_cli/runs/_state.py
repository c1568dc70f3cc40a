"""What a run folder is: complete, running, failed, interrupted, damaged or from a newer recsys."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from recsys_cli.errors import DamagedRun, DataError, NotFound, RecsysError, SpecError, need
from recsys_cli.runs._evaluation import METRICS
from recsys_cli.runs._lock import held
from recsys_cli.runs._log import LOG
from recsys_cli.runs._manifest import MANIFEST, Manifest
from recsys_cli.runs._reading import damaged, read_versioned
from recsys_cli.runs._recorder import FACTS, RECORD, SPEC

Status = Literal["complete", "running", "failed", "interrupted", "damaged", "newer"]


@dataclass(frozen=True)
class State:
    """A folder as it was found.

    Attributes
    ----------
    status : str
    record : dict
        Of ``run.json``; empty where it cannot be read.
    problem : RecsysError, optional
        Why the run does not answer; None when it is complete.
    manifest : Manifest, optional
        When it is complete.
    """

    status: Status
    record: dict[str, Any]
    problem: RecsysError | None = None
    manifest: Manifest | None = None


def examine(folder: Path) -> State:
    """Return the state of a folder; never raises for what it holds.

    The manifest decides: with it a run is complete whatever its record says. Without it the lock
    tells a running run from a dead one, so that a dead run never looks alive.
    """
    try:
        return _examined(folder)
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
        return State("damaged", {}, DamagedRun(reason, where=str(folder), hint=need(error)))


def _examined(folder: Path) -> State:
    manifest = folder / MANIFEST
    if not manifest.exists():
        alive = held(folder)
        if not alive and (folder / METRICS).exists():
            return State("damaged", {}, damaged(manifest, "the file is missing"))
        # Looked at again: a run may commit, then release its lock, between the two looks.
        if not manifest.exists():
            return _incomplete(folder, alive)
    return _committed(folder)


def _committed(folder: Path) -> State:
    record: dict[str, Any] = {}
    path = folder / RECORD
    try:
        record = read_versioned(path)
        _check(path, record)
        return State("complete", record, manifest=Manifest.read(folder, record))
    except DamagedRun as error:
        return State("damaged", record, error)
    except DataError as error:
        return State("newer", record, error)


def _check(path: Path, record: dict[str, Any]) -> None:
    """Raise DamagedRun unless the record, which no manifest guards, holds what readers count on."""
    for name, kind in FACTS.items():
        if not isinstance(record.get(name), kind):
            raise damaged(path, f"the record has no {name}")


def _incomplete(folder: Path, alive: bool) -> State:
    try:
        record = read_versioned(folder / RECORD)
    except DataError:
        # Killed before the first record was written, or garbled since: there is nothing to lose.
        record = {}
    if alive:
        problem = NotFound(
            "the run is still being trained",
            where=folder.name,
            hint="recsys runs tells when it is complete",
        )
        return State("running", record, problem)
    failure = record.get("failure")
    if record.get("status") == "failed" and isinstance(failure, dict):
        problem = NotFound(
            f"the run failed: {failure.get('type')}: {failure.get('message')}",
            where=folder.name,
            hint=f"its traceback is in {folder / LOG}",
        )
        return State("failed", record, problem)
    problem = NotFound(
        "the run was interrupted before it was complete",
        where=folder.name,
        hint=_go_on(folder, record),
    )
    return State("interrupted", record, problem)


def _go_on(folder: Path, record: dict[str, Any]) -> str | None:
    """Return how to come to the run all the same."""
    refused = refusal(folder, record)
    return refused.hint if refused else f"recsys train --resume {folder.name} goes on with it"


def refusal(folder: Path, record: dict[str, Any]) -> RecsysError | None:
    """Return why nothing goes on with a run that was stopped; None if ``train --resume`` does."""
    name = folder.name
    if "recommendations" in record:
        hint = "evaluate it again: recsys evaluate --recommendations FILE SPEC"
        return SpecError("the run holds recommendations made elsewhere", where=name, hint=hint)
    if "search" in record:
        hint = "recsys tune SPEC --resume goes on with the search"
        return SpecError("the run is a trial of a search", where=name, hint=hint)
    prints = record.get("fingerprints")
    if not isinstance(prints, dict) or "data" not in prints:
        # What an older recsys writes first says neither of those.
        spec = folder / SPEC
        hint = f"train it again: recsys train {spec if spec.exists() else 'SPEC'}"
        return DamagedRun("the run was stopped before its training began", where=name, hint=hint)
    return None
