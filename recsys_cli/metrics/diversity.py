"""Intra-list diversity on item features."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import Float64
from recsys_cli.metrics._base import RankingMetric
from recsys_cli.metrics._ranked import Ranked, stacked


class Diversity(RankingMetric):
    """Intra-list diversity: 1 less the mean cosine of two different items among the first k.

    An item is the vector of its labels (all categories, genres and tags of the data, 1 where it has
    one); numbers such as a year are left out, whose size would decide alone. From 0 (all alike) to
    1 (nothing in common); mean over users. Items without any label are left out of the pairs, and
    fewer than two others give 0, as does an empty list or k = 1. The mean is over the pairs that
    the list has, so a list shorter than k is not penalised. Relevance plays no part, yet the users
    are those evaluated. Equal scores rank by the lower item index.

    It costs no pairs: with unit vectors x, ``Σ cosines = |Σ x|² - items``.

    LensKit's ``ILS`` is 1 less this number, on one attribute and with 1 for a list of one item;
    RecTools' ``IntraListDiversity`` takes any distance; its own is the number of labels that only
    one of the two items has.

    References
    ----------
    Smyth and McClave, "Similarity vs. diversity", ICCBR 2001. Ziegler et al., "Improving
    recommendation lists through topic diversification", WWW 2005.
    """

    features_of = "items"

    def definition(self, k: int | None) -> str:
        """Return what the number is."""
        return (
            f"1 less the mean cosine of the labels of two different items among the first {k}, "
            "mean over users"
        )

    def per_user(self, ranked: Ranked, k: int) -> Float64:
        """Return the value of each user."""
        labels = ranked.context.labels("items")
        known = labels.counts > 0
        unit = 1 / np.sqrt(np.maximum(labels.counts, 1))

        def squares(rows: slice) -> Float64:
            found: Float64 = np.square(ranked.label_sum(labels, unit, k, rows)).sum(axis=1)
            return found

        square = stacked(squares, len(ranked.items), labels.n_labels)
        items = ranked.list_sum(known.astype(np.float64), k)
        pairs = items * (items - 1)
        alike = np.divide(square - items, pairs, where=pairs > 0, out=np.ones(len(pairs)))
        return np.asarray(np.clip(1 - alike, 0, 1))
