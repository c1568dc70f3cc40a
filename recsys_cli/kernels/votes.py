"""The weighted mean of what the voters of each row say of items, of the k that weigh most."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def _mean(weight: Any, value: Any, k: int, damping: float) -> Any:
    """Return the mean of the k values of largest weight; of equal weights the first."""
    bar, ties = np.float32(0), 0
    if len(weight) > k:
        bar, ties = np.partition(weight, len(weight) - k)[len(weight) - k], k
        for n in range(len(weight)):
            ties -= weight[n] > bar
    total, mass = 0.0, damping
    for n in range(len(weight)):
        if weight[n] > bar or (weight[n] == bar and ties > 0):
            ties -= weight[n] == bar
            total += weight[n] * value[n]
            mass += weight[n]
    return total / mass if mass > 0 else 0.0


@njit(cache=True, nogil=True)
def mean_rows(
    start: int,
    stop: int,
    indptr: NDArray[np.int64],
    voters: NDArray[np.int32],
    row_data: NDArray[np.float32],
    vote_indptr: NDArray[np.int64],
    items: NDArray[np.int32],
    vote_data: NDArray[np.float32],
    n_items: int,
    rows_weigh: bool,
    want_indptr: NDArray[np.int64],
    want: NDArray[np.int32],
    k: int,
    damping: float,
    out: NDArray[np.float32],
) -> None:
    """Fill ``out`` with ``sum(weight * value) / (damping + sum(weight))`` of wanted items.

    The sums are over the k voters of a row that weigh most among those with a vote for the item.

    Parameters
    ----------
    indptr, voters, row_data : CSR, rows × voters
    vote_indptr, items, vote_data : CSR, voters × items
    rows_weigh : bool
        Whether ``row_data`` are the weights, which are positive, and ``vote_data`` the values; else
        the other way round.
    want_indptr, want : CSR, rows × items
        Distinct within a row; ``out`` is parallel to ``want``.
    """
    slot_of = np.full(n_items, -1, np.int32)
    for row in range(start, stop):
        wanted = want[want_indptr[row] : want_indptr[row + 1]]
        for slot in range(len(wanted)):
            slot_of[wanted[slot]] = slot
        ends = np.zeros(len(wanted) + 1, np.int64)
        for voter in voters[indptr[row] : indptr[row + 1]]:
            for p in range(vote_indptr[voter], vote_indptr[voter + 1]):
                ends[slot_of[items[p]] + 1] += 1
        ends[0] = 0
        ends = np.cumsum(ends)
        weight, value = np.empty(ends[-1], np.float32), np.empty(ends[-1], np.float32)
        for at in range(indptr[row], indptr[row + 1]):
            for p in range(vote_indptr[voters[at]], vote_indptr[voters[at] + 1]):
                slot = slot_of[items[p]]
                if slot >= 0:
                    to = ends[slot]
                    ends[slot] += 1
                    weight[to] = row_data[at] if rows_weigh else vote_data[p]
                    value[to] = vote_data[p] if rows_weigh else row_data[at]
        first = 0
        for slot in range(len(wanted)):
            here = slice(first, ends[slot])
            out[want_indptr[row] + slot] = _mean(weight[here], value[here], k, damping)
            slot_of[wanted[slot]] = -1
            first = ends[slot]


@njit(cache=True, nogil=True)
def mean_pairs(
    start: int,
    stop: int,
    indptr: NDArray[np.int64],
    voters: NDArray[np.int32],
    row_data: NDArray[np.float32],
    item_indptr: NDArray[np.int64],
    item_voters: NDArray[np.int32],
    vote_data: NDArray[np.float32],
    n_voters: int,
    rows_weigh: bool,
    want_indptr: NDArray[np.int64],
    want: NDArray[np.int32],
    k: int,
    damping: float,
    out: NDArray[np.float32],
) -> None:
    """Fill ``out`` as :func:`mean_rows` does, from the votes by item: for few wanted items a row.

    Parameters
    ----------
    item_indptr, item_voters, vote_data : CSR, items × voters
    """
    place_of = np.full(n_voters, -1, np.int64)
    weight, value = np.empty(n_voters, np.float32), np.empty(n_voters, np.float32)
    for row in range(start, stop):
        for at in range(indptr[row], indptr[row + 1]):
            place_of[voters[at]] = at
        for pair in range(want_indptr[row], want_indptr[row + 1]):
            item, m = want[pair], 0
            for p in range(item_indptr[item], item_indptr[item + 1]):
                at = place_of[item_voters[p]]
                if at >= 0:
                    weight[m] = row_data[at] if rows_weigh else vote_data[p]
                    value[m] = vote_data[p] if rows_weigh else row_data[at]
                    m += 1
            out[pair] = _mean(weight[:m], value[:m], k, damping)
        for voter in voters[indptr[row] : indptr[row + 1]]:
            place_of[voter] = -1
