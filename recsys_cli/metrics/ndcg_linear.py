"""Normalised discounted cumulative gain with the value as gain."""

from __future__ import annotations

from recsys_cli.data import Float64
from recsys_cli.metrics._graded import GradedNDCG


class NDCGLinear(GradedNDCG):
    """Normalised discounted cumulative gain where the gain of a hit is its value (its rating).

    ``DCG / ideal DCG`` with ``DCG = Σ value / log2(rank + 1)`` over the hits among the first k, and
    the ideal list holding all relevant items, cold ones included, by descending value. From 0 to 1.
    A held-out item below ``relevant.min_value`` is not relevant and gains 0, as does a negative
    value; a user whose relevant items all gain 0 has 0. Of a pair that is held out twice the larger
    value counts. No recommendation gives 0. A list shorter than k counts what it has. A user
    without relevant items is not evaluated. Equal scores rank by the lower item index. With equal
    values it is ``ndcg``.

    trec_eval (``ndcg_cut_k``) and ir-measures (``nDCG@k``) agree where every held-out item is
    relevant. LensKit (``gain="rating"``) discounts by ``max(log2(rank), 1)``.

    References
    ----------
    Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20(4),
    2002.
    """

    def definition(self, k: int | None) -> str:
        """Return what the number is."""
        return (
            f"discounted values of the hits among the first {k} (value / log2(rank + 1) each) "
            f"divided by those of the {k} relevant items of largest value, mean over users"
        )

    def gain(self, value: Float64, largest: Float64) -> Float64:
        """Return the value."""
        return value
