"""The best k of each row of scores."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import CSR, Bool, Float32, Int32
from recsys_cli.errors import DataError, SpecError

#: Up to this many rows NumPy answers faster than numba can be imported.
SMALL = 8
#: Above this k a partition of the row is faster than the kernel, which compares all that it finds.
LARGE = 256


def top_k(
    scores: Float32, k: int, exclude: CSR | None = None, candidates: Bool | None = None
) -> tuple[Int32, Float32]:
    """Return indices int32 (b, k) and scores float32 (b, k) of the largest scores, best first.

    Equal scores go by the lower index; -inf and NaN are never taken. Where fewer than k items
    remain, -1 and -inf fill up.
    ``scores`` is overwritten: -inf at excluded items, and perhaps at items that are no candidates.

    Raises
    ------
    SpecError
        If k is less than 1.
    DataError
        If ``exclude`` has other rows or columns than the scores.
    """
    if k < 1:
        raise SpecError(f"k must be at least 1, not {k}")
    if exclude is not None and not _fits(exclude, scores):
        raise DataError("the items to exclude do not fit the scores")
    items = np.full((len(scores), k), -1, np.int32)
    best = np.full((len(scores), k), -np.inf, np.float32)
    fill = _by_kernel if len(scores) > SMALL and k <= LARGE else _by_numpy
    fill(scores, exclude, candidates, items, best)
    return items, best


def _fits(exclude: CSR, scores: Float32) -> bool:
    found = exclude.indices
    inside = not len(found) or 0 <= int(found.min()) <= int(found.max()) < scores.shape[1]
    return exclude.n_rows == len(scores) and inside


def _by_numpy(
    scores: Float32, exclude: CSR | None, candidates: Bool | None, items: Int32, best: Float32
) -> None:
    if candidates is not None:
        scores[:, ~candidates] = -np.inf
    if exclude is not None:
        scores[exclude.row_of(), exclude.indices] = -np.inf
    scores[np.isnan(scores)] = -np.inf
    for row, row_items, row_best in zip(scores, items, best, strict=True):
        k = min(len(row_items), len(row))
        bar = np.partition(row, len(row) - k)[len(row) - k]
        contenders = np.flatnonzero((row >= bar) & (row > -np.inf))
        order = contenders[np.argsort(-row[contenders], kind="stable")][:k]
        row_items[: len(order)] = order
        row_best[: len(order)] = row[order]


def _by_kernel(
    scores: Float32, exclude: CSR | None, candidates: Bool | None, items: Int32, best: Float32
) -> None:
    from recsys_cli.kernels.topk import top_rows

    if exclude is None:
        indptr, columns = np.zeros(len(scores) + 1, np.int64), np.empty(0, np.int32)
    else:
        indptr, columns = exclude.indptr, exclude.indices
    if candidates is None:
        candidates = np.ones(scores.shape[1], np.bool_)
    top_rows(scores, indptr, columns, candidates, items, best)
