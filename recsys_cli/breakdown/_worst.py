"""The users whom a run serves worst."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from recsys_cli.breakdown._groups import Asked
from recsys_cli.breakdown._measured import TOGETHER, measured
from recsys_cli.data import Float64, Int64
from recsys_cli.errors import SpecError
from recsys_cli.metrics import parse
from recsys_cli.runs import Run


@dataclass(frozen=True)
class Worst:
    """The users with the worst values of one metric in one fold, worst first.

    Attributes
    ----------
    run, fold, metric : str
    users : list of dict
        ``user``, ``history`` (items known of the user), ``relevant``, ``pairs``, and each metric
        that has a value for the user.
    tied : int
        How many users have the value of the first.
    of : int
        How many have a value.
    """

    run: str
    fold: str
    metric: str
    users: list[dict[str, Any]]
    tied: int
    of: int


def worst(run: Run, *, metric: str | None = None, k: int = 5, fold: str | None = None) -> Worst:
    """Return the users whom a fold, by default the first, serves worst.

    Of equal ones, those who had more to find come first: none of ten found is worse than none of
    one.

    Parameters
    ----------
    metric : str, optional
        The run's first that has a value for each user, by default.
    k : int
        How many.

    Raises
    ------
    NotFound
        If the run is not evaluated, or has no such fold.
    SpecError
        If the run has no such metric, or it has no value for a user.
    """
    asked = Asked(run, fold)
    names = [name for name in measured(run, []) if parse(name).metric.kind != "catalogue"]
    chosen = measured(run, [metric])[0] if metric else next(iter(names), None)
    if chosen not in names:
        told = f"{metric} {TOGETHER}" if metric else "the metrics are about all lists together"
        raise SpecError(f"{told}, so no user has a value", where=run.id)
    order = _order(asked, chosen)
    value = asked.users[chosen][order]
    return Worst(
        run=run.id,
        fold=asked.fold.name,
        metric=chosen,
        users=[_told(asked, names, row) for row in order[:k].tolist()],
        tied=int(np.count_nonzero(value == value[:1])),
        of=len(order),
    )


def _order(asked: Asked, metric: str) -> Int64:
    """Return the rows of the users that have a value, worst first."""
    found = parse(metric).metric
    value: Float64 = asked.users[metric]
    size = asked.users["pairs" if found.kind == "rating" else "relevant"]
    order = np.lexsort((-size, value if found.higher_is_better else -value))
    return order[~np.isnan(value[order])]


def _told(asked: Asked, names: list[str], row: int) -> dict[str, Any]:
    values = {name: float(asked.users[name][row]) for name in names}
    return {
        "user": asked.users["user"][row],
        "history": int(asked.known[row]),
        "relevant": int(asked.users["relevant"][row]),
        "pairs": int(asked.users["pairs"][row]),
    } | {name: value for name, value in values.items() if not np.isnan(value)}
