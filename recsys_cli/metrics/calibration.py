"""Calibration: do lists hold genres in the proportions of the user's history?"""

from __future__ import annotations

from math import log

import numpy as np

from recsys_cli import threads
from recsys_cli.data import Float64, Int64
from recsys_cli.metrics._base import ColumnConfig, RankingMetric
from recsys_cli.metrics._ranked import Ranked

#: How much of the history's distribution is mixed into that of the list.
ALPHA = 0.01
_ROWS = 1024


class Calibration(RankingMetric):
    """Miscalibration: divergence of the labels of the first k items from those of the history.

    ``KL(p ‖ q') = Σ p ln(p / q')`` over the labels of the column, with ``q' = 0.99 q + 0.01 p``.
    p is the mean over the items that the user is known for, q that over the first k, of each item's
    distribution: 1 / n for each of its n labels. From 0 (the same proportions) to ``ln 100``, in
    nats; mean over users. Items without labels are left out. A list shorter than k counts what it
    has, and one without any labelled item has the largest value, as no recommendation has. Every
    item weighs the same, whatever its rank and rating. Relevance plays no part, yet the users are
    those evaluated; a user without a labelled item in the history, such as a cold one, has no
    proportions to keep and is left out of the mean. Equal scores rank by the lower item index.

    LibRec has a KL divergence of the same paper; RecBole, RecTools and LensKit have none.

    References
    ----------
    Steck, "Calibrated recommendations", RecSys 2018, section 3 (with its α = 0.01).
    """

    Config = ColumnConfig
    features_of = "items"
    higher_is_better = False
    bounds = (0.0, -log(ALPHA))

    def definition(self, k: int | None) -> str:
        """Return what the number is."""
        return (
            f'Kullback-Leibler divergence of the "{self.column}" distribution of the first {k} '
            "items, smoothed by 0.01, from that of the user's history, mean over users"
        )

    def per_user(self, ranked: Ranked, k: int) -> Float64:
        """Return the value of each user; NaN for those without a labelled history."""
        key = (type(self), self.column)
        return ranked.at_cutoffs(key, k, lambda cutoffs: self._at(ranked, cutoffs))

    def _at(self, ranked: Ranked, cutoffs: Int64) -> Float64:
        """Return the values at each cutoff, float64 (n, u); the history is gone through once."""
        from recsys_cli.kernels.labels import divergence_rows

        context, labels = ranked.context, ranked.context.labels("items", self.column)
        known = (context.seen_at, context.seen.indptr, context.seen.indices)
        each = (labels.counts > 0) / np.maximum(labels.counts, 1)
        out = np.empty((len(cutoffs), len(ranked.items)))

        def block(start: int, stop: int) -> None:
            room = np.empty((2, labels.n_labels))
            lists = (start, stop, ranked.items, cutoffs)
            divergence_rows(*lists, *known, *labels[:2], each, ALPHA, room, out)

        threads.map_blocks(block, len(ranked.items), _ROWS)
        return np.clip(out, *self.bounds)
