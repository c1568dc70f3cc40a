"""What metrics ask of recommended lists: items int32 (u, K), best first, -1 where there is none."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def place_rows(
    start: int,
    stop: int,
    items: NDArray[np.int32],
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    place: NDArray[np.int32],
    out: NDArray[np.int32],
) -> None:
    """Write the place (from 1; 0: absent) that each pair of a user and an item has in the lists.

    Parameters
    ----------
    start, stop : int
        Rows to look at.
    items : ndarray of int32, shape (u, K)
    indptr, indices : CSR of shape (u, n_items)
        The pairs.
    place : ndarray of int32, shape (n_items,)
        Room to work in: zeros, left as zeros.
    out : ndarray of int32, shape (nnz,)
    """
    depth = items.shape[1]
    for row in range(start, stop):
        for at in range(depth):
            if items[row, at] >= 0:
                place[items[row, at]] = at + 1
        for pair in range(indptr[row], indptr[row + 1]):
            out[pair] = place[indices[pair]]
        for at in range(depth):
            if items[row, at] >= 0:
                place[items[row, at]] = 0


@njit(cache=True, nogil=True)
def sum_rows(
    start: int,
    stop: int,
    items: NDArray[np.int32],
    k: int,
    values: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Write the sum of the values of the first k items of each list, in the order of the list."""
    for row in range(start, stop):
        total = 0.0
        for at in range(k):
            if items[row, at] >= 0:
                total += values[items[row, at]]
        out[row] = total


@njit(cache=True, nogil=True)
def count_items(items: NDArray[np.int32], k: int, out: NDArray[np.int64]) -> None:
    """Add to ``out`` (n_items,) how many lists hold each item among the first k."""
    for row in range(items.shape[0]):
        for at in range(k):
            if items[row, at] >= 0:
                out[items[row, at]] += 1


@njit(cache=True, nogil=True)
def tie_rows(
    start: int,
    stop: int,
    items: NDArray[np.int32],
    k: int,
    level: NDArray[np.int64],
    room: NDArray[np.int64],
    out: NDArray[np.float64],
) -> None:
    """Write the ordered pairs of equal level, each item with itself too, of the first k of a list.

    Parameters
    ----------
    level : ndarray of int64, shape (n_items,)
    room : ndarray of int64, as long as the largest level + 1
        Room to work in: zeros, left as zeros.
    """
    for row in range(start, stop):
        pairs = 0
        for at in range(k):
            if items[row, at] >= 0:
                # n items of a level make n² = 1 + 3 + 5 + … pairs.
                pairs += 2 * room[level[items[row, at]]] + 1
                room[level[items[row, at]]] += 1
        for at in range(k):
            if items[row, at] >= 0:
                room[level[items[row, at]]] = 0
        out[row] = pairs


@njit(cache=True, nogil=True)
def count_before(
    start: int,
    stop: int,
    row: NDArray[np.int64],
    place: NDArray[np.int64],
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    place_of: NDArray[np.int64],
    out: NDArray[np.int64],
) -> None:
    """Write how many items of each query's row of a CSR have a place before that of the query.

    Parameters
    ----------
    start, stop : int
        Queries to answer.
    row, place : ndarray of int64, shape (n,)
        Of each query.
    place_of : ndarray of int64, shape (n_items,)
    """
    for query in range(start, stop):
        before = 0
        for at in range(indptr[row[query]], indptr[row[query] + 1]):
            before += place_of[indices[at]] < place[query]
        out[query] = before


@njit(cache=True, nogil=True)
def sum_pairs(
    start: int,
    stop: int,
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    values: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Write the sum of the values (n_items,) of the items in each row of a CSR, in their order."""
    for row in range(start, stop):
        total = 0.0
        for at in range(indptr[row], indptr[row + 1]):
            total += values[indices[at]]
        out[row] = total


@njit(cache=True, nogil=True)
def pair_rows(
    start: int,
    stop: int,
    items: NDArray[np.int32],
    band_of: NDArray[np.int32],
    band: NDArray[np.float32],
    scale: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Add to ``out`` (u, K) each item's similarity to the items before it in its list, summed.

    Parameters
    ----------
    band_of : ndarray of int32, shape (n_items,)
        The row of ``band`` that an item has; -1 for one that is left to another band.
    band : ndarray of float32, shape (m, n_items)
    scale : ndarray of float64, shape (n_items,)
        The similarity of two items is their number in ``band`` times both their scales.
    """
    depth = items.shape[1]
    for row in range(start, stop):
        for at in range(depth):
            item = items[row, at]
            if item < 0 or band_of[item] < 0:
                continue
            alike, total = band[band_of[item]], 0.0
            for before in range(at):
                if items[row, before] >= 0:
                    total += alike[items[row, before]] * scale[items[row, before]]
            out[row, at] += total * scale[item]


@njit(cache=True, nogil=True)
def end_rows(
    sums: NDArray[np.float64],
    weights: NDArray[np.float64],
    none: float,
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> None:
    """Write the lowest and the highest ``sum / weight`` of each row, of groups of users or items.

    Parameters
    ----------
    sums, weights : ndarray of float64, shape (b, g)
        A negative sum counts as 0.
    none : float
        Weights up to this one are left out.
    low, high : ndarray of float64, shape (b,)
        Zeros, which stay where no group has weight.
    """
    for row in range(sums.shape[0]):
        found = False
        for group in range(sums.shape[1]):
            if weights[row, group] > none:
                score = max(sums[row, group], 0.0) / weights[row, group]
                low[row] = min(low[row], score) if found else score
                high[row] = max(high[row], score)
                found = True
