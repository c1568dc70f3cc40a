"""What metrics ask of the labels (genres, tags) of lists: items int32 (u, K), -1 where none is."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def label_rows(
    start: int,
    stop: int,
    items: NDArray[np.int32],
    k: int,
    weight: NDArray[np.float64],
    indptr: NDArray[np.int64],
    labels: NDArray[np.int32],
    value: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Add to each label of the first k items of a list the weight of the place × the item's value.

    Parameters
    ----------
    weight : ndarray of float64, shape (k,)
    indptr, labels : CSR of shape (n_items, n_labels)
    value : ndarray of float64, shape (n_items,)
    out : ndarray of float64, shape (stop - start, n_labels)
        Zeros.
    """
    for row in range(start, stop):
        for at in range(k):
            item = items[row, at]
            if item >= 0:
                worth = weight[at] * value[item]
                for label in range(indptr[item], indptr[item + 1]):
                    out[row - start, labels[label]] += worth


@njit(cache=True, nogil=True)
def divergence_rows(
    start: int,
    stop: int,
    items: NDArray[np.int32],
    cutoffs: NDArray[np.int64],
    known_at: NDArray[np.int64],
    known_ptr: NDArray[np.int64],
    known: NDArray[np.int32],
    indptr: NDArray[np.int64],
    labels: NDArray[np.int32],
    share: NDArray[np.float64],
    alpha: float,
    room: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Write how far the labels of the first items of each list diverge from those of the known.

    ``Σ p ln(p / ((1 - alpha) q + alpha p))``; NaN for a row that knows no item with a label.

    Parameters
    ----------
    cutoffs : ndarray of int64, shape (n,)
        How many items are the first; ascending.
    known_at : ndarray of int64, shape (u,)
        Each list's row of the CSR ``known_ptr, known`` of items.
    indptr, labels : CSR of shape (n_items, n_labels)
    share : ndarray of float64, shape (n_items,)
        1 / the number of labels of each item; 0 for none.
    room : ndarray of float64, shape (2, n_labels)
        Room to work in.
    out : ndarray of float64, shape (n, u)
    """
    p, q = room[0], room[1]
    for row in range(start, stop):
        room[:] = 0
        n_known, n_listed, at = 0, 0, 0
        for pair in range(known_ptr[known_at[row]], known_ptr[known_at[row] + 1]):
            item = known[pair]
            n_known += share[item] > 0
            for label in range(indptr[item], indptr[item + 1]):
                p[labels[label]] += share[item]
        for cut in range(len(cutoffs)):
            while at < min(cutoffs[cut], items.shape[1]):
                item = items[row, at]
                if item >= 0:
                    n_listed += share[item] > 0
                    for label in range(indptr[item], indptr[item + 1]):
                        q[labels[label]] += share[item]
                at += 1
            total = 0.0 if n_known else np.nan
            for label in range(len(p)):
                if p[label] > 0:
                    wanted = p[label] / n_known
                    listed = q[label] / max(1, n_listed)
                    total += wanted * np.log(wanted / ((1 - alpha) * listed + alpha * wanted))
            out[cut, row] = total
