"""Keep the users and items that have enough interactions with each other."""

from __future__ import annotations

import numpy as np
from pydantic import NonNegativeInt

from recsys_cli.data import Interactions
from recsys_cli.prepare._base import Filter, FilterConfig, Selection


class CoreConfig(FilterConfig):
    """Parameters of :class:`Core`."""

    users: NonNegativeInt = 5
    """Least number of interactions of a user."""
    items: NonNegativeInt = 5
    """Least number of interactions of an item."""


class Core(Filter[CoreConfig]):
    """Drop users and items with too few interactions until none is left that has too few.

    What stays is the largest such set and does not depend on the order of dropping. Repeated
    interactions of a pair count each.
    """

    @property
    def hindsight(self) -> str:
        """It counts interactions of the test part too."""
        return "who and what has enough interactions is counted over all, the test part's included"

    def select(self, data: Interactions, rng: np.random.Generator) -> Selection:
        """Return the rows of the core; draws nothing."""
        rows = np.arange(len(data))
        while True:
            user, item = data.user_idx[rows], data.item_idx[rows]
            enough = np.bincount(user, minlength=data.n_users)[user] >= self.config.users
            enough &= np.bincount(item, minlength=data.n_items)[item] >= self.config.items
            if enough.all():
                return Selection(rows)
            rows = rows[enough]
