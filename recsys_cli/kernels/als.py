"""Conjugate gradients for the rows of implicit-feedback least squares, one row at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

#: Sums may be reordered to fill vector registers; the order is fixed when the kernel is compiled.
_SUMS = {"reassoc", "contract", "nsz"}
#: A squared residual (in the preconditioner's norm) below which a row is solved.
_SOLVED = np.float32(1e-30)
#: Part of the largest eigenvalue below which float32 holds only noise; without reg it would grow.
_RESOLUTION = np.float32(1e-7)
_ZERO, _ONE = np.float32(0), np.float32(1)


@njit(cache=True, nogil=True, fastmath=_SUMS, error_model="numpy")
def _multiply(
    vector: Any,
    columns: Any,
    strength: Any,
    fixed: Any,
    diagonal: Any,
    target: np.float32,
    dots: Any,
    out: Any,
) -> None:
    """Set ``dots`` to q_n · vector and ``out`` to A vector - target b.

    Four rows of ``fixed`` a turn, so that ``vector`` and ``out`` are read a quarter as often. A
    last turn of fewer repeats its last row, with no effect.
    """
    factors, last = len(vector), len(columns) - 1
    for f in range(factors):
        out[f] = diagonal[f] * vector[f]
    for n in range(0, last + 1, 4):
        n1, n2, n3 = min(n + 1, last), min(n + 2, last), min(n + 3, last)
        q, q1, q2, q3 = (
            fixed[columns[n]],
            fixed[columns[n1]],
            fixed[columns[n2]],
            fixed[columns[n3]],
        )
        d = d1 = d2 = d3 = _ZERO
        for f in range(factors):
            d += q[f] * vector[f]
            d1 += q1[f] * vector[f]
            d2 += q2[f] * vector[f]
            d3 += q3[f] * vector[f]
        dots[n], dots[n1], dots[n2], dots[n3] = d, d1, d2, d3
        s = _weigh(strength[n], d, target)
        s1 = _weigh(strength[n1], d1, target) if n1 > n else _ZERO
        s2 = _weigh(strength[n2], d2, target) if n2 > n1 else _ZERO
        s3 = _weigh(strength[n3], d3, target) if n3 > n2 else _ZERO
        for f in range(factors):
            out[f] += s * q[f] + s1 * q1[f] + s2 * q2[f] + s3 * q3[f]


@njit(cache=True, nogil=True, fastmath=_SUMS, error_model="numpy")
def _weigh(strength: np.float32, dot: np.float32, target: np.float32) -> Any:
    return strength * dot - target * (_ONE + strength)


@njit(cache=True, nogil=True, fastmath=_SUMS, error_model="numpy")
def _solve(
    columns: Any,
    strength: Any,
    fixed: Any,
    diagonal: Any,
    inverse: Any,
    steps: int,
    x: Any,
    work: Any,
    dots: Any,
    change: Any,
) -> Any:
    """Take ``steps`` conjugate gradient steps from ``x``, in place; return the row's objective.

    ``g`` is half the gradient A x - b, ``p`` the direction; ``dots`` follows q_n · x.
    """
    factors = len(x)
    g, p, curved = work[0], work[1], work[2]
    _multiply(x, columns, strength, fixed, diagonal, _ONE, dots, g)
    size = _ZERO
    for f in range(factors):
        p[f] = -inverse[f] * g[f]
        size -= p[f] * g[f]
    for _ in range(steps):
        if size < _SOLVED:
            break
        _multiply(p, columns, strength, fixed, diagonal, _ZERO, change, curved)
        curvature = _ZERO
        for f in range(factors):
            curvature += p[f] * curved[f]
        length, before, size = size / curvature, size, _ZERO
        for n in range(len(columns)):
            dots[n] += length * change[n]
        for f in range(factors):
            x[f] += length * p[f]
            g[f] += length * curved[f]
            size += inverse[f] * g[f] * g[f]
        for f in range(factors):
            p[f] = size / before * p[f] - inverse[f] * g[f]
    return _objective(x, strength, diagonal, dots)


@njit(cache=True, nogil=True, fastmath=_SUMS, error_model="numpy")
def _objective(x: Any, strength: Any, diagonal: Any, dots: Any) -> Any:
    total = 0.0
    for f in range(len(x)):
        total += diagonal[f] * x[f] * x[f]
    for n in range(len(strength)):
        miss = 1.0 - dots[n]
        total += strength[n] * miss * miss + 1.0 - 2.0 * dots[n]
    return total


@njit(cache=True, nogil=True, fastmath=_SUMS, error_model="numpy")
def solve_rows(
    start: int,
    stop: int,
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    strength: NDArray[np.float32],
    fixed: NDArray[np.float32],
    spectrum: NDArray[np.float32],
    reg: NDArray[np.float32],
    steps: int,
    solved: NDArray[np.float32],
) -> float:
    """Improve rows start..stop of ``solved`` in place; return their part of the objective.

    Row u minimises, by conjugate gradients from the x that it holds,
    ``Σ_n (strength_n (1 - x · q_n)² + 1 - 2 x · q_n) + Σ_f (spectrum_f + reg_u) x_f²``, n over its
    own columns. ``spectrum`` is the Gramian of ``fixed``, whose columns are orthogonal; it stands
    for the pairs not observed and, with reg, is the preconditioner. Rows without columns stay.

    Parameters
    ----------
    start, stop : int
    indptr, indices, strength : CSR of the rows to solve
        ``strength`` is confidence - 1, at least 0.
    fixed : ndarray of float32, shape (n_cols, f)
    spectrum : ndarray of float32, shape (f,)
    reg : ndarray of float32, shape (n_rows,)
    steps : int
        Conjugate gradient steps a row.
    solved : ndarray of float32, shape (n_rows, f)
    """
    factors = solved.shape[1]
    diagonal, inverse = np.empty(factors, np.float32), np.empty(factors, np.float32)
    work = np.empty((3, factors), np.float32)
    longest = np.max(indptr[start + 1 : stop + 1] - indptr[start:stop])
    dots, change = np.empty(longest, np.float32), np.empty(longest, np.float32)
    floor = spectrum.max() * _RESOLUTION + _SOLVED
    total = 0.0
    for row in range(start, stop):
        here = slice(indptr[row], indptr[row + 1])
        if here.start == here.stop:
            continue
        for f in range(factors):
            diagonal[f] = max(spectrum[f] + reg[row], floor)
            inverse[f] = _ONE / diagonal[f]
        total += _solve(
            indices[here],
            strength[here],
            fixed,
            diagonal,
            inverse,
            steps,
            solved[row],
            work,
            dots,
            change,
        )
    return total
