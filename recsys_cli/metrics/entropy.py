"""Entropy of what is recommended."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import Float64, Int64
from recsys_cli.metrics import _pairs
from recsys_cli.metrics._base import CatalogueMetric
from recsys_cli.metrics._ranked import Ranked


class Entropy(CatalogueMetric):
    """Shannon entropy of exposure: ``-Σ p log2 p``, p the share of an item in all places to k.

    From 0 (always the same item; or no recommendation at all) to the log2 of the candidate items,
    in bits; not normalised, so that ``2^entropy`` is the number of items that, recommended equally
    often, would be as diverse. Items never recommended add 0. Relevance plays no part, yet the
    users are those evaluated. It grows with the number of users. A list shorter than k counts what
    it has. Equal scores rank by the lower item index.

    It is no mean over users. A user's own value is by how much the total would fall without that
    user, exactly. The interval is one of the entropy to expect of the lists of as many users drawn
    anew: Student's, with the jackknife's standard error, less what two users do together (Efron and
    Stein).

    Elliot (``SEntropy``) agrees where lists are full. RecBole (``ShannonEntropy``) takes the
    natural logarithm and divides by the number of distinct items recommended. LensKit's ``entropy``
    is that of the categories within one list.

    References
    ----------
    Castells, Hurley and Vargas, "Novelty and diversity in recommender systems", Recommender Systems
    Handbook, 2nd ed. 2015, section 26.3.6. Efron and Stein, "The jackknife estimate of variance",
    Annals of Statistics 9(3), 1981.
    """

    bounds = (0.0, np.inf)

    def definition(self, k: int | None) -> str:
        """Return what the number is."""
        return f"Shannon entropy in bits of the items in the first {k} places of all lists"

    def total(self, ranked: Ranked, k: int) -> float:
        """Return the entropy over all lists."""
        counts = ranked.item_lists(k)
        return float(_entropy(counts.sum(), _weight(counts).sum()))

    def per_user(self, ranked: Ranked, k: int) -> Float64:
        """Return by how much the entropy would fall without each user."""
        return ranked.once((type(self), k), lambda: _falls(ranked, k))

    def jackknife_scale(self, ranked: Ranked, k: int) -> float:
        """Return what takes the effects of two users off the jackknife's variance once."""
        counts = ranked.item_lists(k)
        places, weight = counts.sum(), _weight(counts).sum()

        def without(levels: Int64) -> Float64:
            lost = _weight(levels) - _weight(np.maximum(levels - 1, 0))
            return _entropy(places - (levels > 0).sum(axis=1), weight - lost.sum(axis=1))

        falls, total = self.per_user(ranked, k), self.total(ranked, k)
        return _pairs.jackknife_scale(ranked, k, falls, total, without)


def _falls(ranked: Ranked, k: int) -> Float64:
    counts = ranked.item_lists(k)
    weight = _weight(counts)
    lost = ranked.list_sum(weight - _weight(np.maximum(counts - 1, 0)), k)
    without = _entropy(counts.sum() - ranked.listed(k), weight.sum() - lost)
    return np.asarray(_entropy(counts.sum(), weight.sum()) - without)


def _weight(counts: Int64) -> Float64:
    """Return c log2 c of each count, 0 for none."""
    return np.asarray(counts * np.log2(np.maximum(counts, 1)))


def _entropy(places: np.integer | np.ndarray, weight: np.floating | Float64) -> Float64:
    """Return ``log2 N - Σ c log2 c / N``, which is ``-Σ (c / N) log2 (c / N)``; 0 for N = 0."""
    places = np.maximum(places, 1)
    return np.asarray(np.log2(places) - weight / places)
