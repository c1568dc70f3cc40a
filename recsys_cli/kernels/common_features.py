"""The nearest targets of each row by what both have in common alone; as in ``similarity``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, uint32
from numpy.typing import NDArray

from recsys_cli.kernels.nearest import GROUP, keep_nearest, room, touched

#: Part of a sum of squares below which a variance is rounding.
_NO_VARIANCE = 1e-9


@njit(cache=True, nogil=True)
def _add_squares(
    features: Any, x: Any, indptr: Any, columns: Any, y: Any, sums: Any, seen: Any
) -> None:
    """Add up n, xx, yy, xy over the features that the row has in common with each target."""
    for n in range(len(features)):
        a = np.float64(x[n])
        square = a * a
        for p in range(indptr[features[n]], indptr[features[n] + 1]):
            target, b = uint32(columns[p]), np.float64(y[p])
            sums[target, 0] += 1
            sums[target, 1] += square
            sums[target, 2] += b * b
            sums[target, 3] += a * b
            seen[target >> GROUP] = True


@njit(cache=True, nogil=True)
def _add_means(features: Any, x: Any, indptr: Any, columns: Any, y: Any, sums: Any) -> None:
    """Add up x and y over them, which :func:`_add_squares` leaves out."""
    for n in range(len(features)):
        for p in range(indptr[features[n]], indptr[features[n] + 1]):
            target = uint32(columns[p])
            sums[target, 0] += np.float64(x[n])
            sums[target, 1] += np.float64(y[p])


@njit(cache=True, nogil=True, error_model="numpy")
def _finish(sums: Any, means: Any, how: Any, out: Any) -> None:
    """Turn the sums of a group into similarities."""
    centred, shrinkage, power = how
    for t in range(len(sums)):
        n, xx, yy, xy = sums[t, 0], sums[t, 1], sums[t, 2], sums[t, 3]
        if centred:
            x, y = means[t, 0], means[t, 1]
            wholes = n * xx, n * yy
            xx, yy, xy = n * xx - x * x, n * yy - y * y, n * xy - x * y
            if xx <= _NO_VARIANCE * wholes[0] or yy <= _NO_VARIANCE * wholes[1]:
                xy = 0.0
        out[t] = xy / np.sqrt(xx * yy) * n / (n + shrinkage) if xy > 0 else 0.0
    if power != 1:
        for t in range(len(sums)):
            out[t] = out[t] ** power


@njit(cache=True, nogil=True, error_model="numpy")
def common_rows(
    span: tuple[int, int],
    rows: tuple[NDArray[Any], ...],
    itself: NDArray[np.int32],
    targets: tuple[NDArray[Any], ...],
    how: tuple[bool, float, float],
    out: tuple[NDArray[Any], ...],
) -> None:
    """Find nearest targets as ``dot_rows`` does, by cosine over common features alone.

    Where ``centred``, of values less their means over the common features: Pearson's correlation.

    Parameters
    ----------
    span, itself, out : as in ``dot_rows``
    rows : indptr int64, features int32 and values float32 of the CSR rows × features
    targets : indptr, places and values of the CSR features × targets; names int32 (n_targets,)
    how : centred, shrinkage, power
    """
    row_indptr, row_features, row_values = rows
    indptr, columns, values, names = targets
    counts, ids, best = out
    start, stop = span
    sums, similarity = np.zeros((len(names), 4)), np.zeros(len(names), np.float32)
    means = np.zeros((len(names) if how[0] else 0, 2))
    seen, space = touched(len(names)), room(ids.shape[1])
    for row in range(start, stop):
        own, to = slice(row_indptr[row], row_indptr[row + 1]), row - start
        given = (row_features[own], row_values[own], indptr, columns, values)
        _add_squares(*given, sums, seen)
        if how[0]:
            _add_means(*given, means)
        groups = np.flatnonzero(seen)
        for group in groups:
            at = slice(group << GROUP, (group + 1) << GROUP)
            _finish(sums[at], means[at], how, similarity[at])
            sums[at] = 0
            means[at] = 0
        counts[to] = keep_nearest(similarity, groups, itself[row], names, space, ids[to], best[to])
        seen[:] = False
