"""Products of sparse rows: with a dense matrix, and with themselves."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

#: Columns added up before the next row is read: so many of the dense matrix stay in the cache.
_TILE = 256


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def multiply_rows(
    start: int,
    stop: int,
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    data: NDArray[np.float32],
    dense: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Set rows start..stop of ``out`` to those of sparse @ dense, summed in the order of columns.

    Four rows of ``dense`` a turn, so that a row of ``out`` is read and written a quarter as often.

    Parameters
    ----------
    start, stop : int
    indptr, indices, data : CSR of shape (rows, m)
    dense : ndarray of float32, shape (m, n)
    out : ndarray of float32, shape (rows, n)
    """
    n = dense.shape[1]
    for left in range(0, n, _TILE):
        right = min(left + _TILE, n)
        for row in range(start, stop):
            target = out[row, left:right]
            target[:] = 0
            begin, end = indptr[row], indptr[row + 1]
            for at in range(begin, end - 3, 4):
                a, b = dense[indices[at], left:right], dense[indices[at + 1], left:right]
                c, d = dense[indices[at + 2], left:right], dense[indices[at + 3], left:right]
                x, y, z, w = data[at], data[at + 1], data[at + 2], data[at + 3]
                for f in range(right - left):
                    target[f] = target[f] + x * a[f] + y * b[f] + z * c[f] + w * d[f]
            for at in range(end - (end - begin) % 4, end):
                x, a = data[at], dense[indices[at], left:right]
                for f in range(right - left):
                    target[f] += x * a[f]


@njit(cache=True, nogil=True, error_model="numpy")
def scatter_rows(
    start: int,
    stop: int,
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    data: NDArray[np.float32],
    other_indptr: NDArray[np.int64],
    other_indices: NDArray[np.int32],
    other_data: NDArray[np.float32],
    out: NDArray[np.float32] | NDArray[np.float64],
) -> None:
    """Set ``out`` to rows start..stop of sparse @ other sparse, as far as its columns reach.

    Parameters
    ----------
    start, stop : int
    indptr, indices, data : CSR of shape (rows, m)
    other_indptr, other_indices, other_data : CSR of shape (m, n), columns ascending in each row
    out : ndarray of float32 or float64, shape (stop - start, at most n)
        Sums are taken in its precision.
    """
    width = out.shape[1]
    for row in range(start, stop):
        target = out[row - start]
        target[:] = 0
        for at in range(indptr[row], indptr[row + 1]):
            value, middle = data[at], indices[at]
            for to in range(other_indptr[middle], other_indptr[middle + 1]):
                column = other_indices[to]
                if column >= width:
                    break
                target[column] += value * other_data[to]
