"""Recall at a cutoff, as a share of what the cutoff allows."""

from __future__ import annotations

from recsys_cli.data import Float64
from recsys_cli.metrics._base import RankingMetric
from recsys_cli.metrics._ranked import Ranked


class RecallCapped(RankingMetric):
    """Capped recall: ``hits among the first k / min(k, relevant items)``, mean over users.

    From 0 to 1, and 1 is always within reach of a list of k candidates. No recommendation gives 0;
    a cold relevant item stays in the divisor. A list shorter than k counts what it has. A user
    without relevant items is not evaluated. Equal scores rank by the lower item index.

    This is the "recall" of LensKit, of Liang et al. and of those who compare with them, and
    RecTools' ``Precision`` with ``r_precision=True``; the recall of trec_eval is ``recall``.

    References
    ----------
    Liang et al., "Variational autoencoders for collaborative filtering", WWW 2018, section 4.3.
    """

    def definition(self, k: int | None) -> str:
        """Return what the number is."""
        return (
            f"hits among the first {k} divided by the lesser of {k} and the relevant items, mean "
            "over users"
        )

    def per_user(self, ranked: Ranked, k: int) -> Float64:
        """Return the value of each user."""
        return ranked.n_hits(k) / ranked.attainable(k)
