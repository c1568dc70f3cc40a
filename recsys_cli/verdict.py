"""What came of a row of published numbers: means over seeds, intervals, passed or not."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from recsys_cli.comparison import Comparison, compare
from recsys_cli.errors import RecsysError
from recsys_cli.metrics import parse
from recsys_cli.published import Judge, Row
from recsys_cli.runs import Run


@dataclass(frozen=True)
class Verdict:
    """What came of one row.

    Attributes
    ----------
    set : list of str
        Settings laid over the spec, and over the other one.
    runs : list of str
        One a seed, as with ``values`` (each the mean over the folds of its run); both empty where
        the row was stopped by an error.
    mean : float, optional
    std : float, optional
        Over the seeds; None for one.
    aim : float, optional
        A fixed one, or the mean of the other spec.
    difference : float, optional
        Mean less aim; where there is no aim, less the best number published.
    comparisons : list of Comparison
        With another spec, one a seed.
    passed : bool, optional
        None where the row is not judged.
    error : str, optional
        What stopped the row, which has failed then.
    """

    spec: str
    set: list[str]
    metric: str
    seeds: list[int]
    values: list[float]
    runs: list[str]
    mean: float | None
    std: float | None
    aim: float | None
    against: str | None
    judge: Judge
    tolerance: float
    difference: float | None
    comparisons: list[Comparison]
    published: list[dict[str, Any]]
    passed: bool | None
    error: str | None = None


@dataclass(frozen=True, eq=False)
class Pair:
    """The run of one seed; the other spec's, and how far ours is above it, where there is one."""

    ours: Run
    theirs: Run | None = None
    comparison: Comparison | None = None


def pair(ours: Run, theirs: Run, metric: str) -> Pair:
    """Return two runs and the difference of their metric, with its interval over users.

    Raises
    ------
    DataError
        If their test sets differ.
    """
    rows = (row for row in compare([theirs, ours]) if row.difference is not None)
    return Pair(ours, theirs, next(row for row in rows if row.metric == metric))


def judged(row: Row, seeds: list[int], pairs: Sequence[Pair]) -> Verdict:
    """Return the verdict on a row whose runs, one a seed, are all there."""
    values = [_value(one.ours, row.metric) for one in pairs]
    theirs = [_value(one.theirs, row.metric) for one in pairs if one.theirs is not None]
    mean = statistics.fmean(values)
    aim = statistics.fmean(theirs) if theirs else row.aim
    sign = 1.0 if parse(row.metric).metric.higher_is_better else -1.0
    known = max((one.value for one in row.published), key=lambda x: sign * x, default=None)
    goal = known if aim is None else aim
    return Verdict(
        **_asked(row, seeds),
        values=values,
        runs=[one.ours.id for one in pairs],
        mean=mean,
        std=statistics.stdev(values) if len(values) > 1 else None,
        aim=aim,
        difference=None if goal is None else mean - goal,
        comparisons=[one.comparison for one in pairs if one.comparison is not None],
        passed=None if row.report else _passed(row, sign, mean, aim, pairs),
    )


def stopped(row: Row, seeds: list[int], error: RecsysError) -> Verdict:
    """Return the verdict on a row that an error kept from its number: it has failed."""
    return Verdict(
        **_asked(row, seeds),
        values=[],
        runs=[],
        mean=None,
        std=None,
        aim=row.aim,
        difference=None,
        comparisons=[],
        passed=False,
        error=str(error),
    )


def _asked(row: Row, seeds: list[int]) -> dict[str, Any]:
    kept = {"spec", "set", "metric", "against", "judge", "tolerance", "published"}
    return row.model_dump(include=kept) | {"seeds": seeds}


def _passed(row: Row, sign: float, mean: float, aim: float | None, pairs: Sequence[Pair]) -> bool:
    if row.judge == "tolerance":
        return aim is not None and sign * (mean - aim) >= -row.tolerance
    return all(_holds(row.judge, one.comparison, sign) for one in pairs)


def _holds(judge: Judge, one: Comparison | None, sign: float) -> bool:
    """Return whether the interval of a seed allows the claim; without one nothing is shown."""
    if one is None or one.ci95 is None:
        return False
    worst, best = sorted(sign * end for end in one.ci95)
    return worst > 0 if judge == "better" else best >= 0


def _value(run: Run, metric: str) -> float:
    return float((run.metrics or {})["metrics"][metric]["value"])
