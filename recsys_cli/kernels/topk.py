"""The largest k of each row of scores, which come in runs of columns, the first columns first.

What exceeds a bar is collected, and thinned out to k whenever there are 2k or more, which raises
the bar to the k-th largest so far: few scores reach it then. Where they are many, as in the first
run, a bar is found before: the columns j, j + 512, j + 1024 … make one of 512 sets; the k largest
of the sets' maxima are k scores of the row, so the k-th of them is at most the row's k-th score,
and few more than k scores reach it. Neighbours, which are often alike, fall into different sets.
What meets every score is a loop over a slice without branches, or a mask of bits, so that registers
are filled. NaN exceeds every bar, so that it is met without a look at each score; a row ends there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from recsys_cli.kernels.masks import WIDTH, exceeding, lowest

#: With fewer than k of them there is no bar, and everything is collected.
_SETS = 512
#: What a row needs room for beyond twice k.
SPARE = WIDTH
_TINY = np.finfo(np.float32).tiny


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
    """Count the scores above the bar, and those that are no number."""
    count = np.int32(0)
    for j in range(len(scores)):
        count = np.int32(count + (not scores[j] <= bar))
    return count


@njit(cache=True, nogil=True)
def _largest(scores: Any, k: int) -> Any:
    """Return the k-th largest score, -inf where there is none, narrowing it down."""
    low, high = np.float32(-np.inf), np.float32(np.inf)
    if _reaching(scores, high) >= k:
        return high
    for score in scores:
        if low < score < high:
            if _reaching(scores, score) >= k:
                low = score
            else:
                high = score
    return low


@njit(cache=True, nogil=True)
def _below(score: Any) -> Any:
    """Return a number below the score, as near as one that no processor takes for zero can be."""
    if abs(score) <= _TINY:
        return -np.float32(2) * _TINY
    return np.nextafter(score, np.float32(-np.inf))


@njit(cache=True, nogil=True)
def _thin(k: int, ids: Any, scores: Any) -> Any:
    """Keep the k largest scores, of equals those found first; return the last of them."""
    bar = _largest(scores, k)
    ties, kept = k - _above(scores, bar), 0
    for at in range(len(scores)):
        score = scores[at]
        tie = score == bar
        # Written whether it stays or not: to guess which would take longer.
        ids[kept], scores[kept] = ids[at], score
        kept += (score > bar) | (tie & (ties > 0))
        ties -= tie
    return bar


@njit(cache=True, nogil=True)
def _collect(scores: Any, b: int, first: int, candidates: Any, bar: Any, k: int, found: Any) -> Any:
    """Collect the candidates of row b that exceed the bar; return the bar by then.

    A score that is no number is all that the row then has, and its bar.
    """
    (sizes, _, ids, values), n = found, scores.shape[1]
    size = sizes[b]
    for start in range(0, n, WIDTH):
        if start + WIDTH <= n:
            mask = exceeding(scores, b, start, bar)
        else:
            mask = 0
            for j in range(start, n):
                mask |= np.int64(not scores[b, j] <= bar) << (j - start)
        while mask:
            j = start + lowest(mask)
            mask &= mask - 1
            if candidates[first + j]:
                if np.isnan(scores[b, j]):
                    ids[b, 0], values[b, 0], sizes[b] = first + j, scores[b, j], 1
                    return scores[b, j]
                ids[b, size], values[b, size] = first + j, scores[b, j]
                size += 1
        if size >= 2 * k:
            bar, size = max(bar, _thin(k, ids[b, :size], values[b, :size])), k
    sizes[b] = size
    return bar


@njit(cache=True, nogil=True)
def collect_rows(
    scores: NDArray[np.float32],
    first: int,
    cursor: NDArray[np.int64],
    ends: NDArray[np.int64],
    exclude: NDArray[np.int32],
    candidates: NDArray[np.bool_],
    k: int,
    found: tuple[NDArray[Any], ...],
) -> None:
    """Collect what may be among the k largest of each row.

    Parameters
    ----------
    scores : ndarray of float32, shape (b, n)
        Overwritten by -inf where excluded.
    first : int
        The column of the first score; those before it came before.
    cursor, ends : ndarray of int64, shape (b,)
        Where in ``exclude`` each row has not come by yet, which is moved on, and where it ends.
    exclude : ndarray of int32
        Columns that each row leaves out, ascending.
    candidates : ndarray of bool, shape (all columns,)
        Columns that may be taken.
    found : sizes int64 (b,), bars float32 (b,), ids int32 and scores float32 (b, 2k + SPARE)
        How many each row has, ids ascending; what does not exceed its bar is none of the k largest.
        A bar that is no number ends the row: it has one score, the first that was none.
    """
    bars = found[1]
    maxima, past = np.empty(_SETS, np.float32), first + scores.shape[1]
    for b in range(scores.shape[0]):
        if np.isnan(bars[b]):
            continue
        row, at = scores[b], cursor[b]
        while at < ends[b] and exclude[at] < past:
            row[exclude[at] - first] = -np.inf
            at += 1
        cursor[b] = at
        above, bar = _above(row, bars[b]), bars[b]
        if above > 2 * k:
            _maxima(row, candidates[first:past], maxima)
            # As many as k of this run reach it, and count.
            bar = max(bar, _below(_largest(maxima, k)))
        if above:
            bars[b] = _collect(scores, b, first, candidates, bar, k, found)


@njit(cache=True, nogil=True)
def order_rows(
    found: tuple[NDArray[Any], ...], items: NDArray[np.int32], best: NDArray[np.float32]
) -> None:
    """Put the k best of those found in order, (b, k); of equal scores the one found first.

    What is left of the -1 and -inf in ``items`` and ``best`` says that fewer were found.
    """
    sizes, _, ids, values = found
    k = items.shape[1]
    for b in range(len(sizes)):
        scores = values[b, : sizes[b]]
        for at in range(len(scores)):
            own, place = scores[at], np.int32(0)
            for other in range(len(scores)):
                score = scores[other]
                ahead = (score > own) | ((score == own) & (np.int32(other) < np.int32(at)))
                place = np.int32(place + ahead)
            if place < k:
                items[b, place], best[b, place] = ids[b, at], own
