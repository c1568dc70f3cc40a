"""Conjugate gradients for the rows of implicit-feedback least squares, one row at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from recsys_cli.kernels.eights import EIGHT, add, dots
from recsys_cli.kernels.vectors import LANES

#: Sums may be reordered to fill vector registers; the order is fixed when the kernel is compiled.
_SUMS = {"reassoc", "contract", "nsz"}
#: A squared residual (in the preconditioner's norm) below which a row is solved.
_SOLVED = np.float32(1e-30)
#: Part of the largest eigenvalue below which float32 holds only noise; without reg it would grow.
_RESOLUTION = np.float32(1e-7)
_ZERO, _ONE = np.float32(0), np.float32(1)


@njit(cache=True, nogil=True, error_model="numpy")
def _fill_up(columns: Any, strength: Any, near: Any, weight: Any, pull: Any) -> int:
    """Copy a row's columns and strengths; return their number with what fills the last eight up.

    That repeats the last column with neither strength nor ``pull``, which is 1 + strength.
    """
    last = len(columns) - 1
    for n in range(last + 1):
        near[n], weight[n], pull[n] = columns[n], strength[n], _ONE + strength[n]
    end = (last // EIGHT + 1) * EIGHT
    for n in range(last + 1, end):
        near[n], weight[n], pull[n] = columns[last], _ZERO, _ZERO
    return end


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _multiply(
    vector: Any,
    end: int,
    near: Any,
    weight: Any,
    pull: Any,
    target: np.float32,
    fixed: Any,
    diagonal: Any,
    by: Any,
    found: Any,
    out: Any,
) -> None:
    """Set ``found`` to q_n · vector and ``out`` to A vector - target b; ``by`` is scratch."""
    for f in range(len(vector)):
        out[f] = diagonal[f] * vector[f]
    for n in range(0, end, EIGHT):
        dots(fixed, near, n, vector, found)
        for r in range(EIGHT):
            by[r] = weight[n + r] * found[n + r] - target * pull[n + r]
        add(fixed, near, n, by, out)


@njit(cache=True, nogil=True, fastmath=_SUMS, error_model="numpy")
def _curvature(
    vector: Any, end: int, near: Any, weight: Any, fixed: Any, diagonal: Any, found: Any
) -> Any:
    """Set ``found`` to q_n · vector and return vector · A vector."""
    total = _ZERO
    for n in range(0, end, EIGHT):
        dots(fixed, near, n, vector, found)
    for n in range(end):
        total += weight[n] * found[n] * found[n]
    for f in range(len(vector)):
        total += diagonal[f] * vector[f] * vector[f]
    return total


@njit(cache=True, nogil=True, fastmath=_SUMS, error_model="numpy")
def _solve(
    end: int,
    near: Any,
    weight: Any,
    pull: Any,
    fixed: Any,
    diagonal: Any,
    inverse: Any,
    steps: int,
    x: Any,
    work: Any,
    by: Any,
    reached: Any,
    change: Any,
) -> None:
    """Take ``steps`` conjugate gradient steps from ``x``, in place.

    ``g`` is half the gradient A x - b, ``p`` the direction; ``reached`` follows q_n · x.
    """
    factors = len(x)
    g, p, curved = work[0], work[1], work[2]
    _multiply(x, end, near, weight, pull, _ONE, fixed, diagonal, by, reached, g)
    size = _ZERO
    for f in range(factors):
        p[f] = -inverse[f] * g[f]
        size -= p[f] * g[f]
    for step in range(1, steps + 1):
        if size < _SOLVED:
            break
        if step < steps:
            _multiply(p, end, near, weight, pull, _ZERO, fixed, diagonal, by, change, curved)
            curvature = _ZERO
            for f in range(factors):
                curvature += p[f] * curved[f]
        else:  # nothing follows that needs the gradient
            curvature = _curvature(p, end, near, weight, fixed, diagonal, change)
        length, before, size = size / curvature, size, _ZERO
        for n in range(end):
            reached[n] += length * change[n]
        for f in range(factors):
            x[f] += length * p[f]
        if step == steps:
            break
        for f in range(factors):
            g[f] += length * curved[f]
            size += inverse[f] * g[f] * g[f]
        for f in range(factors):
            p[f] = size / before * p[f] - inverse[f] * g[f]


@njit(cache=True, nogil=True, fastmath=_SUMS, error_model="numpy")
def _objective(x: Any, strength: Any, diagonal: Any, reached: Any) -> Any:
    total = 0.0
    for f in range(len(x)):
        total += diagonal[f] * x[f] * x[f]
    for n in range(len(strength)):
        miss = 1.0 - reached[n]
        total += strength[n] * miss * miss + 1.0 - 2.0 * reached[n]
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
        f is a multiple of 16.
    spectrum : ndarray of float32, shape (f,)
    reg : ndarray of float32, shape (n_rows,)
    steps : int
        Conjugate gradient steps a row.
    solved : ndarray of float32, shape (n_rows, f)
    """
    factors = solved.shape[1]
    if factors % LANES or fixed.shape[1] != factors or len(spectrum) != factors:
        raise ValueError("rows of factors must be padded to one multiple of 16")
    diagonal, inverse = np.empty(factors, np.float32), np.empty(factors, np.float32)
    work, by = np.empty((3, factors), np.float32), np.empty(EIGHT, np.float32)
    longest = np.max(indptr[start + 1 : stop + 1] - indptr[start:stop]) + EIGHT
    near = np.empty(longest, np.int32)
    weight, pull = np.empty(longest, np.float32), np.empty(longest, np.float32)
    reached, change = np.empty(longest, np.float32), np.empty(longest, np.float32)
    floor = spectrum.max() * _RESOLUTION + _SOLVED
    total = 0.0
    for row in range(start, stop):
        here = slice(indptr[row], indptr[row + 1])
        if here.start == here.stop:
            continue
        for f in range(factors):
            diagonal[f] = max(spectrum[f] + reg[row], floor)
            inverse[f] = _ONE / diagonal[f]
        end = _fill_up(indices[here], strength[here], near, weight, pull)
        system = (end, near, weight, pull, fixed, diagonal, inverse)
        _solve(*system, steps, solved[row], work, by, reached, change)
        total += _objective(solved[row], strength[here], diagonal, reached)
    return total
