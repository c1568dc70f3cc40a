"""Catalogue coverage at a cutoff."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import Float64, Int64
from recsys_cli.metrics._base import CatalogueMetric, Ranked


class Coverage(CatalogueMetric):
    """Catalogue coverage: ``distinct items among the first k of all users / candidate items``.

    From 0 (no recommendation at all) to 1. Candidate items are those that can be recommended to
    some user. It grows with the number of users, so compare it at equal users only. Relevance plays
    no part, yet the users are those evaluated. A list shorter than k counts what it has. Equal
    scores rank by the lower item index.

    It is no mean over users. A user's own value is what the total would lose without that user (the
    items that no other list has, over candidates); the interval is the jackknife's over them, whose
    variance errs on the wide side (Efron and Stein).

    RecBole (``ItemCoverage``) agrees but for its divisor: all items of the data set.

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
        return float(np.count_nonzero(self._lists_with(ranked, k)) / max(1, ranked.n_candidates))

    def per_user(self, ranked: Ranked, k: int) -> Float64:
        """Return the share that would be lost without each user."""
        items = ranked.items[:, :k]
        alone = (items >= 0) & (self._lists_with(ranked, k)[items] == 1)
        return np.asarray(alone.sum(axis=1) / max(1, ranked.n_candidates))

    def _lists_with(self, ranked: Ranked, k: int) -> Int64:
        items = ranked.items[:, :k]
        return np.bincount(items[items >= 0], minlength=len(ranked.item_counts))
