"""The best k of each row of scores."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import CSR, Bool, Float32, Int32
from recsys_cli.errors import DataError, SpecError

#: Up to this many rows NumPy answers faster than numba can be imported.
SMALL = 8
#: Above this k a partition of the row is faster than the kernel, which compares all that it finds.
LARGE = 256


class TopK:
    """The best k of each row of scores that come in runs of columns, the first columns first.

    Equal scores go by the lower index; -inf and NaN are never taken. Where fewer than k items
    remain, -1 and -inf fill up.

    Parameters
    ----------
    shape : (int, int)
        Of all scores.
    k : int
    exclude : CSR of that shape, optional
        What each row leaves out.
    candidates : ndarray of bool, shape (n,), optional
        Columns that may be taken; all by default.

    Attributes
    ----------
    items, best : ndarray of int32 and float32, shape (b, k)
        Columns and scores, best first.

    Raises
    ------
    SpecError
        If k is less than 1.
    DataError
        If ``exclude`` is not of that shape.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        k: int,
        exclude: CSR | None = None,
        candidates: Bool | None = None,
    ) -> None:
        rows, n = shape
        if k < 1:
            raise SpecError(f"k must be at least 1, not {k}")
        if exclude is None:
            nothing = np.zeros(rows + 1, np.int64), np.empty(0, np.int32), np.empty(0, np.float32)
            exclude = CSR(*nothing, n)
        elif not _fits(exclude, shape):
            raise DataError("the items to exclude do not fit the scores")
        self.items = np.full((rows, k), -1, np.int32)
        self.best = np.full((rows, k), -np.inf, np.float32)
        self._exclude, self._cursor = exclude, exclude.indptr[:-1].copy()
        self._candidates = np.ones(n, np.bool_) if candidates is None else candidates

    def add(self, scores: Float32, first: int = 0) -> None:
        """Heed more scores, float32 (b, m), of the columns from ``first``; they are overwritten."""
        rows, k = self.items.shape
        if rows > SMALL and k <= LARGE:
            self._add_by_kernel(scores, first)
        else:
            self._add_by_numpy(scores, first)

    def _add_by_kernel(self, scores: Float32, first: int) -> None:
        from recsys_cli.kernels.topk import top_rows

        exclude, out = self._exclude, (self.items, self.best)
        left_out = self._cursor, exclude.indptr[1:], exclude.indices
        if not top_rows(scores, first, *left_out, self._candidates, *out):
            raise DataError("the items to exclude do not ascend in a row")

    def _add_by_numpy(self, scores: Float32, first: int) -> None:
        exclude, n, k = self._exclude, scores.shape[1], self.items.shape[1]
        columns = exclude.indices - first
        here = (columns >= 0) & (columns < n)
        scores[exclude.row_of()[here], columns[here]] = -np.inf
        scores[:, ~self._candidates[first : first + n]] = -np.inf
        scores[np.isnan(scores)] = -np.inf
        for row, items, best in zip(scores, self.items, self.best, strict=True):
            both = np.concatenate((best, row))
            bar = np.partition(both, n)[n]
            contenders = np.flatnonzero((both >= bar) & (both > -np.inf))
            order = contenders[np.argsort(-both[contenders], kind="stable")][:k]
            items[: len(order)] = np.concatenate((items, np.arange(first, first + n)))[order]
            best[: len(order)] = both[order]


def top_k(
    scores: Float32, k: int, exclude: CSR | None = None, candidates: Bool | None = None
) -> tuple[Int32, Float32]:
    """Return the items and the scores of :class:`TopK` where all scores are there at once."""
    top = TopK((len(scores), scores.shape[1]), k, exclude, candidates)
    top.add(scores)
    return top.items, top.best


def _fits(exclude: CSR, shape: tuple[int, int]) -> bool:
    found = exclude.indices
    inside = not len(found) or 0 <= int(found.min()) <= int(found.max()) < shape[1]
    return exclude.n_rows == shape[0] and inside
