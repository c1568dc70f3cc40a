"""The answers of a model → a column a metric and its value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys_cli.answers import Answers
from recsys_cli.data import Float64
from recsys_cli.errors import DataError
from recsys_cli.evaluation._values import MetricValue, estimate
from recsys_cli.heldout import HeldOut
from recsys_cli.metrics import ParsedMetric
from recsys_cli.metrics._base import CatalogueMetric, RankingMetric, RatingMetric
from recsys_cli.metrics._context import Context
from recsys_cli.metrics._ips import Weighed
from recsys_cli.metrics._ranked import Ranked

Table = dict[str, NDArray[Any]]


class Measured(NamedTuple):
    """The value of each metric, and a row a user: its relevant items, its pairs, its values."""

    values: dict[str, MetricValue]
    table: Table


def measured(
    part: HeldOut, context: Context, metrics: Sequence[ParsedMetric], answers: Answers
) -> Measured:
    """Return what the answers are worth.

    Raises
    ------
    DataError
        If a metric has a meaning for no user.
    """
    at = part.ranked_at
    ranked = Ranked(answers.items[at], context, answers.auc[at])
    table: Table = {
        "user_idx": part.users,
        "relevant": part.n_relevant,
        "pairs": np.bincount(part.pair_at),
    }
    values = {}
    for parsed in metrics:
        table[parsed.name] = _column(part, parsed, answers, ranked)
        values[parsed.name] = _value(parsed, table, ranked, len(part.pairs))
    return Measured(values, table)


def _column(part: HeldOut, parsed: ParsedMetric, answers: Answers, ranked: Ranked) -> Float64:
    metric = parsed.metric
    if isinstance(metric, RatingMetric):
        loss = metric.loss(part.pairs.value, answers.predicted)
        return metric.link(np.bincount(part.pair_at, weights=loss) / np.bincount(part.pair_at))
    assert isinstance(metric, RankingMetric | CatalogueMetric)
    column = np.full(len(part.users), np.nan)
    at = slice(None) if metric.counts_all_users else part.ranked_at
    column[at] = metric.per_user(ranked, parsed.k or 0)
    if np.isnan(column).all():
        raise DataError(
            f"{parsed.name} has a meaning for no user of the part to evaluate",
            where="evaluation.metrics",
            hint=f"recsys list metrics {metric.spec_name()} says whom it leaves out",
        )
    return column


def _value(
    parsed: ParsedMetric, table: Mapping[str, NDArray[Any]], ranked: Ranked, n_pairs: int
) -> MetricValue:
    name, metric, k = parsed
    total, scale, effective_pairs = None, None, None
    pairs = n_pairs if metric.kind == "rating" else None
    if isinstance(metric, CatalogueMetric):
        total = metric.total(ranked, k or 0)
        scale = metric.jackknife_scale(ranked, k or 0)
    if isinstance(metric, Weighed):
        pairs = len(metric.pair_weights(ranked.context))
        effective_pairs = metric.effective_pairs(ranked.context)
    found = estimate(name, table, total, scale)
    return MetricValue(
        value=found.value,
        ci95=found.interval(*metric.bounds),
        users=len(found.influence),
        definition=metric.definition(k),
        pairs=pairs,
        effective_pairs=effective_pairs,
        interval=found.method(*metric.bounds),
        jackknife_scale=scale,
    )
