"""The recommended lists of all evaluated users, and what metrics share of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import numpy as np

from recsys_cli import threads
from recsys_cli.data import Float64, Int32, Int64
from recsys_cli.metrics._context import Context, Labels, Once

T = TypeVar("T")
#: Users that one thread looks at before it takes the next.
_ROWS = 8192
#: Numbers in a block of users × labels.
_CELLS = 1 << 18


def discounts(depth: int) -> Float64:
    """Return 1 / log2(rank + 1) for the ranks 1 … depth."""
    return np.asarray(1.0 / np.log2(np.arange(2, depth + 2)))


class Hits(NamedTuple):
    """The relevant items that are in the lists, user by user, best place first; n in all.

    ``row`` int64 (n,) is the user, ``place`` int64 (n,) from 1, ``nth`` int64 (n,) says which hit
    of the user it is, from 1, and ``pair`` int64 (n,) points into the relevant pairs.
    """

    row: Int64
    place: Int64
    nth: Int64
    pair: Int64


@dataclass(frozen=True, eq=False)
class Ranked:
    """The recommendations of all evaluated users, from which every ranking metric is computed.

    Hits are kept as a short list of places, not as a matrix, and sums over lists need no matrix of
    their own: at any number of users, metrics and cutoffs, the lists themselves are what is large.

    Attributes
    ----------
    items : ndarray of int32, shape (u, K)
        Best first, none twice; -1 where there is none. K is the largest cutoff, or the number of
        items if that is less.
    context : Context
        What is known of the users and the items.
    auc : ndarray of float64, shape (u,), optional
        The area under the ROC curve of each user over all candidates; only when a metric needs it.
    cutoffs : tuple of int
        Those that will be asked for, as far as they are known.
    """

    items: Int32
    context: Context
    auc: Float64 | None = None
    cutoffs: tuple[int, ...] = ()
    once: Once = field(default_factory=Once, init=False, repr=False)

    def at_cutoffs(self, key: Any, k: int, make: Callable[[Int64], Float64]) -> Float64:
        """Return the row of k of what ``make`` finds, once under ``key``, for all cutoffs together.

        It is given the cutoffs, ascending, and returns a row for each.
        """
        cutoffs = np.unique((*self.cutoffs, k))
        found = self.once((key, *cutoffs.tolist()), lambda: make(cutoffs))
        return np.asarray(found[np.searchsorted(cutoffs, k)])

    @property
    def n_relevant(self) -> Int64:
        """Relevant items of each user, at least 1; int64 (u,)."""
        return self.context.n_relevant

    @property
    def hits(self) -> Hits:
        """The relevant items in the lists."""
        return self.once("hits", self._hits)

    def _hits(self) -> Hits:
        from recsys_cli.kernels.lists import place_rows

        pairs = self.context.relevant
        place = np.zeros(len(pairs.indices), np.int32)

        def block(start: int, stop: int) -> None:
            room = np.zeros(pairs.n_cols, np.int32)
            place_rows(start, stop, self.items, pairs.indptr, pairs.indices, room, place)

        threads.map_blocks(block, len(self.items), _ROWS)
        pair = np.flatnonzero(place)
        row = np.searchsorted(pairs.indptr, pair, side="right") - 1
        order = np.lexsort((place[pair], row))
        row, pair = row[order], pair[order]
        first = np.searchsorted(row, row)
        return Hits(row, place[pair].astype(np.int64), np.arange(len(row)) - first + 1, pair)

    def n_hits(self, k: int) -> Int64:
        """Return the hits among the first k items of each user, int64 (u,)."""
        return np.bincount(self.hits.row[self.hits.place <= k], minlength=len(self.items))

    def hit_sum(self, weight: Float64, k: int) -> Float64:
        """Return the sum of the weights of the hits among the first k, float64 (u,).

        Parameters
        ----------
        weight : ndarray of float64, shape (hits,)
            Of each of :attr:`hits`.
        k : int
        """
        among = self.hits.place <= k
        total = np.bincount(self.hits.row[among], weight[among], len(self.items))
        return np.asarray(total, np.float64)

    def attainable(self, k: int) -> Int64:
        """Return the hits of the best possible list of k: min(k, relevant), int64 (u,)."""
        return np.minimum(k, self.n_relevant)

    def precision_sum(self, k: int) -> Float64:
        """Return the sum over hits in the first k of the precision down to each, float64 (u,)."""
        return self.hit_sum(self.hits.nth / self.hits.place, k)

    def listed(self, k: int) -> Int64:
        """Return the length of each list, k at most, int64 (u,)."""
        return self.once(("listed", k), lambda: np.count_nonzero(self.items[:, :k] >= 0, axis=1))

    def list_sum(self, value: Float64, k: int) -> Float64:
        """Return the sum over the first k items of ``value``, float64 (n_items,), as (u,)."""
        from recsys_cli.kernels.lists import sum_rows

        out, depth = np.zeros(len(self.items)), min(k, self.items.shape[1])
        threads.map_blocks(
            lambda start, stop: sum_rows(start, stop, self.items, depth, value, out),
            len(out),
            _ROWS,
        )
        return out

    def list_mean(self, value: Float64, k: int) -> Float64:
        """Return the mean of ``value`` over the items that the first k places have; 0 for none."""
        return self.list_sum(value, k) / np.maximum(self.listed(k), 1)

    def item_lists(self, k: int) -> Int64:
        """Return how many lists have each item among the first k, int64 (n_items,)."""

        def count() -> Int64:
            from recsys_cli.kernels.lists import count_items

            out = np.zeros(len(self.context.candidates), np.int64)
            count_items(self.items, min(k, self.items.shape[1]), out)
            return out

        return self.once(("item_lists", k), count)

    def label_sum(
        self, labels: Labels, value: Float64, k: int, rows: slice, weight: Float64 | None = None
    ) -> Float64:
        """Return, for some users, what the first k items add to each label: float64 (b, n_labels).

        Parameters
        ----------
        labels : Labels
            Of the items.
        value : ndarray of float64, shape (n_items,)
            What an item adds to each label that it has.
        k : int
        rows : slice
            The users.
        weight : ndarray of float64, shape (at least k,), optional
            What each place counts; 1 by default.
        """
        from recsys_cli.kernels.labels import label_rows

        depth = min(k, self.items.shape[1])
        weight = np.ones(depth) if weight is None else weight
        out = np.zeros((rows.stop - rows.start, labels.n_labels))
        label_rows(rows.start, rows.stop, self.items, depth, weight, *labels[:2], value, out)
        return out


def by_blocks(work: Callable[[slice], T], users: int, width: int) -> list[T]:
    """Return ``work`` of all users, some at a time: as many as make a small matrix of ``width``."""
    size = max(1, _CELLS // max(1, width))
    return threads.map_blocks(lambda start, stop: work(slice(start, stop)), users, size)


def stacked(work: Callable[[slice], Float64], users: int, width: int) -> Float64:
    """Return what :func:`by_blocks` does, one number a user, as one array."""
    return np.concatenate([np.zeros(0), *by_blocks(work, users, width)])
