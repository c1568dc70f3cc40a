"""The n largest of many similarities: a bar below the n-th of them, then what reaches it.

Similarities lie at places, which are grouped; ``names`` says which target is at a place. A group in
which nothing was touched is not looked at.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, uint32

#: Places are searched in groups of ``1 << GROUP``, and only where one was touched.
GROUP = 8
#: Similarities that are compared at once with the least that counts.
_CHUNK = 32
#: Candidates are collected until there are this many times as many as wanted, then thinned out.
_SLACK = 4
_TINY = np.float32(1e-30)


@njit(cache=True, nogil=True)
def touched(n_targets: int) -> Any:
    """Return a mark for each group of places, none of them set."""
    return np.zeros(((n_targets - 1) >> GROUP) + 1, np.bool_)


@njit(cache=True, nogil=True)
def room(n: int) -> Any:
    """Return what :func:`keep_nearest` works in."""
    tops = np.empty(1 << GROUP, np.float32)
    return tops, np.empty(_SLACK * n, np.int32), np.empty(_SLACK * n, np.float32)


@njit(cache=True, nogil=True)
def _thin(n: int, m: int, ids: Any, value: Any) -> Any:
    """Keep the largest n of the first m values, of equals those of lower id; return how many."""
    if m <= n:
        return m
    bar = np.partition(value[:m], m - n)[m - n]
    ties, kept = n, 0
    for at in range(m):
        ties -= value[at] > bar
    last = np.sort(ids[:m][value[:m] == bar])[ties - 1]
    for at in range(m):
        if value[at] > bar or (value[at] == bar and ids[at] <= last):
            ids[kept], value[kept] = ids[at], value[at]
            kept += 1
    return kept


@njit(cache=True, nogil=True)
def _bar(similarity: Any, groups: Any, n: int, tops: Any) -> Any:
    """Return a positive number that the n-th largest similarity of the groups reaches.

    The n-th largest of the maxima of the 256 places in a group is no larger than it, and not far.
    """
    tops[:] = 0
    for group in groups:
        part = similarity[group << GROUP : (group + 1) << GROUP]
        top = tops[: len(part)]
        for at in range(len(part)):
            top[at] = part[at] if part[at] > top[at] else top[at]
    if n > len(tops):
        return _TINY
    return max(_TINY, np.partition(tops, len(tops) - n)[len(tops) - n])


@njit(cache=True, nogil=True)
def _reaching(values: Any, start: int, stop: int, bar: np.float32) -> Any:
    """Count what reaches the bar, in a type as wide as theirs to fill registers."""
    count = np.int32(0)
    for at in range(start, stop):
        count = np.int32(count + (values[uint32(at)] >= bar))
    return count


@njit(cache=True, nogil=True)
def _collect(similarity: Any, groups: Any, names: Any, n: int, space: Any) -> Any:
    """Collect the n largest positive similarities of the groups in the room; return how many."""
    tops, ids, value = space
    m, bar = 0, _bar(similarity, groups, n, tops)
    for group in groups:
        for start in range(group << GROUP, (group + 1) << GROUP, _CHUNK):
            stop = min(start + _CHUNK, len(similarity))
            if not _reaching(similarity, start, stop, bar):
                continue
            for at in range(start, stop):
                if similarity[at] >= bar:
                    ids[m], value[m] = names[at], similarity[at]
                    m += 1
                    if m == len(ids):
                        m = _thin(n, m, ids, value)
                        bar = max(bar, value[:m].min())
    return _thin(n, m, ids, value)


@njit(cache=True, nogil=True)
def keep_nearest(
    similarity: Any, groups: Any, itself: int, names: Any, space: Any, ids: Any, best: Any
) -> Any:
    """Write the largest positive similarities, and whose, ids ascending; return how many.

    Parameters
    ----------
    similarity : ndarray of float32, shape (n_targets,)
    groups : ndarray of int64
        The groups of places to look at.
    itself : int
        A place that does not count; -1 for none.
    names : ndarray of int32, shape (n_targets,)
        The target at each place.
    space : tuple
        :func:`room` for as many as there is place in ``ids``.
    ids, best : ndarray of int32 and float32, shape (n,)
    """
    if itself >= 0:
        similarity[itself] = 0
    m = _collect(similarity, groups, names, len(ids), space)
    found, value = space[1][:m], space[2][:m]
    order = np.argsort(found)
    ids[:m], best[:m] = found[order], value[order]
    return m
