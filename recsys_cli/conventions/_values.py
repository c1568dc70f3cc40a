"""What the terms of several peers are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from recsys_cli.conventions._base import Evidence
from recsys_cli.data import Float64
from recsys_cli.metrics import METRICS
from recsys_cli.metrics._base import RankingMetric
from recsys_cli.metrics._ranked import Ranked

Value = Callable[[Evidence, int], float]


@dataclass(frozen=True)
class Ours:
    """The value of our own metric of this name, where a peer has the same number."""

    name: str

    def __call__(self, evidence: Evidence, k: int) -> float:
        """Return the mean over users."""
        metric = METRICS.get(self.name)()
        assert isinstance(metric, RankingMetric)
        return mean(metric.per_user(evidence.ranked, k))


def over_users(per_user: Callable[[Ranked, int], Float64]) -> Value:
    """Return the mean over all users, each of whom has a relevant item."""
    return lambda evidence, k: mean(per_user(evidence.ranked, k))


def over_listed(per_user: Callable[[Ranked, int], Float64]) -> Value:
    """Return the mean over the users with a recommendation."""

    def value(evidence: Evidence, k: int) -> float:
        ranked = evidence.ranked
        return mean(per_user(ranked, k)[ranked.listed(ranked.items.shape[1]) > 0])

    return value


def rmse(evidence: Evidence, k: int) -> float:
    """Return the root of the mean squared error over all pairs."""
    return float(np.sqrt(mean(np.square(errors(evidence)))))


def mae(evidence: Evidence, k: int) -> float:
    """Return the mean absolute error over all pairs."""
    return mean(np.abs(errors(evidence)))


def errors(evidence: Evidence) -> Float64:
    """Return predicted less given rating of each pair."""
    return evidence.predicted.astype(np.float64) - evidence.rating.astype(np.float64)


def mean(values: Float64) -> float:
    """Return the mean; NaN of nothing."""
    return float(values.mean()) if len(values) else np.nan
