"""Where relevant items rank among all candidates: the area under the ROC curve of each user."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

#: Scores that stay at hand while each relevant item's is compared with them.
_CHUNK = 4096


@njit(cache=True, nogil=True)
def auc_rows(
    scores: NDArray[np.float32],
    candidates: NDArray[np.bool_],
    seen_ptr: NDArray[np.int64],
    seen: NDArray[np.int32],
    relevant_ptr: NDArray[np.int64],
    relevant: NDArray[np.int32],
    out: NDArray[np.float64],
) -> None:
    """Write the AUC of each row of ``scores`` (b, n_items) to ``out`` (b,).

    An irrelevant candidate is one neither seen nor relevant. A relevant item that is no candidate
    adds 0; with no irrelevant candidate, each relevant one adds one half. Counts are whole numbers,
    so the result does not depend on the order of summation. A row with a score that is not finite
    has NaN.
    """
    rest = np.empty(scores.shape[1], np.float32)
    n_candidates = np.count_nonzero(candidates)
    for row in range(scores.shape[0]):
        wanted = relevant[relevant_ptr[row] : relevant_ptr[row + 1]]
        n_finite = np.int32(0)
        for item in range(len(rest)):
            rest[item] = scores[row, item] if candidates[item] else np.nan
            n_finite = np.int32(n_finite + (abs(scores[row, item]) < np.float32(np.inf)))
        others, twice = n_candidates, 0
        for some in (seen[seen_ptr[row] : seen_ptr[row + 1]], wanted):
            for item in some:
                others -= rest[item] == rest[item]
                rest[item] = np.nan
        ranked = wanted[candidates[wanted]]
        for start in range(0, len(rest), _CHUNK):
            part = rest[start : start + _CHUNK]
            for item in ranked:
                twice += _compared(part, scores[row, item])
        share = twice / (2 * others) if others else 0.5 * len(ranked)
        out[row] = share / len(wanted) if n_finite == len(rest) else np.nan


@njit(cache=True, nogil=True)
def _compared(rest: NDArray[np.float32], score: np.float32) -> int:
    """Count what is lower than the score, twice, and what is equal; never NaN.

    Without branches and in a type as wide as the scores', so that the compiler fills registers.
    """
    twice = np.int32(0)
    for item in range(len(rest)):
        twice = np.int32(twice + (rest[item] < score) + (rest[item] <= score))
    return int(twice)
