"""The largest k of each row of scores in one pass."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

#: Scores compared at once with the k-th best; most such chunks hold nothing better.
_CHUNK = 256


@njit(cache=True, nogil=True)
def _any_above(chunk: Any, bar: np.float32) -> Any:
    """Say whether any score exceeds ``bar``, without branches, so that it fills registers."""
    found = False
    for j in range(len(chunk)):
        found |= chunk[j] > bar
    return found


@njit(cache=True, nogil=True)
def _sink(item: int, score: np.float32, size: int, items: Any, best: Any) -> None:
    """Replace the root of a heap, whose root is its worst: lowest score, then highest item."""
    at = 0
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        other = child + 1
        if other < size and (
            best[other] < best[child]
            or (best[other] == best[child] and items[other] > items[child])
        ):
            child = other
        if best[child] > score or (best[child] == score and items[child] < item):
            break
        items[at], best[at] = items[child], best[child]
        at = child
    items[at], best[at] = item, score


@njit(cache=True, nogil=True)
def top_rows(
    scores: NDArray[np.float32],
    indptr: NDArray[np.int64],
    exclude: NDArray[np.int32],
    candidates: NDArray[np.bool_],
    items: NDArray[np.int32],
    best: NDArray[np.float32],
) -> None:
    """Fill ``items`` and ``best`` with the largest scores of each row, best first.

    Equal scores go by the lower index; -inf (and NaN) is never taken.

    Parameters
    ----------
    scores : ndarray of float32, shape (b, n)
        Overwritten by -inf where excluded.
    indptr, exclude : ndarray of int64, shape (b + 1,), and int32
        Columns that each row leaves out.
    candidates : ndarray of bool, shape (n,)
        Columns that may be taken.
    items, best : ndarray of int32 and float32, shape (b, k)
        Filled with -1 and -inf beforehand; what remains of that says that fewer were left.
    """
    n, k = scores.shape[1], items.shape[1]
    for b in range(scores.shape[0]):
        row, heap, bars = scores[b], items[b], best[b]
        for at in range(indptr[b], indptr[b + 1]):
            row[exclude[at]] = -np.inf
        for start in range(0, n, _CHUNK):
            stop = min(start + _CHUNK, n)
            if _any_above(row[start:stop], bars[0]):
                for j in range(start, stop):
                    if row[j] > bars[0] and candidates[j]:
                        _sink(j, row[j], k, heap, bars)
        for size in range(k - 1, 0, -1):
            item, score = heap[size], bars[size]
            heap[size], bars[size] = heap[0], bars[0]
            _sink(item, score, size, heap, bars)
