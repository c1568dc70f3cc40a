"""Recall at a cutoff."""

from __future__ import annotations

from recsys_cli.data import Float64
from recsys_cli.metrics._base import RankingMetric
from recsys_cli.metrics._ranked import Ranked


class Recall(RankingMetric):
    """Recall: ``hits among the first k / relevant items``, mean over users.

    From 0 to 1; a user with more than k relevant items cannot reach 1 (``recall-capped`` can). No
    recommendation gives 0, and a cold relevant item, which can never be recommended, stays in the
    divisor. A list shorter than k counts what it has. A user without relevant items is not
    evaluated. Equal scores rank by the lower item index.

    trec_eval (``recall_k``), ir-measures, RecBole and RecTools agree; the "recall" of LensKit and
    of the variational autoencoder papers is ``recall-capped``.

    References
    ----------
    Manning, Raghavan and Schütze, "Introduction to Information Retrieval", 2008, section 8.3.
    """

    def definition(self, k: int | None) -> str:
        """Return what the number is."""
        return f"hits among the first {k} divided by the number of relevant items, mean over users"

    def per_user(self, ranked: Ranked, k: int) -> Float64:
        """Return the value of each user."""
        return ranked.n_hits(k) / ranked.n_relevant
