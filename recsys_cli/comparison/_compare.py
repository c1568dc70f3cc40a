"""Every metric of each run: the difference from another run, and how sure it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from recsys_cli.comparison._users import Tables, common, same_test_set
from recsys_cli.data import Float64
from recsys_cli.errors import SpecError
from recsys_cli.evaluation import estimate
from recsys_cli.metrics import parse
from recsys_cli.metrics._base import Metric
from recsys_cli.runs import Run
from recsys_cli.statistics import Estimate, Method, Test, average, holm, paired_test

#: Differences below this share of the larger value are rounding errors.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Comparison:
    """One metric of one run against another, or, first of its metric, of the first run alone.

    Attributes
    ----------
    metric, run : str
    value : float
    difference : float, optional
        The run's value less that of the run it is held against; None, as all that follows but
        ``users``, for the first run alone.
    ci95 : (float, float), optional
        95% interval of the difference over users; None below two.
    p_value : float, optional
        Two-sided, of no difference; None below two users.
    users : int
    against : str, optional
        The other run.
    relative : float, optional
        The difference as a share of the other's value; None where that is 0.
    p_adjusted : float, optional
        By Holm's correction over all comparisons returned together.
    interval : str, optional
        How ``ci95`` is made.
    test : str, optional
        The paired test made; ``t`` where the metric does not allow the one that was asked for.
    effect_size : float, optional
        Cohen's d_z; None for a catalogue metric, which is no mean over users.
    wins, ties, losses : int, optional
        Users for whom the run is better, equal, worse; None for a catalogue metric.
    """

    metric: str
    run: str
    value: float
    difference: float | None = None
    ci95: tuple[float, float] | None = None
    p_value: float | None = None
    users: int = 0
    against: str | None = None
    relative: float | None = None
    p_adjusted: float | None = None
    interval: Method | None = None
    test: Test | None = None
    effect_size: float | None = None
    wins: int | None = None
    ties: int | None = None
    losses: int | None = None


class _Side(NamedTuple):
    """One metric of one run: the estimate, and each user's own value, if it has a meaning."""

    run: str
    found: Estimate
    values: Float64 | None


def compare(
    runs: Sequence[Run],
    *,
    any_test_set: bool = False,
    test: Test = "t",
    all_pairs: bool = False,
    metrics: Sequence[str] | None = None,
) -> list[Comparison]:
    """Compare runs with the first of them, or all with one another, over the metrics of all.

    Users are the unit of the test: over several folds a user's influences are added up. Runs with
    different test sets are compared, when that is allowed, over the users whom all evaluated.

    Parameters
    ----------
    runs : sequence of Run
        Two or more.
    any_test_set : bool
        Whether test sets may differ.
    test : {"t", "wilcoxon", "permutation", "bootstrap"}
        As :func:`~recsys_cli.statistics.paired_test` has them. Wilcoxon's is made of metrics that
        are means over users; others have the t test.
    all_pairs : bool
        Whether each run is held against every one before it, and not the first alone.
    metrics : sequence of str, optional
        Those to compare by; None is all that the runs share.

    Raises
    ------
    SpecError
        If fewer than two runs are given, or they share no metric.
    NotFound
        If a run is not evaluated yet.
    DataError
        If the test sets differ and ``any_test_set`` is off, or share no user.
    """
    if len(runs) < 2:
        raise SpecError("compare takes two runs or more", hint="recsys runs lists them")
    tables = [_tables(run) for run in runs]
    names = [n for n in metrics or _metrics(runs[0]) if n not in not_shared(runs)]
    if any_test_set:
        names = [name for name in names if parse(name).metric.kind != "catalogue"]
    else:
        same_test_set(runs)
    if not names:
        raise SpecError("the runs share no metric", hint="recsys show RUN says what each has")
    tables = common(tables, names)
    found: list[Comparison] = []
    for name in names:
        sides = [_side(run, name, table) for run, table in zip(runs, tables, strict=True)]
        found += _compared(name, sides, test, all_pairs)
    adjusted = holm([one.p_value for one in found])
    return [replace(one, p_adjusted=p) for one, p in zip(found, adjusted, strict=True)]


def not_shared(runs: Sequence[Run]) -> dict[str, list[str]]:
    """Return the metrics that only some of the evaluated runs have, with the ids of those."""
    have = {name: [run.id for run in runs if name in _metrics(run)] for name in _all_metrics(runs)}
    return {name: ids for name, ids in have.items() if len(ids) < len(runs)}


def _all_metrics(runs: Sequence[Run]) -> list[str]:
    return list(dict.fromkeys(name for run in runs for name in _metrics(run)))


def _compared(
    name: str, sides: Sequence[_Side], test: Test, all_pairs: bool
) -> Iterator[Comparison]:
    """Yield the first run alone, then each pair."""
    metric, first = parse(name).metric, sides[0]
    yield Comparison(name, first.run, first.found.value, users=len(first.found.influence))
    pairs = combinations(sides, 2) if all_pairs else ((first, side) for side in sides[1:])
    made = test if metric.kind == "ranking" or test != "wilcoxon" else "t"
    for base, side in pairs:
        yield _against(base, side, name, metric, made)


def _against(base: _Side, side: _Side, name: str, metric: Metric, test: Test) -> Comparison:
    gaps = None
    if base.values is not None and side.values is not None:
        gaps = _gaps(side.values, base.values)
    tested = paired_test(side.found, base.found, test, gaps)
    better = None if gaps is None else gaps if metric.higher_is_better else -gaps
    return Comparison(
        metric=name,
        run=side.run,
        value=side.found.value,
        difference=tested.difference,
        ci95=tested.ci95,
        p_value=tested.p_value,
        users=tested.users,
        against=base.run,
        relative=tested.difference / abs(base.found.value) if base.found.value else None,
        interval=tested.interval,
        test=tested.test,
        effect_size=None if better is None else tested.effect_size,
        wins=None if better is None else int(np.count_nonzero(better > 0)),
        ties=None if better is None else int(np.count_nonzero(better == 0)),
        losses=None if better is None else int(np.count_nonzero(better < 0)),
    )


def _gaps(values: Float64, others: Float64) -> Float64:
    """Return the differences, 0 where only rounding tells two values apart."""
    gaps = values - others
    tied = np.abs(gaps) <= _ROUNDING * np.maximum(np.abs(values), np.abs(others))
    return np.where(tied, 0.0, gaps)


def _side(run: Run, name: str, tables: Tables) -> _Side:
    """Return a metric over all folds: the mean of the folds' values, a user's influences added."""
    total = parse(name).metric.kind == "catalogue"
    estimates, users, values = [], [], []
    for fold, table in tables.items():
        found = _metrics_of(run, fold)[name] if total else {}
        estimates.append(estimate(name, table, found.get("value"), found.get("jackknife_scale")))
        there = ~np.isnan(table[name])
        users.append(np.array(table["user"])[there])
        values.append(table[name][there])
    _, at = np.unique(np.concatenate(users), return_inverse=True)
    own = np.bincount(at, weights=np.concatenate(values)) / np.bincount(at)
    return _Side(run.id, average(estimates, users), None if total else own)


def _tables(run: Run) -> Tables:
    return {name: run.fold(name).per_user() for name in run.fold_names}


def _metrics(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = (run.metrics or {})["metrics"]
    return found


def _metrics_of(run: Run, fold: str) -> dict[str, Any]:
    found: dict[str, Any] = (run.fold(fold).metrics or {})["metrics"]
    return found
