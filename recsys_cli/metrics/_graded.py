"""Normalised discounted cumulative gain with graded gains."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from recsys_cli.data import Float64, Int64
from recsys_cli.metrics._base import RankingMetric
from recsys_cli.metrics._context import Context
from recsys_cli.metrics._ranked import Ranked, discounts


class GradedNDCG(RankingMetric):
    """``DCG / ideal DCG`` with a gain for each relevant item that grows with its value."""

    @abstractmethod
    def gain(self, value: Float64, largest: Float64) -> Float64:
        """Return the gain of relevant items, up to a factor that is the user's.

        Parameters
        ----------
        value : ndarray of float64, shape (n,)
            Not negative.
        largest : ndarray of float64, shape (n,)
            The largest value of the same user.
        """

    def per_user(self, ranked: Ranked, k: int) -> Float64:
        """Return the value of each user."""
        gains = ranked.context.once((type(self), "gains"), lambda: self._gains(ranked.context))
        discount = discounts(max(k, ranked.items.shape[1]))
        gained = ranked.hit_sum(gains[ranked.hits.pair] * discount[ranked.hits.place - 1], k)
        ideal = _ideal(ranked.context, gains, discount[:k])
        # Both are summed from the first place on: a perfect list gives exactly 1.
        return np.divide(gained, ideal, out=np.zeros(len(gained)), where=ideal > 0)

    def _gains(self, context: Context) -> Float64:
        """Return the gain of each relevant pair, float64 (nnz,)."""
        value = np.maximum(context.relevant.data.astype(np.float64), 0)
        largest = np.maximum.reduceat(value, context.relevant.indptr[:-1])
        return self.gain(value, np.repeat(largest, context.n_relevant))


def _ideal(context: Context, gains: Float64, discount: Float64) -> Float64:
    row, place = context.once("ideal places", lambda: _places(context))
    among = place < len(discount)
    best = gains[context.ideal[among]] * discount[place[among]]
    return np.asarray(np.bincount(row[among], best, len(context.n_relevant)), np.float64)


def _places(context: Context) -> tuple[Int64, Int64]:
    """Return the user and the place, from 0, of each pair of the ideal lists."""
    row = context.relevant.row_of()
    return row, np.arange(len(row)) - context.relevant.indptr[row]
