"""What an evaluation came to: each metric with its uncertainty, and what it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys_cli import statistics
from recsys_cli.data import Float32, Float64, Int32
from recsys_cli.metrics import parse
from recsys_cli.metrics._base import RatingMetric

#: What only some metrics have, and a document only where they do.
_SOME = ("pairs", "effective_pairs", "jackknife_scale", "full", "corrected")


@dataclass(frozen=True)
class Beside:
    """Another value of a metric that stands beside the one that was asked for."""

    value: float
    ci95: tuple[float, float] | None


@dataclass(frozen=True)
class MetricValue:
    """One number with its uncertainty and its meaning.

    Attributes
    ----------
    value : float
        Finite.
    ci95 : (float, float), optional
        95% interval over users; None when there is only one.
    users : int
        Users behind it.
    definition : str
    pairs : int, optional
        Test pairs behind a rating metric, or behind one that weighs them.
    effective_pairs : float, optional
        How many pairs of one weight would tell as much: (Σ w)² / Σ w², w the weights.
    interval : str, optional
        How ``ci95`` is made: wilson, log-t, t or mover.
    jackknife_scale : float, optional
        Of a catalogue metric, what the standard error of its column's jackknife is multiplied by.
    full : Beside, optional
        Where the value is one among candidate lists: the same metric of the full ranking.
    corrected : Beside, optional
        Likewise, what the candidate lists alone say of the full ranking.
    """

    value: float
    ci95: tuple[float, float] | None
    users: int
    definition: str
    pairs: int | None = None
    effective_pairs: float | None = None
    interval: statistics.Method | None = None
    jackknife_scale: float | None = None
    full: Beside | None = None
    corrected: Beside | None = None


class Lists(NamedTuple):
    """What was recommended: users int32 (u,), items int32 (u, K), -1 for none, and scores."""

    user_idx: Int32
    items: Int32
    scores: Float32 | Float64


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What one model scored on one part of one split.

    Attributes
    ----------
    metrics : dict of str to MetricValue
        In the order of the spec.
    per_user : dict of str to ndarray, shape (n,)
        ``user_idx`` int32, ``relevant`` and ``pairs`` int64, then one float64 column a metric, and
        where there are candidate lists ``NAME (full)`` and ``NAME (corrected)``. A user without a
        relevant item has NaN in the ranking columns: it was not asked. So has one for whom a metric
        means nothing, such as a cold user's ``calibration:genre@10``. Metrics that weigh pairs
        count all users.
    counts : dict of str to int
        Those of the part, and ``tied_lists``: how many are cut among items of the same score.
    lists : Lists, optional
        Of the users with a relevant item, as long as the largest cutoff; None without a cutoff.
    pairs : dict of str to ndarray, optional
        What :func:`~recsys_cli.outcomes.outcomes` says of each pair of the part.
    conventions : dict of str to dict
        What each convention asked for reports beside the metrics, by its name.
    """

    metrics: dict[str, MetricValue]
    per_user: dict[str, NDArray[Any]]
    counts: dict[str, int]
    lists: Lists | None = None
    pairs: dict[str, NDArray[Any]] | None = None
    conventions: dict[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return metrics and counts as JSON has them; what only some metrics have, only there."""
        plain = {name: asdict(value) for name, value in self.metrics.items()}
        for value in plain.values():
            for key in _SOME:
                if value[key] is None:
                    del value[key]
        asked = {"conventions": self.conventions} if self.conventions else {}
        return {"metrics": plain, **asked, "counts": self.counts}


def estimate(
    name: str,
    per_user: Mapping[str, NDArray[Any]],
    total: float | None = None,
    scale: float | None = None,
) -> statistics.Estimate:
    """Return a metric's value with the influence of each user that has one, in table order.

    Parameters
    ----------
    name : str
        Of a metric.
    per_user : mapping of str to ndarray, shape (n,)
        The column of that name; for a rating metric also ``pairs``.
    total : float, optional
        The value of a catalogue metric, which does not follow from its column; others need none.
    scale : float, optional
        Of a catalogue metric, its ``jackknife_scale``; 1 by default.
    """
    metric, column = parse(name).metric, per_user[name]
    counted = ~np.isnan(column)
    column = column[counted]
    if isinstance(metric, RatingMetric):
        pairs = per_user["pairs"][counted]
        loss = statistics.ratio(metric.unlink(column) * pairs, pairs)
        value = float(metric.link(np.asarray(loss.value)))
        return statistics.Estimate(value, metric.slope(loss.value) * loss.influence)
    if total is None:
        return statistics.mean(column)
    return statistics.jackknife(total, column, 1.0 if scale is None else scale)
