"""Estimates over all pairs from those that were held out, each weighed by what it stands for.

Only sums over relevant pairs can be estimated so. A divisor that hangs on how many relevant items a
user has in all (``recall`` of one user, the ideal of ``ndcg``, ``map``), or a first hit (``mrr``,
``hit``), does not follow from a sample of them.

References
----------
Schnabel et al., "Recommendations as treatments: debiasing learning and evaluation", ICML 2016.
Swaminathan and Joachims, "The self-normalized estimator for counterfactual learning", NeurIPS 2015.
Kish, "Survey sampling", 1965 (the effective sample size).
"""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from recsys_cli.data import Float64, Int64
from recsys_cli.errors import DataError
from recsys_cli.metrics._base import CatalogueMetric, Metric, RankingMetric
from recsys_cli.metrics._context import Context, Weights
from recsys_cli.metrics._ranked import Ranked


class Weighed(Metric):
    """A sum over the relevant pairs in the lists, each of which counts as often as it stands for.

    Users without a relevant held-out item count as well: that none was held out is chance too.
    """

    counts_all_users = True
    bounds = (0.0, np.inf)

    @abstractmethod
    def gain(self, place: Int64, k: int) -> Float64:
        """Return what a relevant item at each place, from 1 to at most k, adds to a list."""

    def pair_weights(self, context: Context) -> Float64:
        """Return the weights that the estimate rests on, those of all held-out pairs."""
        return _known(self, context.weights).pair

    def effective_pairs(self, context: Context) -> float:
        """Return how many pairs of one weight would tell as much: (Σ w)² / Σ w²; 0 for none."""
        weight = self.pair_weights(context)
        return float(weight.sum() ** 2 / np.square(weight).sum()) if len(weight) else 0.0

    def gained(self, ranked: Ranked, k: int) -> Float64:
        """Return the weighed gain of each evaluated list, float64 (u,)."""
        hits, weights = ranked.hits, ranked.context.weights
        gain = self.gain(np.minimum(hits.place, k), k)
        return ranked.hit_sum(gain * weights.relevant[hits.pair], k)


class IPS(Weighed, RankingMetric):
    """Inverse propensity scoring: the mean over users of the weighed gain."""

    def per_user(self, ranked: Ranked, k: int) -> Float64:
        """Return the value of each user; NaN for one of whom no candidate is held out."""
        return _by_row(self, ranked, k)[0]


class SNIPS(Weighed, CatalogueMetric):
    """Self-normalised: divided by what the weights add up to, over what they should.

    A common factor of the propensities cancels out, and chance that makes many weights large.
    """

    def total(self, ranked: Ranked, k: int) -> float:
        """Return the value over all users."""
        value = float(_normalised(*(part.sum() for part in self.parts(ranked, k))))
        return min(value, self.bounds[1])

    def per_user(self, ranked: Ranked, k: int) -> Float64:
        """Return by how much the value would fall without each user."""
        parts = self.parts(ranked, k)
        return self.total(ranked, k) - _normalised(*(part.sum() - part for part in parts))

    def parts(self, ranked: Ranked, k: int) -> tuple[Float64, Float64, Float64, Float64]:
        """Return what each user adds to gains, weights, the weights due, and users."""
        gained, counted = _by_row(self, ranked, k)
        weights = ranked.context.weights
        return np.where(counted, gained, 0), weights.sums, weights.n_open * counted, counted * 1.0


def _by_row(metric: Weighed, ranked: Ranked, k: int) -> tuple[Float64, Float64]:
    """Return the gain of all users, evaluated or not, and 1 for those who count."""
    context = ranked.context
    weights = _known(metric, context.weights)
    gained = np.zeros(len(weights.n_open))
    gained[context.seen_at] = metric.gained(ranked, k)
    return np.where(weights.counted, gained, np.nan), weights.counted.astype(np.float64)


def _known(metric: Weighed, weights: Weights) -> Weights:
    if weights.all_relevant and len(weights.pair):
        raise all_relevant(metric.spec_name())
    return weights


def all_relevant(name: str) -> DataError:
    """Return the refusal of a metric for which no pair is known not to be relevant."""
    return DataError(
        f"all held-out interactions are relevant, so nothing tells {name} how rare relevant pairs "
        "are",
        where="evaluation.relevant",
        hint="set relevant.min_value if values are ratings, or take snips-recall",
    )


def _normalised(gained: Float64, weight: Float64, due: Float64, users: Float64) -> Float64:
    """Return gained / users × due / weight; 0 where there is nobody."""
    there = (users > 0.5) & (weight > 0)
    ratio = np.divide(due, weight * users, out=np.zeros(np.shape(gained)), where=there)
    return np.asarray(np.maximum(gained, 0) * ratio)
