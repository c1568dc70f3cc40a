"""The nearest targets of each row of a sparse matrix, one row at a time: memory of one dense row.

A row meets a target where both have a feature: the row's features are walked, and for each the
targets that have it (Gustavson's order), so that a row's sums are kept for all targets at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, uint32
from numpy.typing import NDArray

_FLOAT = {"reassoc", "contract", "nsz"}
#: Targets are searched in groups of ``1 << _GROUP``, and only where one was touched.
_GROUP = 8
#: Similarities that are compared at once with the least that counts.
_CHUNK = 32
#: Candidates are collected until there are this many times as many as wanted, then thinned out.
_SLACK = 4
#: Part of a sum of squares below which a variance is rounding.
_NO_VARIANCE = 1e-9
_TINY = np.float32(1e-30)


@njit(cache=True, nogil=True)
def _thin(n: int, m: int, ids: Any, value: Any) -> Any:
    """Keep the largest n of the first m values, in their order; of equals the first. Return n."""
    if m <= n:
        return m
    bar = np.partition(value[:m], m - n)[m - n]
    ties, kept = n, 0
    for at in range(m):
        ties -= value[at] > bar
    for at in range(m):
        if value[at] > bar or (value[at] == bar and ties > 0):
            ties -= value[at] == bar
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
        part = similarity[group << _GROUP : (group + 1) << _GROUP]
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
def _collect(
    similarity: Any, groups: Any, itself: int, n: int, tops: Any, ids: Any, value: Any
) -> Any:
    """Collect the n largest positive similarities of the groups, ids ascending; return n."""
    if itself >= 0:
        similarity[itself] = 0
    m, bar = 0, _bar(similarity, groups, n, tops)
    for group in groups:
        for start in range(group << _GROUP, (group + 1) << _GROUP, _CHUNK):
            stop = min(start + _CHUNK, len(similarity))
            if not _reaching(similarity, start, stop, bar):
                continue
            for at in range(start, stop):
                if similarity[at] >= bar:
                    ids[m], value[m] = at, similarity[at]
                    m += 1
                    if m == len(ids):
                        m = _thin(n, m, ids, value)
                        bar = max(bar, value[:m].min())
    return _thin(n, m, ids, value)


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
                seen[uint32(targets[p]) >> _GROUP] = True


@njit(cache=True, nogil=True)
def _add_counts(features: Any, indptr: Any, columns: Any, counts: Any) -> None:
    for feature in features:
        for target in columns[indptr[feature] : indptr[feature + 1]]:
            counts[uint32(target)] += np.float32(1)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FLOAT)
def _finish_dots(
    dots: Any,
    common: Any,
    x: Any,
    scales: Any,
    shifts: Any,
    overlap: bool,
    shrinkage: float,
    power: float,
) -> None:
    """Turn the dot products of a group into similarities, in place."""
    scale, shift = x
    if overlap:
        for t in range(len(dots)):
            dots[t] /= max(shift + shifts[t] - dots[t], _TINY)
    elif shift == 0:
        for t in range(len(dots)):
            dots[t] = dots[t] * scale * scales[t]
    else:
        for t in range(len(dots)):
            dots[t] = (dots[t] - shift * shifts[t]) * scale * scales[t]
    if shrinkage > 0:
        for t in range(len(dots)):
            dots[t] *= common[t] / (common[t] + shrinkage)
    if power != 1:
        for t in range(len(dots)):
            dots[t] = max(dots[t], np.float32(0)) ** power


@njit(cache=True, nogil=True, error_model="numpy")
def dot_rows(
    start: int,
    stop: int,
    row_indptr: NDArray[np.int64],
    row_features: NDArray[np.int32],
    row_values: NDArray[np.float32],
    row_norms: NDArray[np.float32],
    itself: NDArray[np.int32],
    indptr: NDArray[np.int64],
    columns: NDArray[np.int32],
    values: NDArray[np.float32],
    norms: NDArray[np.float32],
    overlap: bool,
    shrinkage: np.float32,
    power: np.float32,
    counts: NDArray[np.int64],
    ids: NDArray[np.int32],
    best: NDArray[np.float32],
) -> None:
    """Find the targets of largest positive similarity of the rows start..stop, ids ascending.

    With d the dot product over common features and c their number, the similarity is
    ``(d - shift_x shift_y) scale_x scale_y`` or, by ``overlap``, ``d / (shift_x + shift_y - d)``;
    then ``(s c / (c + shrinkage)) ** power``.

    Parameters
    ----------
    row_indptr, row_features, row_values : CSR, rows × features
    row_norms, norms : ndarray of float32, shape (n_rows, 2), (2, n_targets)
        Scale and shift of each row, and of each target.
    itself : ndarray of int32, shape (n_rows,)
        The target that each row must not find; -1 for none.
    indptr, columns, values : CSR, features × targets
        ``values`` may be empty where all are 1.
    counts, ids, best : ndarray of int64, int32 and float32, shape (stop - start[, n])
        Receive how many each row has, at most n, and which.
    """
    n_targets, n = norms.shape[1], ids.shape[1]
    scales, shifts = norms[0], norms[1]
    dots, common = np.zeros(n_targets, np.float32), np.zeros(n_targets, np.float32)
    seen = np.zeros(((n_targets - 1) >> _GROUP) + 1, np.bool_)
    tops = np.empty(1 << _GROUP, np.float32)
    some, value = np.empty(_SLACK * n, np.int32), np.empty(_SLACK * n, np.float32)
    for row in range(start, stop):
        own = slice(row_indptr[row], row_indptr[row + 1])
        _add_dots(row_features[own], row_values[own], indptr, columns, values, dots, seen)
        if shrinkage > 0:
            _add_counts(row_features[own], indptr, columns, common)
        norm, groups = (row_norms[row, 0], row_norms[row, 1]), np.flatnonzero(seen)
        for group in groups:
            at = slice(group << _GROUP, (group + 1) << _GROUP)
            y = (scales[at], shifts[at])
            _finish_dots(dots[at], common[at], norm, *y, overlap, shrinkage, power)
        m = _collect(dots, groups, itself[row], n, tops, some, value)
        for group in groups:
            at = slice(group << _GROUP, (group + 1) << _GROUP)
            dots[at] = 0
            if shrinkage > 0:
                common[at] = 0
        seen[:] = False
        counts[row - start] = m
        ids[row - start, :m], best[row - start, :m] = some[:m], value[:m]


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
            seen[target >> _GROUP] = True


@njit(cache=True, nogil=True)
def _add_means(features: Any, x: Any, indptr: Any, columns: Any, y: Any, sums: Any) -> None:
    """Add up x and y over them, which :func:`_add_squares` leaves out."""
    for n in range(len(features)):
        for p in range(indptr[features[n]], indptr[features[n] + 1]):
            target = uint32(columns[p])
            sums[target, 0] += np.float64(x[n])
            sums[target, 1] += np.float64(y[p])


@njit(cache=True, nogil=True, error_model="numpy")
def _finish_moments(
    sums: Any, means: Any, centred: bool, shrinkage: float, power: float, out: Any
) -> None:
    """Turn the sums of a group into similarities."""
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
    start: int,
    stop: int,
    row_indptr: NDArray[np.int64],
    row_features: NDArray[np.int32],
    row_values: NDArray[np.float32],
    itself: NDArray[np.int32],
    indptr: NDArray[np.int64],
    columns: NDArray[np.int32],
    values: NDArray[np.float32],
    n_targets: int,
    centred: bool,
    shrinkage: float,
    power: float,
    counts: NDArray[np.int64],
    ids: NDArray[np.int32],
    best: NDArray[np.float32],
) -> None:
    """Find nearest targets as :func:`dot_rows` does, by cosine over common features alone.

    With ``centred``, of values less their means over the common features: Pearson's correlation.
    """
    n = ids.shape[1]
    sums, similarity = np.zeros((n_targets, 4)), np.zeros(n_targets, np.float32)
    means = np.zeros((n_targets if centred else 0, 2))
    seen = np.zeros(((n_targets - 1) >> _GROUP) + 1, np.bool_)
    tops = np.empty(1 << _GROUP, np.float32)
    some, value = np.empty(_SLACK * n, np.int32), np.empty(_SLACK * n, np.float32)
    for row in range(start, stop):
        own = slice(row_indptr[row], row_indptr[row + 1])
        given = (row_features[own], row_values[own], indptr, columns, values)
        _add_squares(*given, sums, seen)
        if centred:
            _add_means(*given, means)
        groups = np.flatnonzero(seen)
        for group in groups:
            at = slice(group << _GROUP, (group + 1) << _GROUP)
            _finish_moments(sums[at], means[at], centred, shrinkage, power, similarity[at])
            sums[at] = 0
            means[at] = 0
        m = _collect(similarity, groups, itself[row], n, tops, some, value)
        seen[:] = False
        counts[row - start] = m
        ids[row - start, :m], best[row - start, :m] = some[:m], value[:m]
