"""The largest k of each row of scores, which come in runs of columns, the first columns first.

What exceeds the k-th largest so far is collected: few scores, once k are found. Where they are
many, as in the first run, a bar is found before: the columns j, j + 512, j + 1024 … make one of 512
sets; the k largest of the sets' maxima are k scores of the row, so the k-th of them is at most the
row's k-th score, and few more than k scores reach it. Neighbours, which are often alike, fall into
different sets. What meets every score is without branches and in slices, so that the compiler fills
registers; NaN fails each comparison.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, uint32
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
def _select(row: Any, first: int, candidates: Any, bar: np.float32, items: Any, best: Any) -> None:
    """Insert the candidates that reach the bar and exceed the last of those found.

    All in one loop: a call with slices costs as much as looking through one chunk.
    """
    last = len(items) - 1
    worst = best[last]
    for start in range(0, len(row), _CHUNK):
        stop, count = min(start + _CHUNK, len(row)), np.int32(0)
        for j in range(start, stop):
            score = row[uint32(j)]
            count = np.int32(count + ((score >= bar) & (score > worst)))
        for j in range(start, stop if count else start):
            score = row[uint32(j)]
            if score >= bar and score > worst and candidates[first + j]:
                at = last
                while at and best[at - 1] < score:
                    items[at], best[at] = items[at - 1], best[at - 1]
                    at -= 1
                items[at], best[at] = first + j, score
                worst = best[last]


@njit(cache=True, nogil=True)
def top_rows(
    scores: NDArray[np.float32],
    first: int,
    cursor: NDArray[np.int64],
    ends: NDArray[np.int64],
    exclude: NDArray[np.int32],
    candidates: NDArray[np.bool_],
    items: NDArray[np.int32],
    best: NDArray[np.float32],
) -> bool:
    """Bring ``items`` and ``best``, the largest scores of each row, up to date with more columns.

    Equal scores go by the lower index; -inf (and NaN) is never taken. False: what a row leaves out
    does not ascend.

    Parameters
    ----------
    scores : ndarray of float32, shape (b, n)
        Overwritten by -inf where excluded.
    first : int
        The column of the first score; those before it were seen.
    cursor, ends : ndarray of int64, shape (b,)
        Where in ``exclude`` each row has not come by yet, which is moved on, and where it ends.
    exclude : ndarray of int32
        Columns that each row leaves out, ascending.
    candidates : ndarray of bool, shape (all columns,)
        Columns that may be taken.
    items, best : ndarray of int32 and float32, shape (b, k)
        Best first; -1 and -inf at the end where fewer were found so far.
    """
    k, past = items.shape[1], first + scores.shape[1]
    maxima = np.empty(_SETS, np.float32)
    for b in range(scores.shape[0]):
        row, at = scores[b], cursor[b]
        while at < ends[b] and exclude[at] < past:
            if exclude[at] < first:
                return False
            row[exclude[at] - first] = -np.inf
            at += 1
        cursor[b] = at
        above, bar = _above(row, best[b, k - 1]), np.float32(-np.inf)
        if above > 2 * k:
            _maxima(row, candidates[first:past], maxima)
            bar = _bar(maxima, k)
        if above:
            _select(row, first, candidates, bar, items[b], best[b])
    return True
