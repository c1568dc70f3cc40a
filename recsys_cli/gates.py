"""Gates on a comparison: ``ndcg@10 < -1%`` fails where a metric fell by more than 1%."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from recsys_cli.comparison import Comparison
from recsys_cli.errors import DataError, SpecError
from recsys_cli.metrics import parse

Judge = Literal["point", "certain", "possible"]
"""What must be beyond the limit: the difference itself, all of its 95% interval (it is certain), or
any of it (it is possible)."""
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_GATE = re.compile(rf"\s*([^<>=]*[^<>=\s])\s*([<>])\s*({_NUMBER})\s*(%?)\s*")
_EXAMPLE = "write METRIC < LIMIT or METRIC > LIMIT, such as 'ndcg@10 < -1%' or 'rmse > 0.002'"


@dataclass(frozen=True)
class Gate:
    """What must not come of a metric: a difference below, or above, a limit.

    Attributes
    ----------
    text : str
        As it was written.
    metric : str
    below : bool
        Whether it fails below the limit, and not above.
    limit : float
        In units of the metric; if ``relative``, a share of the other run's value.
    relative : bool
    """

    text: str
    metric: str
    below: bool
    limit: float
    relative: bool

    @property
    def fails_the_better(self) -> bool:
        """Whether the better a run is, the sooner it fails, which is hardly ever meant."""
        return self.below != parse(self.metric).metric.higher_is_better

    def fails(self, row: Comparison, judge: Judge = "point") -> bool:
        """Return whether one comparison of the metric fails.

        Raises
        ------
        SpecError
            If a share is asked for and the other run's value is 0.
        DataError
            If the interval is judged and there is none.
        """
        assert row.difference is not None
        sign = 1.0 if self.below else -1.0
        ends = [sign * row.difference]
        if judge != "point":
            ends = sorted(sign * end for end in self._interval(row))
        worst, best = ends[0], ends[-1]
        return (worst if judge == "possible" else best) < sign * self.limit * self._unit(row)

    def describe(self, row: Comparison) -> str:
        """Return how far a comparison is from its base, with the interval, and the gate."""
        unit = self._unit(row)
        ends = "" if row.ci95 is None else f", 95% interval {self._span(row.ci95, unit)}"
        told = self._number((row.difference or 0.0) / unit)
        return f"{row.metric} of {row.run} is {told} from {row.against}{ends} ({self.text})"

    def _unit(self, row: Comparison) -> float:
        assert row.difference is not None
        base = row.value - row.difference
        if self.relative and row.relative is None:
            raise SpecError(
                f"{row.metric} of {row.against} is 0, so no difference is a share of it",
                where=f"--fail-if '{self.text}'",
                hint="give the limit in units of the metric: 'ndcg@10 < -0.002'",
            )
        return abs(base) if self.relative else 1.0

    def _interval(self, row: Comparison) -> tuple[float, float]:
        if row.ci95 is None:
            raise DataError(
                f"{row.metric} of {row.run} has one user, and so no interval to judge",
                where=f"--fail-if '{self.text}'",
                hint="--judge point judges the difference itself",
            )
        return row.ci95

    def _span(self, ends: tuple[float, float], unit: float) -> str:
        return " … ".join(self._number(end / unit) for end in ends)

    def _number(self, value: float) -> str:
        return f"{value:+.2%}" if self.relative else f"{value:+.4g}"


def gate(text: str) -> Gate:
    """Return the gate that a text such as ``ndcg@10 < -1%`` stands for.

    Raises
    ------
    SpecError
        If it is malformed, or there is no such metric.
    """
    where = f"--fail-if '{text}'"
    found = _GATE.fullmatch(text)
    if found is None:
        raise SpecError("is no gate", where=where, hint=_EXAMPLE)
    metric, sign, number, percent = found.groups()
    limit = float(number) / (100 if percent else 1)
    if not math.isfinite(limit):
        raise SpecError("the limit is not finite", where=where, hint=_EXAMPLE)
    try:
        parse(metric)
    except SpecError as error:
        raise error.within(where) from None
    return Gate(text.strip(), metric, sign == "<", limit, bool(percent))


def failures(
    gates: Sequence[Gate], rows: Sequence[Comparison], judge: Judge = "point"
) -> list[str]:
    """Return what fails, a line each: every gate is held against each run but the first.

    Parameters
    ----------
    gates : sequence of Gate
    rows : sequence of Comparison
        The first of them names the base; those with another base are not judged.
    judge : {"point", "certain", "possible"}

    Raises
    ------
    SpecError
        If a metric is not compared.
    """
    return [
        one.describe(row) for one in gates for row in _judged(one, rows) if one.fails(row, judge)
    ]


def _judged(one: Gate, rows: Sequence[Comparison]) -> Iterator[Comparison]:
    known = list(dict.fromkeys(row.metric for row in rows))
    if one.metric not in known:
        raise SpecError(
            f"{one.metric} is not compared",
            where=f"--fail-if '{one.text}'",
            hint=f"the metrics that all runs have: {', '.join(known)}",
        )
    return (row for row in rows if row.metric == one.metric and row.against == rows[0].run)
