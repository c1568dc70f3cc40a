"""The users of several runs, paired: the same ones, in the same order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from recsys_cli.data import Int64
from recsys_cli.errors import DataError
from recsys_cli.runs import Run
from recsys_cli.spec import PropensitySpec

#: The table of users of each fold.
Tables = dict[str, dict[str, Any]]


def same_test_set(runs: Sequence[Run]) -> None:
    """Raise DataError if the runs were not evaluated on the same test set, in the same way."""
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
    # Runs from before there were propensities have none in their spec.
    propensity = evaluation.get("propensity", PropensitySpec().model_dump())
    return [*(evaluation[key] for key in ("relevant", "candidates", "users")), propensity]


def common(tables: Sequence[Tables], names: Sequence[str]) -> list[Tables]:
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
