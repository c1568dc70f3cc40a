"""What a metric is. Its name is its definition: ``ndcg@10`` parses, prints and compares by it."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from recsys_cli.data import Bool, Float64, Int32, Int64
from recsys_cli.registry import Component, Config


class MetricConfig(Config):
    """Metrics have no parameters beside the cutoff, which is part of the name."""


@dataclass(frozen=True, eq=False)
class Ranked:
    """The recommendations of all evaluated users, from which every ranking metric is computed.

    Attributes
    ----------
    items : ndarray of int32, shape (u, K)
        Best first; -1 where a list is shorter than K, the largest cutoff.
    hits : ndarray of bool, shape (u, K)
        Whether the item is relevant.
    n_relevant : ndarray of int64, shape (u,)
        Relevant items of each user, at least 1; cold ones included.
    item_counts : ndarray of int64, shape (n_items,)
        Training interactions of each item; a candidate has at least one.
    auc : ndarray of float64, shape (u,), optional
        The area under the ROC curve of each user over all candidates; only when a metric needs it.
    """

    items: Int32
    hits: Bool
    n_relevant: Int64
    item_counts: Int64
    auc: Float64 | None = None


class Metric(Component[MetricConfig]):
    """One metric. The docstring states formula, range and edge cases."""

    Config = MetricConfig
    kind: ClassVar[Literal["ranking", "rating", "catalogue"]]
    higher_is_better: ClassVar[bool] = True
    has_cutoff: ClassVar[bool] = True

    @abstractmethod
    def definition(self, k: int | None) -> str:
        """Return one sentence that says what the number is; stored beside every value."""


class RankingMetric(Metric):
    """A number for each user, whose mean is the value."""

    kind = "ranking"

    @abstractmethod
    def per_user(self, ranked: Ranked, k: int | None) -> Float64:
        """Return one finite value a user, float64 (u,)."""


class CatalogueMetric(Metric):
    """One number for all lists together."""

    kind = "catalogue"

    @abstractmethod
    def total(self, ranked: Ranked, k: int | None) -> float:
        """Return the value over all users."""


class RatingMetric(Metric):
    """A loss for each test pair; the value is a function of the mean loss over all pairs."""

    kind = "rating"
    higher_is_better = False
    has_cutoff = False

    @abstractmethod
    def loss(self, rating: NDArray[np.float32], predicted: NDArray[np.float32]) -> Float64:
        """Return the loss of each pair, float64 (n,)."""

    @abstractmethod
    def link(self, mean_loss: Float64) -> Float64:
        """Return the metric's value for a mean loss, elementwise."""
