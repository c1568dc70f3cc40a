"""One side (users or items) of feature-augmented least squares: factors around a projection."""

from __future__ import annotations

import numpy as np

from recsys_cli import threads
from recsys_cli.data import CSR, Bool, Float32, Float64
from recsys_cli.models._als import gramian, system
from recsys_cli.models._guard import require_array
from recsys_cli.models._padded import padded
from recsys_cli.models._projection import Projection

#: Rows that one thread solves at a time; fixed, so that no sum depends on the threads.
_BLOCK = 256


class Side:
    """The factors of users, or of items, and the projection that they lean on.

    Parameters
    ----------
    name : str
        What errors call the factors.
    strength : CSR
        Confidence - 1 of each pair, a row for each row of the factors.
    factors : ndarray of float32, shape (n, f)
        To start from; zero in rows without pairs, which stay so.
    projection : Projection
    size : ndarray of float64, shape (n,)
        What ``reg`` is multiplied by in each row.
    reg, reg_features : float
        As in the config.
    """

    def __init__(
        self,
        name: str,
        strength: CSR,
        factors: Float32,
        projection: Projection,
        size: Float64,
        reg: float,
        reg_features: float,
    ) -> None:
        self.warm: Bool = np.diff(strength.indptr) > 0
        self.factors = factors
        self.projection = projection
        self._name = name
        self._strength = _with_own_column(strength, self.warm)
        self._size, self._reg_features = size * self.warm, reg_features
        self._base, self._reg = reg, (reg * size).astype(np.float32)

    def solve(self, fixed: Float32, cg_steps: int) -> float:
        """Improve the factors; return the objective but for the L2 terms of the other side.

        The kernel knows no prior mean. One comes in as a pair of strength 0 with the row
        ``reg_r * mean_r``, which adds just that to the right side of the row's equation. Axes in
        which the Gramian of ``fixed`` is diagonal, as the kernel wants, are left again at the end.
        """
        from recsys_cli.kernels.als import solve_rows

        spectrum, axes = np.linalg.eigh(gramian(fixed))
        mean = self.projection.rows()
        columns = padded(_turned(np.concatenate((fixed, self._reg[:, None] * mean)), axes))
        solved = padded(_turned(self.factors, axes))
        (weights,) = padded(np.maximum(spectrum, 0).astype(np.float32)[None])
        system = (*self._strength[:3], columns, weights)

        def block(start: int, stop: int) -> float:
            return float(solve_rows(start, stop, *system, self._reg, cg_steps, solved))

        found = sum(threads.map_blocks(block, len(solved), _BLOCK))
        self.factors = _turned(solved[:, : len(axes)], axes.T)
        require_array(self._name, self.factors)
        own = self._reg[:, None] * mean.astype(np.float64) ** 2
        return found + float(own[self.warm].sum()) - int(self.warm.sum())

    def distance(self) -> float:
        """Return ``Σ_r reg_r |factors_r - mean_r|²`` over the rows with pairs."""
        apart = (self.factors - self.projection.rows()).astype(np.float64)[self.warm]
        return float(np.sum(self._reg[self.warm, None] * apart**2))

    def ridge(self) -> float:
        """Return ``reg reg_features |W|²``."""
        return float(self._base * self._reg_features * np.sum(self.projection.weights**2))

    def learn(self) -> None:
        """Bring the projection nearer to the factors."""
        self.projection.learn(self.factors, self._size, self._reg_features)

    def complete(self) -> Float32:
        """Return the factors, those of rows without pairs as their features expect."""
        return np.where(self.warm[:, None], self.factors, self.projection.rows())


def contributions(q: Float64, s: Float64, gram: Float64, reg: float, prior: Float64) -> Float64:
    """Return what each item of a history, and last the prior, adds to its user's factors.

    The user solves ``(gram + reg I + Σ_j s_j q_j q_jᵀ) x = Σ_j (1 + s_j) q_j + reg prior``.

    Parameters
    ----------
    q : ndarray, shape (h, f)
    s : ndarray, shape (h,)
        Confidence - 1 of each.
    gram : ndarray, shape (f, f)
    reg : float
    prior : ndarray, shape (f,)

    Returns
    -------
    ndarray of float64, shape (f, h + 1)
    """
    right = np.vstack(((1 + s)[:, None] * q, reg * prior))
    return np.asarray(np.linalg.solve(system(gram, reg, q, s), right.T), np.float64)


def _turned(rows: Float32, axes: Float64) -> Float32:
    """Return the coordinates of rows in the given axes."""
    turned: Float32 = (rows.astype(np.float64) @ axes).astype(np.float32)
    return turned


def _with_own_column(strength: CSR, warm: Bool) -> CSR:
    """Return the matrix with one more pair a warm row, of strength 0, in a column of its own."""
    rows = np.flatnonzero(warm)
    ends = strength.indptr[rows + 1]
    return CSR(
        strength.indptr + np.concatenate(([0], np.cumsum(warm))),
        np.insert(strength.indices, ends, strength.n_cols + rows),
        np.insert(strength.data, ends, 0),
        strength.n_cols + len(warm),
    )
