"""Ridge regressions, one a row: a bias and factors that fit the ratings of a user (or item)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from recsys_cli import threads
from recsys_cli.data import CSR, Float32, Int32, Int64

#: Rows solved together, of which the Gramians hold so many numbers at most, if not of one alone.
_BLOCK, _NUMBERS = 64, 1 << 20
#: Keeps a system solvable where the regularisation is zero.
_LEAST_REG = 1e-6


class Rows(NamedTuple):
    """Observations by row: ``indptr`` int64 (rows + 1,), each one's column, target and weight."""

    indptr: Int64
    columns: Int32
    targets: Float32
    weights: Float32


class Ridge(NamedTuple):
    """L2 weights of a row's factors and bias; both are multiplied by (its observations) ** nu."""

    reg: float
    reg_bias: float
    nu: float


def group_rows(row: Int32, n: int, columns: Int32, targets: Float32, weights: Float32) -> Rows:
    """Return triplets grouped by row, in their own order within a row; a repeated pair stays."""
    order = np.argsort(row, kind="stable")
    indptr = np.concatenate(([0], np.cumsum(np.bincount(row, minlength=n)))).astype(np.int64)
    return Rows(indptr, columns[order], targets[order], weights[order])


def solve_rows(
    rows: Rows, factors: Float32, bias: Float32, ridge: Ridge
) -> tuple[Float32, Float32]:
    """Return the factors (rows, f) and the bias (rows,) of each row, the other side's fixed.

    Minimises ``sum w (target - bias_j - b - x · factors_j)^2 + n^nu (reg |x|^2 + reg_bias b^2)``
    over a row's n observations, in float64. A row without observations is zero.
    """
    n_rows, width = len(rows.indptr) - 1, factors.shape[1] + 1
    design = np.column_stack((factors, np.ones(len(factors), np.float32))).astype(np.float64)
    penalty = np.maximum([ridge.reg] * (width - 1) + [ridge.reg_bias], _LEAST_REG)
    counts = np.maximum(np.diff(rows.indptr), 1)
    solution = np.zeros((n_rows, width))

    def solve(start: int, stop: int) -> None:
        gram, right = np.empty((stop - start, width, width)), np.empty((stop - start, width, 1))
        for at in range(start, stop):
            span = slice(rows.indptr[at], rows.indptr[at + 1])
            seen = design[rows.columns[span]]
            weighted = seen * rows.weights[span, None]
            gram[at - start] = weighted.T @ seen + np.diag(penalty * counts[at] ** ridge.nu)
            right[at - start, :, 0] = weighted.T @ (rows.targets[span] - bias[rows.columns[span]])
        solution[start:stop] = np.linalg.solve(gram, right)[:, :, 0]

    threads.map_blocks(solve, n_rows, max(1, min(_BLOCK, _NUMBERS // width**2)))
    return solution[:, :-1].astype(np.float32), solution[:, -1].astype(np.float32)


def rated(history: CSR, mean: float, item_weights: Float32 | None = None) -> Rows:
    """Return the ratings of ``history`` less the mean, of the weights of their items (None: 1)."""
    targets = history.data - np.float32(mean)
    ones = np.ones_like(targets)
    weights = ones if item_weights is None else item_weights[history.indices]
    return Rows(history.indptr, history.indices, targets, weights)


def solution_parts(rows: Rows, factors: Float32, bias: Float32, ridge: Ridge) -> Float32:
    """Return what each observation of a single row adds to the row's factors, float32 (n, f).

    The factors that :func:`solve_rows` finds are the sum over the n observations.
    """
    seen = np.column_stack((factors[rows.columns], np.ones(len(rows.columns)))).astype(np.float64)
    penalty = np.maximum([ridge.reg] * factors.shape[1] + [ridge.reg_bias], _LEAST_REG)
    weighted = seen * rows.weights[:, None]
    gram = weighted.T @ seen + np.diag(penalty * max(len(seen), 1) ** ridge.nu)
    parts = np.linalg.solve(gram, weighted.T)[:-1] * (rows.targets - bias[rows.columns])
    return np.asarray(parts.T, np.float32)
