"""The nearest targets of each row of a sparse matrix, one row at a time: memory of one dense row.

A row meets a target where both have a feature: the row's features are walked, and for each the
targets that have it (Gustavson's order), so that a row's sums are kept for all targets at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, uint32
from numpy.typing import NDArray

from recsys_cli.kernels.nearest import GROUP, keep_nearest, room, touched
from recsys_cli.kernels.vectors import fetch_span

_FLOAT = {"reassoc", "contract", "nsz"}
_TINY = np.float32(1e-30)
#: The targets of a feature lie anywhere in memory: they are asked for so many features ahead, as
#: many of them as the processor would wait for; the rest it foresees.
_AHEAD, _FIRST = 2, 256


@njit(cache=True, nogil=True, fastmath=_FLOAT)
def _add_dots(
    features: Any, x: Any, indptr: Any, columns: Any, y: Any, dots: Any, seen: Any
) -> None:
    """Add up the row's dot product with every target, and mark the groups that it touches.

    ``y`` is empty where all of it is 1, which spares reading it.
    """
    work = 0
    for feature in features:
        work += indptr[feature + 1] - indptr[feature]
    many = work > len(dots)
    if many:
        seen[:] = True
    for n in range(len(features)):
        if n + _AHEAD < len(features):
            begin, end = indptr[features[n + _AHEAD]], indptr[features[n + _AHEAD] + 1]
            fetch_span(columns, begin, min(end, begin + _FIRST))
            if len(y):
                fetch_span(y, begin, min(end, begin + _FIRST))
        here = slice(indptr[features[n]], indptr[features[n] + 1])
        targets, other, value = columns[here], y[here], x[n]
        if len(other) == 0:
            for p in range(len(targets)):
                dots[uint32(targets[p])] += value
        else:
            for p in range(len(targets)):
                dots[uint32(targets[p])] += value * other[p]
        if not many:
            for p in range(len(targets)):
                seen[uint32(targets[p]) >> GROUP] = True


@njit(cache=True, nogil=True)
def _add_counts(features: Any, indptr: Any, columns: Any, counts: Any) -> None:
    for feature in features:
        for target in columns[indptr[feature] : indptr[feature + 1]]:
            counts[uint32(target)] += np.float32(1)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FLOAT)
def _finish(dots: Any, common: Any, x: Any, scales: Any, shifts: Any, how: Any) -> None:
    """Turn the dot products of a group into similarities, in place."""
    (scale, shift), (overlap, counted, shrinkage, power) = x, how
    if overlap:
        for t in range(len(dots)):
            dots[t] /= max(shift + shifts[t] - dots[t], _TINY)
    elif shift == 0:
        for t in range(len(dots)):
            dots[t] = dots[t] * scale * scales[t]
    else:
        for t in range(len(dots)):
            dots[t] = (dots[t] - shift * shifts[t]) * scale * scales[t]
    if counted:
        for t in range(len(dots)):
            dots[t] *= common[t] / max(common[t] + shrinkage, _TINY)
    if power != 1:
        for t in range(len(dots)):
            dots[t] = max(dots[t], np.float32(0)) ** power


@njit(cache=True, nogil=True, error_model="numpy")
def dot_rows(
    span: tuple[int, int],
    rows: tuple[NDArray[Any], ...],
    itself: NDArray[np.int32],
    targets: tuple[NDArray[Any], ...],
    how: tuple[bool, bool, np.float32, np.float32],
    out: tuple[NDArray[Any], ...],
) -> None:
    """Find the targets of largest positive similarity of the rows start..stop, ids ascending.

    With d the dot product over common features and c their number, the similarity is
    ``(d - shift_x shift_y) scale_x scale_y`` or, by ``overlap``, ``d / (shift_x + shift_y - d)``;
    then, where common features are ``counted``, ``s c / (c + shrinkage)``; then raised to a power.

    Parameters
    ----------
    span : start, stop
    rows : indptr, features and values of the CSR rows × features; scale and shift, float32 (n, 2)
    itself : ndarray of int32, shape (n,)
        The place of the target that each row must not find; -1 for none.
    targets : indptr, places and values of the CSR features × targets; scales, shifts and names
        The last three, float32 and int32 (n_targets,), are of the target at each place. ``values``
        may be empty where all are 1.
    how : overlap, counted, shrinkage, power
    out : counts int64 (stop - start,), ids int32 and similarities float32 (stop - start, n)
        Receive how many each row has, at most n, and which.
    """
    row_indptr, row_features, row_values, norms = rows
    indptr, columns, values, scales, shifts, names = targets
    counts, ids, best = out
    start, stop = span
    dots, common = np.zeros(len(names), np.float32), np.zeros(len(names), np.float32)
    seen, space, counted = touched(len(names)), room(ids.shape[1]), how[1]
    for row in range(start, stop):
        own = slice(row_indptr[row], row_indptr[row + 1])
        _add_dots(row_features[own], row_values[own], indptr, columns, values, dots, seen)
        if counted:
            _add_counts(row_features[own], indptr, columns, common)
        norm, groups, to = (norms[row, 0], norms[row, 1]), np.flatnonzero(seen), row - start
        for group in groups:
            at = slice(group << GROUP, (group + 1) << GROUP)
            _finish(dots[at], common[at], norm, scales[at], shifts[at], how)
        counts[to] = keep_nearest(dots, groups, itself[row], names, space, ids[to], best[to])
        for group in groups:
            at = slice(group << GROUP, (group + 1) << GROUP)
            dots[at] = 0
            if counted:
                common[at] = 0
        seen[:] = False
