"""The registry of metrics: one file an entry.

A metric is its string: ``ndcg@10``, ``rmse``, and with a column ``exposure-gap:genre@10``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from recsys_cli.errors import SpecError
from recsys_cli.registry import Registry
from recsys_cli.spelling import nearest
from recsys_cli.visible import quoted, short

if TYPE_CHECKING:
    from recsys_cli.metrics._base import Metric

METRICS: Registry[Metric] = Registry("recsys_cli.metrics", "Metric", "metric")
#: The largest cutoff; longer lists would make memory grow without telling more.
MAX_CUTOFF = 10_000


class ParsedMetric(NamedTuple):
    """A metric with its cutoff: ``ndcg@10`` is the metric ``ndcg`` and k = 10."""

    name: str
    metric: Metric
    k: int | None


def parse(name: str) -> ParsedMetric:
    """Return the metric that a name such as ``ndcg@10`` or ``rmse`` stands for.

    Raises
    ------
    SpecError
        If there is no such metric, or its cutoff or column is absent, needless or out of range; the
        message suggests the nearest name.
    """
    head, at, cutoff = name.partition("@")
    stem, colon, column = head.partition(":")
    if stem not in METRICS.names():
        raise SpecError(_unknown(stem, name.removeprefix(stem)))
    metric = _metric(stem, column if colon else None, at + cutoff)
    if not metric.has_cutoff:
        if at:
            raise SpecError(f"{quoted(name)}: {stem} takes no cutoff; did you mean {quoted(head)}?")
        return ParsedMetric(name, metric, None)
    if not at:
        raise SpecError(f"{quoted(head)} needs a cutoff, such as {short(head)}@10")
    if not re.fullmatch("[1-9][0-9]{0,4}", cutoff) or int(cutoff) > MAX_CUTOFF:
        raise SpecError(
            f"the cutoff of {quoted(name)} must be a whole number from 1 to {MAX_CUTOFF:,}"
        )
    return ParsedMetric(name, metric, int(cutoff))


def _metric(stem: str, column: str | None, rest: str) -> Metric:
    cls = METRICS.get(stem)
    if not cls.takes_column():
        if column is not None:
            whole, without = quoted(f"{stem}:{column}{rest}"), quoted(stem + rest)
            raise SpecError(f"{whole}: {stem} takes no column; did you mean {without}?")
        return cls()
    if not column:
        raise SpecError(
            f'"{stem}" needs a column of the {cls.features_of}, such as {cls.example(cutoff=rest)}'
        )
    return cls(column=column)


def _unknown(stem: str, rest: str) -> str:
    near = nearest(stem, METRICS.names())
    if near is None:
        return METRICS.unknown(stem)
    column, at, cutoff = rest.partition("@")
    suggestion = METRICS.get(near).example(column.removeprefix(":"), at + cutoff)
    return f"unknown metric {quoted(stem + rest)}; did you mean {quoted(suggestion)}?"
