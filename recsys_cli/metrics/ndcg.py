"""Normalised discounted cumulative gain at a cutoff."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import Float64
from recsys_cli.metrics._base import RankingMetric
from recsys_cli.metrics._ranked import Ranked, discounts


class NDCG(RankingMetric):
    """Normalised discounted cumulative gain with binary gain, mean over users.

    ``DCG / ideal DCG`` with ``DCG = Σ 1 / log2(rank + 1)`` over the hits among the first k, and the
    ideal list holding ``min(k, relevant items)`` hits at its top. From 0 to 1, and 1 is always
    within reach of a list of k candidates. No recommendation gives 0; a cold relevant item stays in
    the ideal. A list shorter than k counts what it has. A user without relevant items is not
    evaluated. Equal scores rank by the lower item index.

    trec_eval (``ndcg_cut_k``) and ir-measures agree on binary data; RecBole and implicit agree, and
    RecTools with ``divide_by_achievable=True``: by default its ideal has k hits for everyone.
    LensKit discounts by ``max(log2(rank), 1)``, so that the first two ranks count alike. Ratings as
    gains are ``ndcg-linear``, and ``2^rating - 1`` is ``ndcg-exp``.

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
        discount = discounts(max(k, ranked.items.shape[1]))
        # Both are summed from the first place on: a perfect list gives exactly 1.
        gained = ranked.hit_sum(discount[ranked.hits.place - 1], k)
        return np.asarray(gained / np.cumsum(discount)[ranked.attainable(k) - 1])
