"""The best k of each row of scores."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import CSR, Bool, Float32, Int32

#: Up to this many rows NumPy answers faster than numba can be imported.
SMALL = 8


def top_k(
    scores: Float32, k: int, exclude: CSR | None = None, candidates: Bool | None = None
) -> tuple[Int32, Float32]:
    """Return indices int32 (b, k) and scores float32 (b, k) of the largest scores, best first.

    Equal scores go by the lower index. Where fewer than k items remain, -1 and -inf fill up.
    ``scores`` is overwritten: -inf at every excluded item and every item that is no candidate.
    """
    if candidates is not None:
        scores[:, ~candidates] = -np.inf
    if exclude is not None:
        rows = np.repeat(np.arange(exclude.n_rows), np.diff(exclude.indptr))
        scores[rows, exclude.indices] = -np.inf
    width = min(k, scores.shape[1])
    items = np.full((len(scores), k), -1, np.int32)
    best = np.full((len(scores), k), -np.inf, np.float32)
    items[:, :width], best[:, :width] = _largest(scores, width)
    items[np.isneginf(best)] = -1
    return items, best


def _largest(scores: Float32, k: int) -> tuple[Int32, Float32]:
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k].astype(np.int32)
    return order, np.take_along_axis(scores, order, axis=1)
