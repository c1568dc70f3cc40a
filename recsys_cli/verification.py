"""Hold specs against published numbers: run each over several seeds, compare its mean to an aim."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recsys_cli import experiment
from recsys_cli.comparison import Comparison, compare
from recsys_cli.errors import NotFound, SpecError
from recsys_cli.listener import Listener
from recsys_cli.metrics import parse
from recsys_cli.published import Row, Table
from recsys_cli.runs import Run, Store
from recsys_cli.spec import ExperimentSpec
from recsys_cli.specfile import load, read


@dataclass(frozen=True)
class Verdict:
    """What came of one row.

    Attributes
    ----------
    values : list of float
        One a seed, each the mean over the folds of its run.
    runs : list of str
        One a seed.
    mean : float
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
    """

    spec: str
    metric: str
    seeds: list[int]
    values: list[float]
    runs: list[str]
    mean: float
    std: float | None
    aim: float | None
    against: str | None
    tolerance: float
    difference: float | None
    comparisons: list[Comparison]
    published: list[dict[str, Any]]
    passed: bool | None


class Verification:
    """A table that was read, its specs checked; nothing has run yet.

    Parameters
    ----------
    path : Path
    only : sequence of str
        Keep the rows whose spec file or metric contains one of these; all if there is none.
    seeds : list of int, optional
        Instead of those of the table and its rows.

    Raises
    ------
    SpecError
        If the table or one of its specs is wrong, or a spec does not measure what its row asks.
    NotFound
        If no row is left.
    """

    def __init__(
        self, path: Path, only: Sequence[str] = (), seeds: list[int] | None = None
    ) -> None:
        table = read(path, Table)
        self.folder = path.parent
        self.rows = [row for row in table.rows if _wanted(row, only)]
        if not self.rows:
            raise NotFound(f"no row has {' or '.join(only)} in its spec or metric", where=str(path))
        self._seeds, self._common = seeds, table.seeds
        self._runs: dict[tuple[str, int], Run] = {}
        for row in self.rows:
            for name in filter(None, (row.spec, row.against)):
                self._check(name, row.metric)

    def judge(self, store: Store, listener: Listener, argv: list[str]) -> Iterator[Verdict]:
        """Yield the verdict on each row as its runs end; a spec runs once with each seed."""
        for row in self.rows:
            seeds = self._seeds or row.seeds or self._common
            ours = [self._run(row.spec, seed, store, listener, argv) for seed in seeds]
            theirs = [
                self._run(row.against, seed, store, listener, argv)
                for seed in (seeds if row.against else ())
                if row.against
            ]
            yield _verdict(row, seeds, ours, theirs)

    def _check(self, name: str, metric: str) -> None:
        spec = self._load(name, 0)
        try:
            experiment.check(spec)
        except SpecError as error:
            raise error.within(str(self.folder / name)) from None
        if metric not in spec.evaluation.metrics:
            raise SpecError(
                f"does not measure {metric}",
                where=str(self.folder / name),
                hint=f"its evaluation.metrics are {', '.join(spec.evaluation.metrics)}",
            )

    def _load(self, name: str, seed: int) -> ExperimentSpec:
        return load(self.folder / name, [f"seed={seed}"])

    def _run(self, name: str, seed: int, store: Store, listener: Listener, argv: list[str]) -> Run:
        if (name, seed) not in self._runs:
            listener.note(f"{name}, seed {seed}")
            spec = self._load(name, seed)
            prepared = experiment.prepare(spec, listener)
            run = experiment.train(spec, store, listener, argv=argv, prepared=prepared)
            experiment.evaluate(run, listener, prepared=prepared)
            self._runs[name, seed] = run
        return self._runs[name, seed]


def _wanted(row: Row, only: Sequence[str]) -> bool:
    return not only or any(text in row.spec or text in row.metric for text in only)


def _verdict(row: Row, seeds: list[int], ours: list[Run], theirs: list[Run]) -> Verdict:
    values = [_value(run, row.metric) for run in ours]
    mean = statistics.fmean(values)
    aim = statistics.fmean(_value(run, row.metric) for run in theirs) if theirs else row.aim
    sign = 1.0 if parse(row.metric).metric.higher_is_better else -1.0
    known = max((one.value for one in row.published), key=lambda x: sign * x, default=None)
    goal = known if aim is None else aim
    pairs = [_against(run, other, row.metric) for run, other in zip(ours, theirs, strict=False)]
    passed = aim is not None and sign * (mean - aim) >= -row.tolerance
    if row.significant:
        passed = passed and all(_better(pair, sign) for pair in pairs)
    return Verdict(
        spec=row.spec,
        metric=row.metric,
        seeds=seeds,
        values=values,
        runs=[run.id for run in ours],
        mean=mean,
        std=statistics.stdev(values) if len(values) > 1 else None,
        aim=aim,
        against=row.against,
        tolerance=row.tolerance,
        difference=None if goal is None else mean - goal,
        comparisons=pairs,
        published=[one.model_dump() for one in row.published],
        passed=None if row.report else passed,
    )


def _value(run: Run, metric: str) -> float:
    return float((run.metrics or {})["metrics"][metric]["value"])


def _against(run: Run, other: Run, metric: str) -> Comparison:
    """Return how much a run's metric is above the other's, with its interval over users."""
    return next(
        row for row in compare([other, run]) if row.metric == metric and row.difference is not None
    )


def _better(pair: Comparison, sign: float) -> bool:
    low, high = pair.ci95 or (-math.inf, math.inf)
    return min(sign * low, sign * high) > 0
