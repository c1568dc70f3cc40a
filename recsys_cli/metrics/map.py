"""Mean average precision at a cutoff."""

from __future__ import annotations

from recsys_cli.data import Float64
from recsys_cli.metrics._base import RankingMetric
from recsys_cli.metrics._ranked import Ranked


class MAP(RankingMetric):
    """Mean average precision: ``Σ precision at each hit among the first k / relevant items``.

    From 0 to 1; a user with more than k relevant items cannot reach 1 (``map-capped`` can). No
    recommendation gives 0; a cold relevant item stays in the divisor. A list shorter than k counts
    what it has. A user without relevant items is not evaluated. Equal scores rank by the lower item
    index.

    trec_eval (``map_cut_k``), ir-measures (``AP@k``) and RecTools agree. implicit and RecBole
    divide by ``min(k, relevant)``, which here is ``map-capped``.

    References
    ----------
    Buckley and Voorhees, "Evaluating evaluation measure stability", SIGIR 2000.
    """

    def definition(self, k: int | None) -> str:
        """Return what the number is."""
        return (
            f"sum of the precision at each hit among the first {k}, divided by the number of "
            "relevant items, mean over users"
        )

    def per_user(self, ranked: Ranked, k: int) -> Float64:
        """Return the value of each user."""
        return ranked.precision_sum(k) / ranked.n_relevant
