"""Where relevant items rank among all candidates: the area under the ROC curve of each user."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


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
    so the result does not depend on the order of summation.
    """
    rest = candidates.copy()
    for row in range(scores.shape[0]):
        of_row = scores[row]
        wanted = relevant[relevant_ptr[row] : relevant_ptr[row + 1]]
        known = seen[seen_ptr[row] : seen_ptr[row + 1]]
        ranked = np.sort(of_row[wanted[candidates[wanted]]])
        rest[wanted] = False
        rest[known] = False
        twice, others = _pairs_in_order(of_row, rest, ranked)
        rest[wanted] = candidates[wanted]
        rest[known] = candidates[known]
        share = twice / (2 * others) if others else 0.5 * len(ranked)
        out[row] = share / len(wanted)


@njit(cache=True, nogil=True)
def _pairs_in_order(
    of_row: NDArray[np.float32], rest: NDArray[np.bool_], ranked: NDArray[np.float32]
) -> tuple[int, int]:
    twice, others = 0, 0
    n = len(ranked)
    for item in range(len(of_row)):
        if rest[item]:
            others += 1
            if n:
                above = np.searchsorted(ranked, of_row[item])
                twice += 2 * (n - above)
                while above < n and ranked[above] == of_row[item]:
                    twice -= 1
                    above += 1
    return twice, others
