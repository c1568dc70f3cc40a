"""Share of the long tail in what is recommended."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import Float64
from recsys_cli.metrics._base import RankingMetric
from recsys_cli.metrics._context import Context
from recsys_cli.metrics._ranked import Ranked


class LongTail(RankingMetric):
    """Average share of long-tail items (APLT) among the first k of a user; mean over users.

    The head is the fewest items, most popular first and equal ones by the lower index, that make at
    least 80% of the training interactions; the tail is all others, those without any included. From
    0 to 1. The share is of the items that the list has, so a list shorter than k is not penalised;
    an empty list gives 0. Relevance plays no part, yet the users are those evaluated. Equal scores
    rank by the lower item index.

    Elliot (``APLT``) agrees but for the order of equally popular items and for items that are not
    in its training part. RecBole's ``TailPercentage`` takes the least popular tenth of the items as
    the tail.

    References
    ----------
    Abdollahpouri, Burke and Mobasher, "Managing popularity bias in recommender systems with
    personalized re-ranking", FLAIRS 2019.
    """

    def definition(self, k: int | None) -> str:
        """Return what the number is."""
        return (
            f"share of the first {k} items that are not among the most popular ones that make 80% "
            "of training interactions, mean over users"
        )

    def per_user(self, ranked: Ranked, k: int) -> Float64:
        """Return the value of each user."""
        return ranked.list_mean(_tail(ranked.context), k)


def _tail(context: Context) -> Float64:
    """Return 1 for items of the tail and 0 for those of the head."""
    made = np.cumsum(context.item_counts[context.by_popularity])
    in_head = np.count_nonzero(5 * made < 4 * made[-1]) + 1
    tail = np.ones(len(made))
    tail[context.by_popularity[:in_head]] = 0
    return tail
