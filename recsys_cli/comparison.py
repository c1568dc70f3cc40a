"""Compare runs on the same test set: every metric, its difference and a paired test over users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recsys_cli.data import Int64
from recsys_cli.errors import DataError, SpecError
from recsys_cli.evaluation import estimate
from recsys_cli.metrics import parse
from recsys_cli.runs import Run
from recsys_cli.statistics import Estimate, average, paired_test


@dataclass(frozen=True)
class Comparison:
    """One metric of one run against the first run.

    ``difference`` is the run's value less the first's, ``ci95`` its interval and ``p_value`` that
    of a paired t test over users; all None for the first run itself.
    """

    metric: str
    run: str
    value: float
    difference: float | None = None
    ci95: tuple[float, float] | None = None
    p_value: float | None = None
    users: int = 0


def compare(runs: Sequence[Run], *, any_test_set: bool = False) -> list[Comparison]:
    """Compare runs with the first of them, over the metrics that all have.

    Users are the unit of the test: over several folds a user's influences are added up. Runs with
    different test sets are compared, when that is allowed, over the users whom all evaluated.

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
    names = [n for n in _metrics(runs[0]) if all(n in _metrics(run) for run in runs)]
    if any_test_set:
        names = [name for name in names if parse(name).metric.kind != "catalogue"]
    else:
        _same_test_set(runs)
    if not names:
        raise SpecError("the runs share no metric", hint="recsys show RUN says what each has")
    if any_test_set:
        tables = _common(tables, names)
    found = []
    for name in names:
        first, *others = [_estimate(run, name, t) for run, t in zip(runs, tables, strict=True)]
        found.append(Comparison(name, runs[0].id, first.value, users=len(first.influence)))
        found += [
            _against(first, other, name, run) for run, other in zip(runs[1:], others, strict=True)
        ]
    return found


Tables = dict[str, dict[str, Any]]


def _tables(run: Run) -> Tables:
    return {name: run.fold(name).per_user() for name in run.fold_names}


def _metrics(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = (run.metrics or {})["metrics"]
    return found


def _against(first: Estimate, other: Estimate, name: str, run: Run) -> Comparison:
    test = paired_test(other, first)
    return Comparison(
        metric=name,
        run=run.id,
        value=other.value,
        difference=test.difference,
        ci95=test.ci95,
        p_value=test.p_value,
        users=test.users,
    )


def _estimate(run: Run, name: str, tables: Tables) -> Estimate:
    """Return a metric over all folds: the mean of the folds' values, a user's influences added."""
    estimates, users = [], []
    for fold, table in tables.items():
        total = (
            _metrics_of(run, fold)[name]["value"]
            if parse(name).metric.kind == "catalogue"
            else None
        )
        estimates.append(estimate(name, table, total))
        users.append(np.array(table["user"])[~np.isnan(table[name])])
    return average(estimates, users)


def _metrics_of(run: Run, fold: str) -> dict[str, Any]:
    found: dict[str, Any] = (run.fold(fold).metrics or {})["metrics"]
    return found


def _same_test_set(runs: Sequence[Run]) -> None:
    first, *others = ([run.record["fingerprints"].get("test"), *_asked(run)] for run in runs)
    for run, other in zip(runs[1:], others, strict=True):
        if other != first:
            raise DataError(
                f"the test set of {run.id} is not that of {runs[0].id}",
                hint="train them on the same data, split and seed, or allow it: --any-test-set "
                "compares over the users whom both evaluated",
            )


def _asked(run: Run) -> list[Any]:
    evaluation = run.spec_document["evaluation"]
    return [evaluation[key] for key in ("relevant", "candidates", "users")]


def _common(tables: list[Tables], names: Sequence[str]) -> list[Tables]:
    """Return the tables cut down to the users whom all runs evaluated, in the same order.

    A user whom one run has no value for, such as one without a relevant item there, loses it in
    all: the test pairs users by position.
    """
    if any(list(table) != list(tables[0]) for table in tables):
        raise DataError("the runs have different folds, so their users cannot be paired")
    cut: list[Tables] = [{} for _ in tables]
    for fold in tables[0]:
        users = sorted(set.intersection(*(set(table[fold]["user"]) for table in tables)))
        rows = [_places(table[fold]["user"], users) for table in tables]
        for table, at, into in zip(tables, rows, cut, strict=True):
            columns = table[fold].items()
            into[fold] = {key: column[at] for key, column in columns if key != "user"}
            into[fold]["user"] = users
        for name in names:
            _blank(name, [one[fold] for one in cut])
    return cut


def _places(ids: Sequence[str], wanted: Sequence[str]) -> Int64:
    place = {id_: at for at, id_ in enumerate(ids)}
    return np.array([place[id_] for id_ in wanted], np.int64)


def _blank(name: str, folds: Sequence[dict[str, Any]]) -> None:
    """Leave a metric only to the users who have it in every run."""
    missing = np.any([np.isnan(fold[name]) for fold in folds], axis=0)
    if missing.all():
        raise DataError(f"the runs share no user with a value of {name}")
    for fold in folds:
        fold[name] = np.where(missing, np.nan, fold[name])
