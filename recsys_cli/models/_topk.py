"""The best k of each row of scores."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import CSR, Bool, Float32, Int32
from recsys_cli.errors import DataError
from recsys_cli.models._guard import fits, require_length

#: Up to this many rows NumPy answers faster than numba can be imported.
SMALL = 8
#: Above this k a partition of whole rows is faster than the kernel, which compares its finds.
LARGE = 256


class TopK:
    """The best k of each row of scores that come in runs of columns, the first columns first.

    Equal scores go by the lower index; -inf is never taken. Where fewer than k items remain, -1 and
    -inf fill up. A score that is not a number has no rank, and nothing has beside it: the first in
    a row is all that the row's result then holds, whatever k is, so that nobody overlooks it.

    Parameters
    ----------
    shape : (int, int)
        Of all scores.
    k : int
    exclude : CSR of that shape, optional
        What each row leaves out; columns ascend within a row.
    candidates : ndarray of bool, shape (n,), optional
        Columns that may be taken; all by default.

    Raises
    ------
    SpecError
        If k is less than 1.
    DataError
        If ``exclude`` is not of that shape, or its columns do not ascend.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        k: int,
        exclude: CSR | None = None,
        candidates: Bool | None = None,
    ) -> None:
        rows, n = shape
        require_length(k)
        if exclude is None:
            nothing = np.zeros(rows + 1, np.int64), np.empty(0, np.int32), np.empty(0, np.float32)
            exclude = CSR(*nothing, n)
        elif not fits(exclude, shape):
            raise DataError("the items to exclude do not fit the scores")
        few = rows <= SMALL or k > LARGE
        may = np.ones(n, np.bool_) if candidates is None else candidates
        self._found = (_Sorted if few else _Collected)(rows, k, exclude, may)
        self._rows, self._left, self._next = rows, n, 0

    def add(self, scores: Float32) -> None:
        """Heed the scores of the next columns, float32 (b, m), which may be overwritten.

        Raises
        ------
        DataError
            If they are not of that type or of as many rows, or there are no such columns.
        """
        rows, width = scores.shape
        if scores.dtype != np.float32 or rows != self._rows or width > self._left:
            wanted = f"float32 ({self._rows}, at most {self._left})"
            raise DataError(f"scores are {scores.dtype} {scores.shape}, not {wanted}")
        self._found.add(scores, self._next)
        self._next, self._left = self._next + width, self._left - width

    def result(self) -> tuple[Int32, Float32]:
        """Return columns int32 (b, k) and scores float32 (b, k), best first."""
        return self._found.result()


class _Sorted:
    """By NumPy: the best so far, in order."""

    def __init__(self, rows: int, k: int, exclude: CSR, candidates: Bool) -> None:
        self._items, self._best = _nothing(rows, k)
        self._row, self._exclude, self._candidates = exclude.row_of(), exclude.indices, candidates

    def add(self, scores: Float32, first: int) -> None:
        n, k = scores.shape[1], self._items.shape[1]
        columns = self._exclude - first
        here = (columns >= 0) & (columns < n)
        scores[self._row[here], columns[here]] = -np.inf
        scores[:, ~self._candidates[first : first + n]] = -np.inf
        spoilt = np.isnan(scores)
        for row, bad, items, best in zip(scores, spoilt, self._items, self._best, strict=True):
            if np.isnan(best[0]):
                continue
            if bad.any():
                items[1:], best[1:] = -1, -np.inf
                items[0], best[0] = first + int(bad.argmax()), np.nan
                continue
            both = np.concatenate((best, row))
            bar = np.partition(both, n)[n]
            contenders = np.flatnonzero((both >= bar) & (both > -np.inf))
            order = contenders[np.argsort(-both[contenders], kind="stable")][:k]
            items[: len(order)] = np.concatenate((items, np.arange(first, first + n)))[order]
            best[: len(order)] = both[order]

    def result(self) -> tuple[Int32, Float32]:
        return self._items, self._best


class _Collected:
    """By the kernel: what may be among the best, in order only at the end."""

    def __init__(self, rows: int, k: int, exclude: CSR, candidates: Bool) -> None:
        from recsys_cli.kernels.topk import SPARE

        shape = (rows, 2 * k + SPARE)
        sizes, bars = np.zeros(rows, np.int64), np.full(rows, -np.inf, np.float32)
        self._found = (sizes, bars, np.empty(shape, np.int32), np.empty(shape, np.float32))
        self._left_out = exclude.indptr[:-1].copy(), exclude.indptr[1:], exclude.indices
        self._candidates, self._k = candidates, k

    def add(self, scores: Float32, first: int) -> None:
        from recsys_cli.kernels.topk import collect_rows

        given = (*self._left_out, self._candidates, self._k, self._found)
        collect_rows(np.ascontiguousarray(scores), first, *given)

    def result(self) -> tuple[Int32, Float32]:
        from recsys_cli.kernels.topk import order_rows

        items, best = _nothing(len(self._found[0]), self._k)
        order_rows(self._found, items, best)
        return items, best


def _nothing(rows: int, k: int) -> tuple[Int32, Float32]:
    return np.full((rows, k), -1, np.int32), np.full((rows, k), -np.inf, np.float32)


def top_k(
    scores: Float32, k: int, exclude: CSR | None = None, candidates: Bool | None = None
) -> tuple[Int32, Float32]:
    """Return what :class:`TopK` does, where all scores are there at once."""
    top = TopK((len(scores), scores.shape[1]), k, exclude, candidates)
    top.add(scores)
    return top.result()
