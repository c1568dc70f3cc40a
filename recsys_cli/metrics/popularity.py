"""Average popularity of what is recommended."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import Float64
from recsys_cli.metrics._base import RankingMetric
from recsys_cli.metrics._ranked import Ranked


class Popularity(RankingMetric):
    """Average recommendation popularity: mean training interactions of the first k items of a user.

    From 0 to the count of the most popular item, in interactions; mean over users. The mean is over
    the items that the list has, so a list shorter than k is not penalised; an empty list gives 0.
    Relevance plays no part, yet the users are those evaluated: with at least one relevant item.
    Equal scores rank by the lower item index.

    Elliot (``ARP``) agrees, RecTools (``AvgRecPopularity``) but for users without recommendation,
    whom it leaves out, and RecBole (``AveragePopularity``) where lists are full. Lower means less
    concentrated on popular items, not more accurate.

    References
    ----------
    Yin et al., "Challenging the long tail recommendation", PVLDB 5(9), 2012.
    """

    higher_is_better = False
    bounds = (0.0, np.inf)

    def definition(self, k: int | None) -> str:
        """Return what the number is."""
        return f"mean number of training interactions of the first {k} items, mean over users"

    def per_user(self, ranked: Ranked, k: int) -> Float64:
        """Return the value of each user."""
        return ranked.list_mean(ranked.context.item_counts.astype(np.float64), k)
