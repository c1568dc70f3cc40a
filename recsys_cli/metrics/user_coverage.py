"""Share of users who get a full list."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import Float64
from recsys_cli.metrics._base import RankingMetric
from recsys_cli.metrics._ranked import Ranked


class UserCoverage(RankingMetric):
    """User coverage: 1 for a user who is recommended k items, else 0; mean over users.

    From 0 to 1. Relevance plays no part (the share of users with a hit is ``hit``), yet the users
    are those evaluated. A list shorter than k counts 0, so beyond the number of candidates the
    value is 0. Equal scores rank by the lower item index, which changes nothing here. Models here
    fill every list while candidates remain; it tells something of few candidates and of the lists
    of other tools.

    RecTools' ``SufficientReco`` leaves users without recommendation out. Elliot's
    ``UserCoverageAtN`` is the number of such users, and its ``UserCoverage`` that of users with any
    recommendation; ours are the shares, the second at k = 1.

    References
    ----------
    Gunawardana and Shani, "Evaluating recommender systems", Recommender Systems Handbook, 2nd ed.
    2015, section 8.3.2.2 (user space coverage).
    """

    def definition(self, k: int | None) -> str:
        """Return what the number is."""
        return f"share of users who are recommended at least {k} items"

    def per_user(self, ranked: Ranked, k: int) -> Float64:
        """Return the value of each user."""
        return np.asarray(ranked.listed(k) >= k, np.float64)
