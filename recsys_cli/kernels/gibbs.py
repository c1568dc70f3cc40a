"""Gibbs sampling of a two-sided factorisation, one factor of one side at a time.

A term is one factor: the product of a row's number and a column's. The errors of all ratings are
kept up to date twice, in the rows' order and in the columns'. A copy falls behind while the other
side is sampled, by two products a rating: the ``lag``, made good on the next visit.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

#: Sums are not to be reordered: the compiler would then gather by vector instructions, which took
#: four times as long as single loads (measured on a Xeon of 2.5 GHz, ml-1m). Indices are read as
#: unsigned, which spares the test for negative ones: half the time.
_FLOAT = {"contract", "nsz"}
_ZERO = np.float32(0)

_F32 = NDArray[np.float32]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FLOAT)
def sample_rows(
    start: int,
    stop: int,
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    errors: _F32,
    lag_rows: tuple[_F32, _F32],
    lag_columns: tuple[_F32, _F32],
    fixed: _F32,
    own: _F32,
    prior: tuple[np.float32, np.float32, np.float32],
    normals: _F32,
    sums: tuple[_F32, _F32],
    change: _F32,
) -> None:
    """Sample the own number of rows ``start`` to ``stop``, each given all else, in place.

    Row r's is normal with precision ``noise Σ fixed_c² + precision`` and mean ``(noise Σ fixed_c
    (error_c + fixed_c own_r) + precision mean) / that``, the sums over its ratings. A row without
    ratings gets the prior's mean, not a sample.

    Parameters
    ----------
    start, stop : int
    indptr, indices : CSR of the ratings
        Columns may repeat within a row.
    errors : ndarray of float32, shape (n,)
        Brought up to date: ``lag_rows[0][r] lag_columns[0][c] + lag_rows[1][r] lag_columns[1][c]``
        is taken off. The new numbers' effect is not in it.
    fixed : ndarray of float32, shape (n_columns,)
        The other side of the term.
    own, normals, change : ndarray of float32, shape (n_rows,)
        ``change`` receives what was added to ``own``.
    prior : (noise precision, prior mean, prior precision)
    sums : two ndarrays of float32, shape (n_rows,)
        Receive ``Σ fixed_c²`` and ``Σ fixed_c error_c``, the errors before the change.
    """
    lag_row, lag_row2 = lag_rows
    lag_column, lag_column2 = lag_columns
    noise, mean, precision = prior
    squares, products = sums
    for r in range(start, stop):
        first, last = np.uint64(indptr[r]), np.uint64(indptr[r + 1])
        x, x2 = lag_row[r], lag_row2[r]
        square, product = _ZERO, _ZERO
        for n in range(first, last):
            c = np.uint32(indices[n])
            error = errors[n] - x * lag_column[c] - x2 * lag_column2[c]
            errors[n] = error
            square += fixed[c] * fixed[c]
            product += fixed[c] * error
        squares[r], products[r] = square, product
        new = mean
        if last > first:
            total = noise * square + precision
            new = (noise * (product + square * own[r]) + precision * mean) / total
            new += normals[r] / np.sqrt(total)
        change[r] = new - own[r]
        own[r] = new


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FLOAT)
def sample_weights(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    values: _F32,
    group: NDArray[np.int32],
    weights: _F32,
    noise: np.float32,
    mean: _F32,
    precision: _F32,
    normals: _F32,
    sums: tuple[_F32, _F32],
    change: _F32,
) -> None:
    """Sample the weights of side columns one after another, each given all before it, in place.

    The number of row r is its own plus ``Σ_j value_rj weight_j``, so weight j is normal with
    precision ``noise Σ_r value² squares_r + precision_j``; the mean follows from the row's sums
    and the change so far.

    Parameters
    ----------
    indptr, indices, values : CSR of the side matrix, transposed: columns × rows
    group : ndarray of int32, shape (m,)
        Each weight's group, which has a prior ``mean`` and ``precision``.
    weights, normals : ndarray of float32, shape (m,)
    noise : float
        Precision of the ratings.
    sums, change : as left by :func:`sample_rows`
        ``change`` grows by what the weights change in each row.
    """
    squares, products = sums
    for j in range(len(weights)):
        first, last = np.uint64(indptr[j]), np.uint64(indptr[j + 1])
        square, product = _ZERO, _ZERO
        for n in range(first, last):
            r, value = np.uint32(indices[n]), values[n]
            square += value * value * squares[r]
            product += value * (products[r] - squares[r] * change[r])
        old, prior = weights[j], precision[group[j]]
        total = noise * square + prior
        new = (noise * (product + square * old) + prior * mean[group[j]]) / total
        new += normals[j] / np.sqrt(total)
        weights[j] = new
        for n in range(first, last):
            change[np.uint32(indices[n])] += values[n] * (new - old)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FLOAT)
def squared_error(
    start: int,
    stop: int,
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    errors: _F32,
    lag_rows: tuple[_F32, _F32],
    lag_columns: tuple[_F32, _F32],
) -> float:
    """Return the sum of squared errors of rows ``start`` to ``stop``, brought up to date."""
    lag_row, lag_row2 = lag_rows
    lag_column, lag_column2 = lag_columns
    total = 0.0
    for r in range(start, stop):
        x, x2 = lag_row[r], lag_row2[r]
        for n in range(np.uint64(indptr[r]), np.uint64(indptr[r + 1])):
            c = np.uint32(indices[n])
            error = errors[n] - x * lag_column[c] - x2 * lag_column2[c]
            total += error * error
    return total
