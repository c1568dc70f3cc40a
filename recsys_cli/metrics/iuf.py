"""Novelty as inverse user frequency."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import Float64
from recsys_cli.metrics._base import RankingMetric
from recsys_cli.metrics._ranked import Ranked


class IUF(RankingMetric):
    """Mean inverse user frequency: ``log2(users / users of the item)`` of the first k items.

    Users are those with a training interaction, users of the item those with one with it. From 0
    (every user has the items) to the log2 of the users, in bits; mean over users. An item that no
    user has counts as one that a single user has. The mean is over the items that the list has, so
    a list shorter than k is not penalised; an empty list gives 0. Relevance plays no part, yet the
    users are those evaluated. Equal scores rank by the lower item index. Zhou et al. call the same
    number self-information; ``novelty`` is that of interactions.

    RecTools (``MeanInvUserFreq``) agrees but for users without recommendation, whom it leaves out.

    References
    ----------
    Castells, Hurley and Vargas, "Novelty and diversity in recommender systems", Recommender Systems
    Handbook, 2nd ed. 2015, section 26.3.2. Zhou et al., "Solving the apparent diversity-accuracy
    dilemma of recommender systems", PNAS 107(10), 2010.
    """

    bounds = (0.0, np.inf)

    def definition(self, k: int | None) -> str:
        """Return what the number is."""
        return (
            f"mean of log2(training users / training users of the item) over the first {k} items, "
            "mean over users"
        )

    def per_user(self, ranked: Ranked, k: int) -> Float64:
        """Return the value of each user."""
        context = ranked.context
        return ranked.list_mean(np.log2(context.n_users / np.maximum(context.item_users, 1)), k)
