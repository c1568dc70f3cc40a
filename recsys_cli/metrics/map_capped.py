"""Mean average precision at a cutoff, as a share of what the cutoff allows."""

from __future__ import annotations

from recsys_cli.data import Float64
from recsys_cli.metrics._base import RankingMetric
from recsys_cli.metrics._ranked import Ranked


class MAPCapped(RankingMetric):
    """Capped MAP: ``Σ precision at each hit among the first k / min(k, relevant items)``.

    From 0 to 1, and 1 is always within reach of a list of k candidates. No recommendation gives 0;
    a cold relevant item stays in the divisor. A list shorter than k counts what it has. A user
    without relevant items is not evaluated. Equal scores rank by the lower item index.

    implicit and RecBole agree, and LensKit where lists are full (it divides by the length of the
    list if that is less than the relevant items); trec_eval divides by all relevant items, which
    here is ``map``.

    References
    ----------
    Aiolli, "Efficient top-n recommendation for very large scale binary rated datasets", RecSys 2013
    (the truncated MAP of the Million Song Dataset challenge).
    """

    def definition(self, k: int | None) -> str:
        """Return what the number is."""
        return (
            f"sum of the precision at each hit among the first {k}, divided by the lesser of {k} "
            "and the relevant items, mean over users"
        )

    def per_user(self, ranked: Ranked, k: int) -> Float64:
        """Return the value of each user."""
        return ranked.precision_sum(k) / ranked.attainable(k)
