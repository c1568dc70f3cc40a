"""Catalogue coverage at a cutoff."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import Float64
from recsys_cli.metrics._base import CatalogueMetric
from recsys_cli.metrics._distinct import jackknife_scale
from recsys_cli.metrics._ranked import Ranked


class Coverage(CatalogueMetric):
    """Catalogue coverage: ``distinct items among the first k of all users / candidate items``.

    From 0 (no recommendation at all) to 1. Candidate items are those that can be recommended to
    some user. It grows with the number of users, so compare it at equal users only. Relevance plays
    no part, yet the users are those evaluated. A list shorter than k counts what it has. Equal
    scores rank by the lower item index.

    It is no mean over users. A user's own value is what the total would lose without that user (the
    items that no other list has, over candidates). The interval is one of the coverage to expect of
    the lists of as many users drawn anew: Student's, with the jackknife's standard error, which is
    too large for distinct items, scaled down by what items in few lists say (Good and Toulmin).

    RecBole (``ItemCoverage``) agrees but for its divisor: all items of the data set and one more,
    its padding item. RecTools' ``CatalogCoverage`` is the number of items, and with
    ``normalize=True`` ours if the catalogue that it is given is the candidates.

    References
    ----------
    Ge, Delgado-Battenfeld and Jannach, "Beyond accuracy: evaluating recommender systems by coverage
    and serendipity", RecSys 2010. Efron and Stein, "The jackknife estimate of variance", Annals of
    Statistics 9(3), 1981.
    """

    def definition(self, k: int | None) -> str:
        """Return what the number is."""
        return f"share of candidate items that are among the first {k} of at least one user"

    def total(self, ranked: Ranked, k: int) -> float:
        """Return the share of candidate items in the lists."""
        listed = ranked.item_lists(k)[ranked.context.candidates]
        return np.count_nonzero(listed) / max(1, len(listed))

    def per_user(self, ranked: Ranked, k: int) -> Float64:
        """Return the share that would be lost without each user."""
        alone = (ranked.item_lists(k) == 1) & ranked.context.candidates
        return ranked.list_sum(alone.astype(np.float64), k) / max(1, ranked.context.n_candidates)

    def jackknife_scale(self, ranked: Ranked, k: int) -> float:
        """Return what brings the jackknife down to the variance of distinct items."""
        return jackknife_scale(ranked.items[:, :k], ranked.context.candidates, ranked.item_lists(k))
