"""The largest k of each row of scores: a bar below the k-th of them, then what reaches it.

The columns j, j + 512, j + 1024 … make one of 512 sets. The k largest of the sets' maxima are k
scores of the row, so the k-th of them is at most the row's k-th score, and few more than k scores
reach it. Neighbours, which are often alike, fall into different sets. What meets every score is
without branches and in slices, so that the compiler fills registers; NaN fails each comparison.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

#: With fewer than k of them there is no bar, and everything is collected.
_SETS = 512
#: Scores compared at once with the bar.
_CHUNK = 64


@njit(cache=True, nogil=True)
def _maxima(row: Any, candidates: Any, maxima: Any) -> None:
    """Find the maximum of each set over the candidates, -inf where it has none."""
    maxima[:] = -np.inf
    for start in range(0, len(row), _SETS):
        part, may = row[start : start + _SETS], candidates[start : start + _SETS]
        top = maxima[: len(part)]
        for j in range(len(part)):
            score = part[j] if may[j] else np.float32(-np.inf)
            top[j] = score if score > top[j] else top[j]


@njit(cache=True, nogil=True)
def _reaching(scores: Any, bar: np.float32) -> Any:
    """Count the scores not below the bar, in a type as wide as theirs to fill registers."""
    count = np.int32(0)
    for j in range(len(scores)):
        count = np.int32(count + (scores[j] >= bar))
    return count


@njit(cache=True, nogil=True)
def _above(scores: Any, bar: np.float32) -> Any:
    """Count the scores above the bar."""
    count = np.int32(0)
    for j in range(len(scores)):
        count = np.int32(count + (scores[j] > bar))
    return count


@njit(cache=True, nogil=True)
def _bar(maxima: Any, k: int) -> Any:
    """Return the k-th largest maximum, or less where it is not finite, narrowing it down."""
    low, high = np.float32(-np.inf), np.float32(np.inf)
    for score in maxima:
        if low < score < high:
            if _reaching(maxima, score) >= k:
                low = score
            else:
                high = score
    return low


@njit(cache=True, nogil=True)
def _any(chunk: Any, bar: np.float32, worst: np.float32) -> Any:
    """Say whether any score reaches the bar and exceeds the worst of k already found."""
    found = False
    for j in range(len(chunk)):
        found |= (chunk[j] >= bar) & (chunk[j] > worst)
    return found


@njit(cache=True, nogil=True)
def _place(found: Any, scores: Any, items: Any, best: Any) -> None:
    """Put the best of those found in order; among equal scores, the one found first is better."""
    for at in range(len(scores)):
        place = _reaching(scores[:at], scores[at]) + _above(scores[at + 1 :], scores[at])
        if place < len(items):
            items[place], best[place] = found[at], scores[at]


@njit(cache=True, nogil=True)
def _select(
    row: Any, candidates: Any, bar: np.float32, found: Any, scores: Any, items: Any, best: Any
) -> None:
    """Collect what reaches the bar, and keep the k best whenever there are 2k or more."""
    k, size, worst = len(items), 0, np.float32(-np.inf)
    for start in range(0, len(row), _CHUNK):
        stop = min(start + _CHUNK, len(row))
        if _any(row[start:stop], bar, worst):
            for j in range(start, stop):
                if row[j] >= bar and row[j] > worst and candidates[j]:
                    found[size], scores[size] = j, row[j]
                    size += 1
            if size >= 2 * k:
                _place(found[:size], scores[:size], items, best)
                for at in range(k):
                    found[at], scores[at] = items[at], best[at]
                size, worst = k, best[k - 1]
    _place(found[:size], scores[:size], items, best)


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
    k = items.shape[1]
    maxima = np.empty(_SETS, np.float32)
    found, kept = np.empty(2 * k + _CHUNK, np.int32), np.empty(2 * k + _CHUNK, np.float32)
    for b in range(scores.shape[0]):
        row = scores[b]
        for at in range(indptr[b], indptr[b + 1]):
            row[exclude[at]] = -np.inf
        _maxima(row, candidates, maxima)
        _select(row, candidates, _bar(maxima, k), found, kept, items[b], best[b])
