"""What a metric is. Its name is its definition: ``ndcg@10`` parses, prints and compares by it.

What the entries say of peers was read in their sources: RecBole 025bef6 (evaluator/metrics.py),
implicit 01d92ab (evaluation.pyx), LensKit 0d8cc5a (metrics/), Elliot 0126926 (evaluation/metrics/),
Surprise 1.1.5 (accuracy.py); agreement with ir-measures, and through it trec_eval, is tested.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from recsys_cli.data import Bool, Float32, Float64, Int32, Int64
from recsys_cli.registry import Component, Config


class MetricConfig(Config):
    """Metrics have no parameters beside the cutoff, which is part of the name."""


@dataclass(frozen=True, eq=False)
class Ranked:
    """The recommendations of all evaluated users, from which every ranking metric is computed.

    Attributes
    ----------
    items : ndarray of int32, shape (u, K)
        Best first, none twice; -1 where a list is shorter than K. K is the largest cutoff, or the
        number of items if that is less.
    hits : ndarray of bool, shape (u, K)
        Whether the item is relevant.
    n_relevant : ndarray of int64, shape (u,)
        Relevant items of each user, at least 1; cold ones included.
    item_counts : ndarray of int64, shape (n_items,)
        Training interactions of each item.
    n_candidates : int
        Items that can be recommended to some user.
    auc : ndarray of float64, shape (u,), optional
        The area under the ROC curve of each user over all candidates; only when a metric needs it.
    """

    items: Int32
    hits: Bool
    n_relevant: Int64
    item_counts: Int64
    n_candidates: int
    auc: Float64 | None = None

    def n_hits(self, k: int) -> Int64:
        """Return the hits among the first k items of each user, int64 (u,)."""
        return np.asarray(np.count_nonzero(self.hits[:, :k], axis=1))

    def attainable(self, k: int) -> Int64:
        """Return the hits of the best possible list of k: min(k, relevant), int64 (u,)."""
        return np.minimum(k, self.n_relevant)

    def precision_sum(self, k: int) -> Float64:
        """Return the sum over hits in the first k of the precision down to each, float64 (u,)."""
        hits = self.hits[:, :k]
        precision = np.cumsum(hits, axis=1) / np.arange(1, hits.shape[1] + 1)
        total: Float64 = np.where(hits, precision, 0.0).sum(axis=1)
        return total


class Metric(Component[MetricConfig]):
    """One metric. The docstring states formula, range and edge cases."""

    Config = MetricConfig
    kind: ClassVar[Literal["ranking", "rating", "catalogue"]]
    higher_is_better: ClassVar[bool] = True
    has_cutoff: ClassVar[bool] = True
    #: Whether :attr:`Ranked.auc` is read, which takes a second pass over the scores.
    needs_auc: ClassVar[bool] = False
    #: Smallest and largest value possible; intervals end there.
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)

    @abstractmethod
    def definition(self, k: int | None) -> str:
        """Return one sentence that says what the number is; stored beside every value."""


class RankingMetric(Metric):
    """A number for each user, whose mean is the value."""

    kind = "ranking"

    @abstractmethod
    def per_user(self, ranked: Ranked, k: int) -> Float64:
        """Return one finite value a user, float64 (u,). Without a cutoff, k is 0 and not read."""


class CatalogueMetric(Metric):
    """One number for all lists together."""

    kind = "catalogue"

    @abstractmethod
    def total(self, ranked: Ranked, k: int) -> float:
        """Return the value over all users."""

    @abstractmethod
    def per_user(self, ranked: Ranked, k: int) -> Float64:
        """Return by how much the value would fall without each user, float64 (u,)."""


class RatingMetric(Metric):
    """A loss for each test pair; the value is a function of the mean loss over all pairs."""

    kind = "rating"
    higher_is_better = False
    has_cutoff = False
    bounds = (0.0, np.inf)

    @abstractmethod
    def loss(self, rating: Float32, predicted: Float32) -> Float64:
        """Return the loss of each pair, float64 (n,)."""

    @abstractmethod
    def link(self, mean_loss: Float64) -> Float64:
        """Return the metric's value for a mean loss, elementwise."""

    @abstractmethod
    def unlink(self, value: Float64) -> Float64:
        """Return the mean loss that a value stands for, elementwise."""

    @abstractmethod
    def slope(self, mean_loss: float) -> float:
        """Return the derivative of :meth:`link`; 0 where the loss is 0."""
