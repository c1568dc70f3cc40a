"""Normalised discounted cumulative gain at a cutoff."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import Float64
from recsys_cli.metrics._base import Ranked, RankingMetric


class NDCG(RankingMetric):
    """Normalised discounted cumulative gain with binary gain, mean over users.

    ``DCG / ideal DCG`` with ``DCG = Σ 1 / log2(rank + 1)`` over the hits among the first k, and the
    ideal list holding ``min(k, relevant items)`` hits at its top. From 0 to 1, and 1 is always
    within reach of a list of k candidates. No recommendation gives 0; a cold relevant item stays in
    the ideal. A list shorter than k counts what it has. A user without relevant items is not
    evaluated. Equal scores rank by the lower item index.

    trec_eval (``ndcg_cut_k``), ir-measures, RecBole and implicit agree on binary data. Those who
    use ratings as gains, or ``2^rating - 1``, measure another thing.

    References
    ----------
    Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20(4),
    2002.
    """

    def definition(self, k: int | None) -> str:
        """Return what the number is."""
        return (
            f"discounted hits among the first {k} (1 / log2(rank + 1) each) divided by those of "
            f"the ideal list of the lesser of {k} and the relevant items, mean over users"
        )

    def per_user(self, ranked: Ranked, k: int) -> Float64:
        """Return the value of each user."""
        hits, attainable = ranked.hits[:, :k], ranked.attainable(k)
        depth = max(hits.shape[1], int(attainable.max(initial=0)))
        discount = 1.0 / np.log2(np.arange(2, depth + 2))
        # Running sums on both sides: a perfect list gives exactly 1.
        gained = np.cumsum(np.where(hits, discount[: hits.shape[1]], 0.0), axis=1)[:, -1]
        ideal = np.cumsum(discount)[attainable - 1]
        return np.asarray(gained / ideal)
