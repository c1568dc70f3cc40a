"""From features to factors: the ridge regression that a hybrid model learns beside its factors."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import CSR, Features, Float32, Float64, csr
from recsys_cli.models._content import Weighting, unit_rows
from recsys_cli.models._guard import foreign

#: Conjugate gradient steps of one call, each of which begins where the last one ended.
_STEPS = 8


class Projection:
    """``Z W``, the factors expected of each row of one side by its features.

    Z has the features, scaled to length 1 a row, and a column of ones, so that rows without
    features expect the same. Without features at all, Z has no column, and 0 is expected.

    Parameters
    ----------
    features : Features, optional
    weighting : {"tf-idf", "binary"}
    shape : (int, int)
        Rows and factors.

    Attributes
    ----------
    weights : ndarray of float64, shape (columns, f)
        W, zero at first.
    """

    def __init__(
        self, features: Features | None, weighting: Weighting, shape: tuple[int, int]
    ) -> None:
        rows = _with_constant(features, shape[0], weighting)
        self._features = foreign(rows, np.float32)
        self.weights: Float64 = np.zeros((rows.n_cols, shape[1]))

    def rows(self) -> Float32:
        """Return ``Z W``, float32 (n, f)."""
        found: Float32 = (self._features @ self.weights).astype(np.float32)
        return found

    def learn(self, factors: Float32, size: Float64, reg: float) -> None:
        """Move W towards the least ``Σ_r size_r |factors_r - Z_r W|² + reg |W|²``.

        All columns of W take conjugate gradient steps side by side, preconditioned by the diagonal.
        A row of size 0 has no say.
        """
        matrix, weight = self._features, size[:, None]
        diagonal = matrix.multiply(matrix).T @ weight + reg
        gradient = matrix.T @ (weight * (factors - matrix @ self.weights)) - reg * self.weights
        towards = gradient / diagonal
        length = np.sum(gradient * towards, axis=0)
        for _ in range(_STEPS):
            curved = matrix.T @ (weight * (matrix @ towards)) + reg * towards
            step = _ratio(length, np.sum(towards * curved, axis=0))
            self.weights = self.weights + step * towards
            gradient = gradient - step * curved
            before, length = length, np.sum(gradient**2 / diagonal, axis=0)
            towards = gradient / diagonal + _ratio(length, before) * towards


def _ratio(above: Float64, below: Float64) -> Float64:
    """Return a / b, or 0 where b is none: a column that is solved moves no more."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def _with_constant(features: Features | None, n: int, weighting: Weighting) -> CSR:
    if features is None or not features.columns:
        empty = np.empty(0, np.int32)
        return CSR(np.zeros(n + 1, np.int64), empty, np.empty(0, np.float32), 0)
    rows = unit_rows(features, weighting)
    every = np.arange(n, dtype=np.int32)
    row = np.concatenate((rows.row_of().astype(np.int32), every))
    column = np.concatenate((rows.indices, np.full(n, rows.n_cols, np.int32)))
    data = np.concatenate((rows.data, np.ones(n, np.float32)))
    return csr(row, column, data, (n, rows.n_cols + 1))
