"""Hit rate at a cutoff."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import Float64
from recsys_cli.metrics._base import RankingMetric
from recsys_cli.metrics._ranked import Ranked


class Hit(RankingMetric):
    """Hit rate: 1 for a user with at least one hit among the first k, else 0; mean over users.

    From 0 to 1. No recommendation gives 0. A list shorter than k counts what it has. A user without
    relevant items is not evaluated. Equal scores rank by the lower item index.

    trec_eval and ir-measures (``Success@k``), RecBole, LensKit and RecTools agree. With one
    relevant item a user, as after ``leave-last``, it equals ``recall``.

    References
    ----------
    Deshpande and Karypis, "Item-based top-N recommendation algorithms", ACM TOIS 22(1), 2004.
    """

    def definition(self, k: int | None) -> str:
        """Return what the number is."""
        return f"share of users with at least one hit among the first {k}"

    def per_user(self, ranked: Ranked, k: int) -> Float64:
        """Return the value of each user."""
        return np.asarray(ranked.n_hits(k) > 0, np.float64)
