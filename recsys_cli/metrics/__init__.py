"""The registry of metrics: one file an entry. A metric is its string: ``ndcg@10``, ``rmse``."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, NamedTuple

from recsys_cli.errors import SpecError
from recsys_cli.registry import Registry

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
        If there is no such metric, or its cutoff is absent, needless or out of range; the message
        suggests the nearest name.
    """
    stem, at, cutoff = name.partition("@")
    if stem not in METRICS.names():
        raise SpecError(_unknown(stem, at + cutoff))
    metric = METRICS.get(stem)()
    if not metric.has_cutoff:
        if at:
            raise SpecError(f'"{stem}" takes no cutoff; did you mean "{stem}"?')
        return ParsedMetric(name, metric, None)
    if not at:
        raise SpecError(f'"{stem}" needs a cutoff, such as {stem}@10')
    if not re.fullmatch("[1-9][0-9]{0,4}", cutoff) or int(cutoff) > MAX_CUTOFF:
        raise SpecError(f'the cutoff of "{name}" must be a whole number from 1 to {MAX_CUTOFF:,}')
    return ParsedMetric(name, metric, int(cutoff))


def _unknown(stem: str, rest: str) -> str:
    near = difflib.get_close_matches(stem.lower(), METRICS.names(), n=1)
    if not near:
        return METRICS.unknown(stem)
    metric = METRICS.get(near[0])
    suggestion = near[0] + (rest or "@10" if metric.has_cutoff else "")
    return f'unknown metric "{stem}{rest}"; did you mean "{suggestion}"?'
