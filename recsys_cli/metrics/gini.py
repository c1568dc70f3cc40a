"""Gini index of how often items are recommended."""

from __future__ import annotations

import numpy as np

from recsys_cli import threads
from recsys_cli.data import Float64, Int64
from recsys_cli.metrics import _pairs
from recsys_cli.metrics._base import CatalogueMetric
from recsys_cli.metrics._ranked import Ranked

_ROWS = 8192


class Gini(CatalogueMetric):
    """Gini index of exposure: how unequally often candidate items are among the first k.

    ``Σ (2 r - n - 1) c_r / (n Σ c)``, where c is in how many lists an item is, ascending, and r its
    place from 1 to n, the number of candidates, those never recommended included. From 0 (all
    alike; or no recommendation at all) to ``1 - 1 / n`` (always the same item). Relevance plays no
    part, yet the users are those evaluated. It falls as users are added, for lists have room for
    few items; compare it at equal users. A list shorter than k counts what it has. Equal scores
    rank by the lower item index.

    It is no mean over users. A user's own value is by how much the total would fall without that
    user, exactly. The interval is one of the index to expect of the lists of as many users drawn
    anew: Student's, with the jackknife's standard error, less what two users do together (Efron and
    Stein).

    LensKit (``ListGini``) and RecBole (``GiniIndex``) agree but for their n: all items of the data
    set, and in RecBole one more, its padding item. Elliot reports
    ``1 - Σ (2 r - n - 1) c_r / ((n - 1) Σ c)``, where high is equal.

    References
    ----------
    Castells, Hurley and Vargas, "Novelty and diversity in recommender systems", Recommender Systems
    Handbook, 2nd ed. 2015, section 26.3.6. Efron and Stein, "The jackknife estimate of variance",
    Annals of Statistics 9(3), 1981.
    """

    higher_is_better = False

    def definition(self, k: int | None) -> str:
        """Return what the number is."""
        return (
            f"Gini index of the number of lists that have each candidate item among the first {k}"
        )

    def total(self, ranked: Ranked, k: int) -> float:
        """Return the index over all lists."""
        counts = _levels(ranked, k)
        return float(_index(_differences(counts), len(counts), counts.sum()))

    def per_user(self, ranked: Ranked, k: int) -> Float64:
        """Return by how much the index would fall without each user.

        Without the list, each pair of one of its items i and another item j moves closer by 1 if j
        had fewer lists, else apart by 1. Two items of the list keep their distance.
        """
        return ranked.once((type(self), k), lambda: _falls(ranked, k))

    def jackknife_scale(self, ranked: Ranked, k: int) -> float:
        """Return what takes the effects of two users off the jackknife's variance once."""
        counts = _levels(ranked, k)
        before, listed = _differences(counts), int(counts.sum())

        def without(levels: Int64) -> Float64:
            there = levels > 0
            moved = np.where(there, _apart(counts, levels), 0).sum(axis=1) - _pairs.ties(levels)
            return _index(before + moved, len(counts), listed - there.sum(axis=1))

        falls, total = self.per_user(ranked, k), self.total(ranked, k)
        return _pairs.jackknife_scale(ranked, k, falls, total, without)


def _falls(ranked: Ranked, k: int) -> Float64:
    counts = _levels(ranked, k)
    lists = ranked.item_lists(k)
    moved = ranked.list_sum(_apart(counts, lists), k) - _ties(ranked, k, lists)
    before, listed = _differences(counts), counts.sum()
    without = _index(before + moved, len(counts), listed - ranked.listed(k))
    return np.asarray(_index(before, len(counts), listed) - without)


def _levels(ranked: Ranked, k: int) -> Int64:
    """Return in how many lists each candidate item is, ascending."""
    lists = ranked.item_lists(k)
    return np.sort(lists[ranked.context.candidates | (lists > 0)])


def _differences(counts: Int64) -> int:
    """Return the sum of all differences of two of the counts, which ascend."""
    n = len(counts)
    return int(((2 * np.arange(1, n + 1) - n - 1) * counts).sum())


def _apart(counts: Int64, lists: Int64) -> Float64:
    """Return how much farther an item moves from all others if it loses one of so many lists."""
    return np.asarray(len(counts) - 2 * np.searchsorted(counts, lists), np.float64)


def _index(differences: int | Float64, n: int, listed: int | Int64) -> Float64:
    return np.asarray(differences / np.maximum(n * np.asarray(listed), 1), np.float64)


def _ties(ranked: Ranked, k: int, lists: Int64) -> Float64:
    """Return the pairs of items within each list that are in equally many lists."""
    from recsys_cli.kernels.lists import tie_rows

    out, depth = np.zeros(len(ranked.items)), min(k, ranked.items.shape[1])

    def block(start: int, stop: int) -> None:
        room = np.zeros(int(lists.max(initial=0)) + 1, np.int64)
        tie_rows(start, stop, ranked.items, depth, lists, room, out)

    threads.map_blocks(block, len(out), _ROWS)
    return out
