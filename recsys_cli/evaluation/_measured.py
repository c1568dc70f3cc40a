"""The answers of a model → a column a metric and its value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys_cli import statistics, threads
from recsys_cli.answers import Answers
from recsys_cli.data import Float64
from recsys_cli.errors import DataError
from recsys_cli.evaluation._values import MetricValue, estimate
from recsys_cli.heldout import HeldOut
from recsys_cli.metrics import ParsedMetric
from recsys_cli.metrics._base import CatalogueMetric, Metric, RankingMetric, RatingMetric
from recsys_cli.metrics._context import Context
from recsys_cli.metrics._groups import Gap, GroupMetric
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
    """Return what the answers are worth; several metrics are computed at once.

    Raises
    ------
    DataError
        If a metric has a meaning for no user.
    """
    at = part.ranked_at
    cutoffs = tuple({parsed.k for parsed in metrics if parsed.k is not None})
    ranked = Ranked(answers.items[at], context, answers.auc[at], cutoffs)
    table: Table = {
        "user_idx": part.users,
        "relevant": part.n_relevant,
        "pairs": np.bincount(part.pair_at),
    }

    def one(at: int, _: int) -> tuple[Float64, MetricValue]:
        column = _column(part, metrics[at], answers, ranked)
        with_it = {**table, metrics[at].name: column}
        return column, _value(metrics[at], with_it, ranked, len(part.pairs))

    found = dict(
        zip((m.name for m in metrics), threads.map_blocks(one, len(metrics), 1), strict=True)
    )
    columns = {name: column for name, (column, _) in found.items()}
    return Measured({name: value for name, (_, value) in found.items()}, table | columns)


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
    ci95, interval = _interval(metric, found, ranked, k or 0)
    return MetricValue(
        value=found.value,
        ci95=ci95,
        users=len(found.influence),
        definition=metric.definition(k),
        pairs=pairs,
        effective_pairs=effective_pairs,
        interval=interval,
        jackknife_scale=scale,
    )


def _interval(
    metric: Metric, found: statistics.Estimate, ranked: Ranked, k: int
) -> tuple[tuple[float, float] | None, statistics.Method | None]:
    """Return the 95% interval of a value and how it is made; neither below two users."""
    if len(found.influence) < 2 or not isinstance(metric, GroupMetric):
        return found.interval(*metric.bounds), found.method(*metric.bounds)
    groups = statistics.Groups(*metric.scores(ranked, k))
    made = statistics.gap_interval if isinstance(metric, Gap) else statistics.ratio_interval
    return made(groups), "mover"
