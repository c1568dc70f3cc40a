"""The trials of an interrupted search, found among the runs by the mark in their records."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from recsys_cli import __version__, experiment
from recsys_cli.errors import SplitMismatch
from recsys_cli.fingerprint import digest
from recsys_cli.listener import SILENT
from recsys_cli.runs import State, Store
from recsys_cli.spec import ExperimentSpec
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
        If the data have changed since.
    """
    assert spec.search is not None
    found: dict[int, Trial] = {}
    prints = set()
    for state in store.states(name):
        # No manifest guards a record: what somebody garbled is no trial, and is trained again.
        with suppress(AttributeError, KeyError, TypeError, ZeroDivisionError):
            mark = state.record.get("search", {})
            if mark.get("id") == id_ and (trial := _trial(state, mark, spec.search.metric)):
                prints.add(state.record["fingerprints"]["data"])
                found[trial.number] = trial
    fixed = not any(key.startswith(DATA) for key in spec.search.space)
    if found and fixed and prints != {_data_now(spec)}:
        raise SplitMismatch(
            "the data are not those that the search began with",
            where=f"{name}-*",
            hint="put the original files back, or search anew without --resume",
        )
    return found


def _trial(state: State, mark: dict[str, Any], metric: str) -> Trial | None:
    if state.status == "complete":
        return trial_of(state.record, metric)
    failure = state.record.get("failure", {})
    if state.status != "failed" or failure.get("type") not in _LASTING:
        return None
    why = failure["message"].partition("\n")[0]
    return Trial(mark["number"], mark["settings"], state.record["id"], None, [], 0.0, why)


def _data_now(spec: ExperimentSpec) -> str:
    return experiment.prepare(spec, SILENT).dataset.interactions.fingerprint
