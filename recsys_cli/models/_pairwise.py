"""A new user's factors from pairs, items fixed."""

from __future__ import annotations

import numpy as np

from recsys_cli import threads
from recsys_cli.data import CSR, Float32, Float64, Int64

_NEGATIVES = 128
_STEPS = 15
_BLOCK = 16
#: Keeps a system solvable where the regularisation is zero.
_LEAST_REG = 1e-6


def fold_in_pairwise(
    history: CSR, factors: Float32, bias: Float32, weights: Float64, reg: float
) -> Float32:
    """Return factors float32 (rows, f) of new users, one for each row of ``history``.

    Each minimises the mean of ``-log sigmoid(b_i - b_j + p · (q_i - q_j)) + reg / 2 |p|^2`` over
    its items i and over fixed negatives j: 128 items at even quantiles of ``weights``, float64
    (n_items,), less the user's own. No chance is involved. The 15 steps are Newton's with the
    logistic function's curvature held at its bound 1/4 (Böhning and Lindsay 1988), so that each
    lowers the loss and one matrix serves all. A row without items is zero.
    """
    chosen = _quantiles(weights)
    q, b = factors.astype(np.float64), bias.astype(np.float64)
    folded = np.zeros((history.n_rows, factors.shape[1]), np.float32)

    def work(start: int, stop: int) -> None:
        for row in range(start, stop):
            taken = history.indices[history.indptr[row] : history.indptr[row + 1]]
            others = chosen[~np.isin(chosen, taken)]
            if len(taken) and len(others):
                folded[row] = _minimise(q[taken], q[others], b[taken], b[others], reg)

    with threads.single_blas():
        threads.map_blocks(work, history.n_rows, _BLOCK)
    return folded


def _quantiles(weights: Float64) -> Int64:
    """Return items at even quantiles of ``weights``, each once, ascending."""
    mass = np.cumsum(weights)
    levels = (np.arange(_NEGATIVES) + 0.5) / _NEGATIVES * mass[-1]
    return np.unique(np.searchsorted(mass, levels))


def _minimise(
    taken: Float64, others: Float64, b_taken: Float64, b_others: Float64, reg: float
) -> Float64:
    """Return the factors (f,) that rank rows of ``taken`` (n, f) above ``others`` (m, f)."""
    centre_taken, centre_others = taken.mean(axis=0), others.mean(axis=0)
    spread = taken.T @ taken / len(taken) + others.T @ others / len(others)
    cross = np.outer(centre_taken, centre_others)
    ridge = max(reg, _LEAST_REG) * np.eye(taken.shape[1])
    inverse = np.linalg.inv((spread - cross - cross.T) / 4 + ridge)
    p = np.zeros(taken.shape[1])
    for _ in range(_STEPS):
        margin = (taken @ p + b_taken)[:, None] - (others @ p + b_others)
        pull = 1 / (1 + np.exp(np.clip(margin, -500, 500)))
        slope = pull.mean(axis=1) @ taken / len(taken) - pull.mean(axis=0) @ others / len(others)
        p += inverse @ (slope - reg * p)
    return p
