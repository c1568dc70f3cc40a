"""The trials of an interrupted search, found among the runs by the mark in their records."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from recsys_cli import __version__, experiment
from recsys_cli.errors import SpecError, SplitMismatch
from recsys_cli.fingerprint import digest
from recsys_cli.listener import SILENT
from recsys_cli.prints import Sources
from recsys_cli.runs import State, Store
from recsys_cli.spec import ExperimentSpec
from recsys_cli.specfile import varied
from recsys_cli.tuning._bench import DATA
from recsys_cli.tuning._trials import Trial, trial_of

#: What a trial may fail by, as the record names it, and would fail by again.
_LASTING = ("Diverged", "DataError")


def search_id(spec: ExperimentSpec, seed: int) -> str:
    """Return what all trials of a search have in common, however many it is to have."""
    document = spec.document()
    del document["search"]["trials"]
    return digest(document, seed, __version__)[:16]


def finished(store: Store, name: str, spec: ExperimentSpec, id_: str) -> dict[int, Trial]:
    """Return the trials that earlier searches of the same spec and seed got done, by number.

    Parameters
    ----------
    store : Store
    name : str
        Of the trials' runs.
    spec : ExperimentSpec
        With the ``search``.
    id_ : str
        As :func:`search_id` has it.

    Raises
    ------
    SplitMismatch
        If the data, features or candidates have changed since.
    """
    assert spec.search is not None
    found: dict[int, Trial] = {}
    made: list[tuple[ExperimentSpec, Sources]] = []
    for state in store.states(name):
        # No manifest guards a record: what somebody garbled is no trial, and is trained again.
        with suppress(AttributeError, KeyError, SpecError, TypeError, ZeroDivisionError):
            mark = state.record.get("search", {})
            if mark.get("id") == id_ and (trial := _trial(state, mark, spec.search.metric)):
                made.append((_of_data(spec, trial), Sources.then(state.record)))
                found[trial.number] = trial
    if not _same(made):
        raise SplitMismatch(
            "the data, features or candidates are not those that the search began with",
            where=f"{name}-*",
            hint="put the original files back, or search anew without --resume",
        )
    return found


def _of_data(spec: ExperimentSpec, trial: Trial) -> ExperimentSpec:
    """Return the spec with what was drawn for the data."""
    own = {key: value for key, value in trial.settings.items() if key.startswith(DATA)}
    return varied(spec, own, f"trial {trial.number}")


def _same(made: Iterable[tuple[ExperimentSpec, Sources]]) -> bool:
    """Return whether trials would be made from now what they were made from then."""
    now: dict[str, Sources] = {}
    for spec, then in made:
        mark = digest(spec.document()["dataset"])
        if mark not in now:
            now[mark] = Sources.now(spec, experiment.prepare(spec, SILENT).dataset)
        if not now[mark].made(then):
            return False
    return True


def _trial(state: State, mark: dict[str, Any], metric: str) -> Trial | None:
    if state.status == "complete":
        return trial_of(state.record, metric)
    failure = state.record.get("failure", {})
    if state.status != "failed" or failure.get("type") not in _LASTING:
        return None
    why = failure["message"].partition("\n")[0]
    return Trial(mark["number"], mark["settings"], state.record["id"], None, [], 0.0, why)
