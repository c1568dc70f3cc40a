"""A run that was stopped before it was complete, and what it takes to go on with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recsys_cli.errors import DamagedRun, DataError, Locked, SpecError
from recsys_cli.runs._reading import read_bytes, read_versioned, reading
from recsys_cli.runs._recorder import RECORD, SPEC
from recsys_cli.runs._state import examine, refusal

#: What the same bits depend on, of the record's environment.
_MACHINE = ("versions", "python", "cpu")


@dataclass(frozen=True, eq=False)
class Left:
    """What was asked of a run, and what is recorded of it.

    Attributes
    ----------
    path : Path
    record : dict
        What ``run.json`` holds.
    spec_document : dict
        What ``spec.yaml`` holds. No manifest vouches for it yet, but the fingerprint in the record.
    environment : dict
        What is known of the machine now.
    """

    path: Path
    record: dict[str, Any]
    spec_document: dict[str, Any]
    environment: dict[str, Any]


def left(folder: Path) -> Left:
    """Return a run that failed or was interrupted.

    Raises
    ------
    SpecError
        If it is complete, a trial of a search, or holds recommendations made elsewhere.
    Locked
        If it is still being trained.
    DamagedRun, DataError
        If it was stopped before its training began, or was trained with other versions or on
        another machine: the result would be neither's.
    """
    import yaml

    from recsys_cli.runs._environment import environment

    state = examine(folder)
    if state.status == "complete":
        raise SpecError("the run is complete: there is nothing to resume", where=folder.name)
    if state.status == "running":
        hint = "recsys runs tells when it is complete"
        raise Locked("the run is still being trained", where=folder.name, hint=hint)
    if state.status not in ("failed", "interrupted"):
        assert state.problem is not None
        raise state.problem
    record = read_versioned(folder / RECORD)
    if (refused := refusal(folder, record)) is not None:
        raise refused
    now = environment()
    _require_same_machine(folder, record, now)
    path = folder / SPEC
    with reading(path):
        return Left(folder, record, dict(yaml.load(read_bytes(path), yaml.SafeLoader)), now)


def _require_same_machine(folder: Path, record: dict[str, Any], now: dict[str, Any]) -> None:
    then = record.get("environment")
    if not isinstance(then, dict):
        raise DamagedRun("the record has no environment", where=str(folder / RECORD))
    for kind in _MACHINE:
        was, found = _plain(then.get(kind)), _plain(now[kind])
        changed = [f"{key} {was.get(key)}" for key in found if found[key] != was.get(key)]
        if changed:
            raise DataError(
                f"the run was begun with {', '.join(changed)}, and would not end as the same run",
                where=folder.name,
                hint=f"train it again: recsys train {folder / SPEC}",
            )


def _plain(found: Any) -> dict[str, Any]:
    """Return what of a fact of the environment counts: threads change no result."""
    if isinstance(found, dict):
        return {key: one for key, one in found.items() if key not in ("threads", "available")}
    return {"python": found}
