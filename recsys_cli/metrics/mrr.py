"""Mean reciprocal rank at a cutoff."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import Float64
from recsys_cli.metrics._base import RankingMetric
from recsys_cli.metrics._ranked import Ranked


class MRR(RankingMetric):
    """Mean reciprocal rank: ``1 / rank of the first hit among the first k``, else 0.

    From 0 to 1. No hit and no recommendation give 0. A list shorter than k counts what it has. A
    user without relevant items is not evaluated. Equal scores rank by the lower item index.

    ir-measures (``RR@k``), RecBole, LensKit and RecTools agree.

    References
    ----------
    Voorhees, "The TREC-8 question answering track report", 1999.
    """

    def definition(self, k: int | None) -> str:
        """Return what the number is."""
        return f"1 / rank of the first hit among the first {k}, 0 without one, mean over users"

    def per_user(self, ranked: Ranked, k: int) -> Float64:
        """Return the value of each user."""
        hits = ranked.hits
        return ranked.hit_sum(np.where(hits.nth == 1, 1.0 / hits.place, 0.0), k)
