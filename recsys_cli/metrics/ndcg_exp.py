"""Normalised discounted cumulative gain with exponential gain."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import Float64
from recsys_cli.metrics._graded import GradedNDCG


class NDCGExp(GradedNDCG):
    """Normalised discounted cumulative gain where the gain of a hit is ``2^value - 1``.

    ``DCG / ideal DCG`` with ``DCG = Σ (2^value - 1) / log2(rank + 1)`` over the hits among the
    first k; all else is as in ``ndcg-linear``: the ideal list holds all relevant items, cold ones
    included, by descending value; an item below ``relevant.min_value`` or with a negative value
    gains 0. From 0 to 1. No recommendation gives 0. A list shorter than k counts what it has. A
    user without relevant items is not evaluated. Equal scores rank by the lower item index. It is
    defined for values of any size; from some tens on, only a user's largest still weighs anything.

    Elliot's ``nDCG`` takes ``2^(value - min_value + 1) - 1``, which is another number; with values
    0 and 1 both are ``ndcg``.

    References
    ----------
    Burges et al., "Learning to rank using gradient descent", ICML 2005.
    """

    def definition(self, k: int | None) -> str:
        """Return what the number is."""
        return (
            f"discounted gains of the hits among the first {k} ((2^value - 1) / log2(rank + 1) "
            f"each) divided by those of the {k} relevant items of largest value, mean over users"
        )

    def gain(self, value: Float64, largest: Float64) -> Float64:
        """Return (2^value - 1) / 2^largest, which no value makes overflow."""
        return np.asarray(np.exp2(value - largest) * -np.expm1(-value * np.log(2)))
