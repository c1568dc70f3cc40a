"""Novelty as self-information."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import Float64
from recsys_cli.metrics._base import RankingMetric
from recsys_cli.metrics._ranked import Ranked


class Novelty(RankingMetric):
    """Mean self-information: ``-log2 p`` of the first k items of a user, mean over users.

    p is the share of the item in all training interactions: how likely one of them, drawn at
    random, is of this item. From 0 (all training is of one item) to the log2 of the number of
    training interactions, in bits. An item without training interactions counts as one with 1. The
    mean is over the items that the list has, so a list shorter than k is not penalised; an empty
    list gives 0. Relevance plays no part, yet the users are those evaluated. Equal scores rank by
    the lower item index. With the share of users in place of that of interactions it is ``iuf``.

    Microsoft Recommenders (``novelty``) agrees where lists are full; its mean is over all places,
    not over users. Elliot's ``EFD`` discounts by rank and counts hits only.

    References
    ----------
    Castells, Vargas and Wang, "Novelty and diversity metrics for recommender systems: choice,
    discovery and relevance", DDR at ECIR 2011, equations 1 and 6.
    """

    bounds = (0.0, np.inf)

    def definition(self, k: int | None) -> str:
        """Return what the number is."""
        return (
            f"mean of -log2(training interactions of the item / all) over the first {k} items, "
            "mean over users"
        )

    def per_user(self, ranked: Ranked, k: int) -> Float64:
        """Return the value of each user."""
        counts = ranked.context.item_counts
        # log2 of the reciprocal: all of one item gives 0, where minus would give -0.
        return ranked.list_mean(np.log2(counts.sum() / np.maximum(counts, 1)), k)
