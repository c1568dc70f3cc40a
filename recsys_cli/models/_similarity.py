"""Similarities of the rows of a sparse matrix, and the nearest targets of each; never n × n.

``rows × features`` meets ``features × targets``: items × users with users × items for the nearest
items of items, users × items with items × users for the nearest users of users.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from recsys_cli import threads
from recsys_cli.data import CSR, Float32, Float64, Int32, Int64, order_by
from recsys_cli.models._topk import SMALL

_ROWS = 32
_TINY = np.finfo(np.float32).tiny
_NO_VARIANCE = 1e-9


Found = tuple[Int64, Int32, Float32]
Lengths = tuple[Float32, Float32]


class Measure(NamedTuple):
    """How two rows are compared.

    ``kind``: ``dot``, ``cosine``, ``jaccard`` and ``pearson`` over all features (an absent value is
    0), ``common-cosine`` and ``common-pearson`` over those that both rows have. The result is
    ``(s c / (c + shrinkage)) ** power``, c the number of common features; only positive ones count.
    """

    kind: str
    shrinkage: float = 0.0
    power: float = 1.0


def norms(measure: Measure, rows: CSR) -> Float32:
    """Return the scale and the shift of each row, float32 (n_rows, 2).

    The similarity of x and y is ``(x · y - shift_x shift_y) scale_x scale_y``; for ``jaccard``
    shifts are sizes.
    """
    row = rows.row_of()
    values = rows.data.astype(np.float64)
    squares = np.bincount(row, values * values, minlength=rows.n_rows)
    shift = squares if measure.kind == "jaccard" else np.zeros(rows.n_rows)
    if measure.kind == "pearson":
        shift = np.bincount(row, values, minlength=rows.n_rows) / np.sqrt(max(1, rows.n_cols))
    as_is = measure.kind in ("dot", "jaccard")
    left = np.ones(rows.n_rows) if as_is else squares - shift**2
    some = as_is | (left > _NO_VARIANCE * np.maximum(squares, _TINY))
    root = np.sqrt(np.maximum(left, 0))
    scale = np.divide(1, root, out=np.zeros_like(left), where=some)
    return np.stack((scale, shift), axis=1).astype(np.float32)


def nearest(
    measure: Measure, rows: CSR, targets: CSR, lengths: Lengths, itself: Int32, n: int
) -> CSR:
    """Return the n targets most similar to each row, rows × targets, those of equal rank by index.

    Parameters
    ----------
    measure : Measure
    rows : CSR, rows × features
    targets : CSR, features × targets
    lengths : two ndarrays of float32, shape (n_rows, 2), (n_targets, 2)
        The :func:`norms` of both.
    itself : ndarray of int32, shape (n_rows,)
        The target that a row must not find, -1 for none.
    n : int
    """
    n = min(n, max(1, targets.n_cols))
    if rows.n_rows <= SMALL:
        found = [
            _by_numpy(measure, rows, row, targets, lengths, itself[row], n)
            for row in range(rows.n_rows)
        ]
    else:
        found = _by_kernel(measure, rows, targets, lengths, itself, n)
    none = (np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.float32))
    counts, ids, values = (np.concatenate(part) for part in zip(none, *found, strict=True))
    indptr = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    return CSR(indptr, ids, values, targets.n_cols)


def _by_kernel(
    measure: Measure, rows: CSR, targets: CSR, lengths: Lengths, itself: Int32, n: int
) -> list[Found]:
    """Search with the targets in an order in which the sums that change most lie together."""
    from recsys_cli.kernels.common_features import common_rows
    from recsys_cli.kernels.similarity import dot_rows

    kind, shrinkage, power = measure
    worth_it = len(rows.indices) >= len(targets.indices)
    names, places, itself = _placed(targets, itself, worth_it=worth_it)
    by_place = targets.indptr, places
    scales, shifts = np.ascontiguousarray(lengths[1][names].T)
    values = targets.data[: 0 if (targets.data == 1).all() else None]
    # Of values with both signs, means alone can make those alike who have nothing in common.
    counted = shrinkage > 0 or kind == "pearson"

    def block(start: int, stop: int) -> Found:
        counts = np.empty(stop - start, np.int64)
        ids = np.empty((stop - start, n), np.int32)
        best = np.empty((stop - start, n), np.float32)
        out, span = (counts, ids, best), (start, stop)
        if kind.startswith("common"):
            moments = (kind == "common-pearson", float(shrinkage), float(power))
            common_rows(span, rows[:3], itself, (*by_place, targets.data, names), moments, out)
        else:
            how = (kind == "jaccard", counted, np.float32(shrinkage), np.float32(power))
            met = (*by_place, values, scales, shifts, names)
            dot_rows(span, (*rows[:3], lengths[0]), itself, met, how, out)
        kept = np.arange(n) < counts[:, None]
        return counts, ids[kept], best[kept]

    return threads.map_blocks(block, rows.n_rows, _ROWS)


def _placed(targets: CSR, itself: Int32, *, worth_it: bool) -> tuple[Int32, Int32, Int32]:
    """Return the target at each place, and the places of stored targets and of ``itself``.

    By their counts where it pays, for that reads all targets once; else each at its own.
    """
    if not worth_it:
        return np.arange(targets.n_cols, dtype=np.int32), targets.indices, itself
    names = order_by(-np.bincount(targets.indices, minlength=targets.n_cols)).astype(np.int32)
    place = np.empty_like(names)
    place[names] = np.arange(len(names))
    return names, place[targets.indices], np.where(itself < 0, itself, place[itself])


def _by_numpy(
    measure: Measure, rows: CSR, at: int, targets: CSR, lengths: Lengths, itself: int, n: int
) -> Found:
    row = rows.rows(np.array([at]))
    met = targets.rows(row.indices)
    x = np.repeat(row.data.astype(np.float64), np.diff(met.indptr))

    def total(values: Float64 | None = None) -> Float64:
        return np.bincount(met.indices, values, minlength=targets.n_cols).astype(np.float64)

    common, y = total(), met.data.astype(np.float64)
    if measure.kind.startswith("common"):
        sums = common, total(x), total(y), total(x * x), total(y * y), total(x * y)
        similarity = _of_moments(sums, centred=measure.kind == "common-pearson")
    else:
        similarity = _of_dots(measure, total(x * y), lengths[0][at], lengths[1])
    shrunk = np.maximum(common + measure.shrinkage, _TINY)
    similarity = np.maximum(similarity * common / shrunk, 0) ** measure.power
    if itself >= 0:
        similarity[itself] = 0
    value = similarity.astype(np.float32)
    ids = np.flatnonzero(value > 0)
    ids = np.sort(ids[np.argsort(-value[ids], kind="stable")[:n]])
    return np.array([len(ids)]), ids.astype(np.int32), value[ids]


def _of_moments(sums: tuple[Float64, ...], centred: bool) -> Float64:
    n, x, y, xx, yy, xy = sums
    if centred:
        wholes = n * xx, n * yy
        xx, yy, xy = n * xx - x * x, n * yy - y * y, n * xy - x * y
        xy[(xx <= _NO_VARIANCE * wholes[0]) | (yy <= _NO_VARIANCE * wholes[1])] = 0
    return np.divide(xy, np.sqrt(np.maximum(xx * yy, 0)), out=np.zeros_like(xy), where=xy > 0)


def _of_dots(measure: Measure, dots: Float64, norm: Float32, target_norms: Float32) -> Float64:
    (scale, shift), (scales, shifts) = norm, target_norms.T
    if measure.kind == "jaccard":
        return np.asarray(dots / np.maximum(shift + shifts - dots, _TINY))
    return np.asarray((dots - shift * shifts.astype(np.float64)) * scale * scales)
