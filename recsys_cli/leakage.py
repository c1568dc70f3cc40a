"""The audit of a split: what its training side knows of the test part, counted and judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from recsys_cli.data import Bool, Int64, Interactions, Split, concatenate
from recsys_cli.findings import Finding, Severity
from recsys_cli.loaders import LOADERS
from recsys_cli.models import MODELS
from recsys_cli.prepare import FILTERS
from recsys_cli.spec import ExperimentSpec
from recsys_cli.splitters import SPLITTERS
from recsys_cli.splitters._base import Order


def audit(spec: ExperimentSpec, split: Split) -> list[Finding]:
    """Return what the audit finds of one split of the spec, also where that is nothing.

    The training side is all but the test part: validation rows choose the epoch, history rows are
    folded in. Cold users are those without training or history, cold items those without training
    rows, as in the counts of an evaluation.

    Parameters
    ----------
    split : Split
        As the final model meets it, the validation part in training if ``train.refit`` says so.
    """
    splitter = SPLITTERS.create(spec.split)
    known = [part for name, part in split.parts().items() if name != "test"]
    return [
        *_time_travel(known, split.test, splitter.order),
        *_shared(known, split.test, splitter.order, repeats=splitter.config.repeats),
        *_cold(split),
        *_hindsight(spec, splitter.order),
    ]


def _time_travel(
    known: Sequence[Interactions], test: Interactions, order: Order
) -> Iterator[Finding]:
    own = "test interactions precede a training one of the same user"
    anyone = "test interactions precede a training one of anyone"
    tied = "test interactions share the second of the user's last training one"
    times = [part.timestamp for part in known if part.timestamp is not None]
    if test.timestamp is None or not times:
        why = ": the data have no times"
        yield Finding("precedes_own", own + why, "unknown")
        yield Finding("precedes_anyone", anyone + why, "unknown")
        yield Finding("ties_own", tied + why, "unknown")
        return
    last = np.full(test.n_users, np.iinfo(np.int64).min)
    for part, at in zip(known, times, strict=True):
        np.maximum.at(last, part.user_idx, at)
    of_user = last[test.user_idx]
    yield _counted("precedes_own", own, test.timestamp < of_user, _broken(order, "user", "all"))
    early = test.timestamp < last.max()
    yield _counted("precedes_anyone", anyone, early, _broken(order, "all"))
    yield _counted("ties_own", tied, test.timestamp == of_user, "expected")


def _broken(order: Order, *promised: Order) -> Severity:
    if order == "unknown":
        return "doubtful"
    return "severe" if order in promised else "expected"


def _shared(
    known: Sequence[Interactions], test: Interactions, order: Order, *, repeats: bool
) -> Iterator[Finding]:
    """Yield pairs on both sides; without ``repeats`` the splitter has refused every one."""
    pairs = "test interactions repeat a user and item of training"
    timed = test.timestamp is not None
    event = "user, item, value and time" if timed else "user, item and value"
    copies = f"test interactions repeat {event} of a training one"
    both: Bool = np.zeros(len(test), np.bool_)
    same = both
    if repeats:
        both = np.isin(test.pair_key, np.concatenate([part.pair_key for part in known]))
        same = _copies(known, test, both)
    # Where the past alone trains, people who come back are part of the task.
    again: Severity = "expected" if order in ("user", "all") else "doubtful"
    yield _counted("pairs", pairs, both, again)
    yield _counted("duplicates", copies, same, "severe" if timed else "doubtful")


def _copies(known: Sequence[Interactions], test: Interactions, both: Bool) -> Bool:
    """Return which test rows have an equal among the known ones; ``both`` are those to look at."""
    pairs = test.pair_key[both]
    near = concatenate([part.take(np.isin(part.pair_key, pairs)) for part in known])
    found = np.zeros(len(test), np.bool_)
    found[both] = np.isin(_records(test.take(both)), _records(near))
    return found


def _records(data: Interactions) -> np.ndarray[Any, np.dtype[np.void]]:
    time: Int64 = np.zeros(len(data), np.int64) if data.timestamp is None else data.timestamp
    columns = [("pair", np.int64), ("value", np.float32), ("time", np.int64)]
    rows = np.empty(len(data), columns)
    rows["pair"], rows["value"], rows["time"] = data.pair_key, data.value, time
    return rows


def _cold(split: Split) -> Iterator[Finding]:
    known = split.train.user_counts
    if split.history is not None:
        known = known + split.history.user_counts
    for name, what, test, train in (
        ("cold_users", "users", split.test.user_counts, known),
        ("cold_items", "items", split.test.item_counts, split.train.item_counts),
    ):
        yield _counted(
            name, f"test {what} are unseen in training", train[test > 0] == 0, "expected"
        )


def _hindsight(spec: ExperimentSpec, order: Order) -> Iterator[Finding]:
    """Yield what is computed from rows that may be in the test part, one line a question."""
    yield from _filters(spec, order) or [
        Finding("prepare", "no filter judges rows by others that may be tested", "none")
    ]
    clause = LOADERS.create(spec.dataset.loader).hindsight
    name, reads = spec.model.component_name(), MODELS.create(spec.model).scores_new_items
    if clause is not None and reads:
        yield Finding("features", f"{name} reads features: {clause}", "doubtful")
    else:
        yield Finding("features", f"{name} reads no feature made from interactions", "none")
    # Models, candidates and propensities by popularity are given the training part alone.
    yield Finding("popularity", "popularity is counted in the training part alone", "none")


def _filters(spec: ExperimentSpec, order: Order) -> list[Finding]:
    clauses = [
        (config.component_name(), FILTERS.create(config).hindsight)
        for config in spec.dataset.prepare
    ]
    severity: Severity = "doubtful" if order == "all" else "expected"
    return [
        Finding("prepare", f"{name}: {clause}", severity)
        for name, clause in clauses
        if clause is not None
    ]


def _counted(name: str, says: str, found: Bool, severity: Severity) -> Finding:
    count = int(np.count_nonzero(found))
    return Finding(name, says, severity if count else "none", count, len(found))
