"""Precision at a cutoff."""

from __future__ import annotations

from recsys_cli.data import Float64
from recsys_cli.metrics._base import RankingMetric
from recsys_cli.metrics._ranked import Ranked


class Precision(RankingMetric):
    """Precision: ``hits among the first k / k``, mean over users.

    From 0 to 1. The divisor is always k: a list shorter than k, or a user with fewer than k
    relevant items, cannot reach 1; no recommendation gives 0. A user without relevant items is not
    evaluated. Equal scores rank by the lower item index.

    trec_eval (``P_k``), ir-measures, RecBole and RecTools agree. implicit pools hits over all users
    and divides by ``Σ min(k, relevant)``, which is another number; LensKit divides by the length
    of the list.

    References
    ----------
    Manning, Raghavan and Schütze, "Introduction to Information Retrieval", 2008, section 8.4.
    """

    def definition(self, k: int | None) -> str:
        """Return what the number is."""
        return f"hits among the first {k} divided by {k}, mean over users"

    def per_user(self, ranked: Ranked, k: int) -> Float64:
        """Return the value of each user."""
        return ranked.n_hits(k) / k
