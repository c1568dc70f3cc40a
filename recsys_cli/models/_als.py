"""What models of implicit-feedback least squares share: confidences, objective and fold-in.

The objective is the one of Hu, Koren and Volinsky (2008), over all pairs of user and item:
``Σ_ui c_ui (p_ui - P_u · Q_i)² + Σ_u reg_u |P_u|² + Σ_i reg_i |Q_i|²``, where an observed pair has
preference ``p_ui = 1`` and confidence ``c_ui = 1 + s_ui``, and any other ``p_ui = 0, c_ui = 1``.
``s_ui`` is called its strength: ``alpha * value``, or ``alpha * log(1 + value / eps)``.
"""

from __future__ import annotations

import numpy as np

from recsys_cli import threads
from recsys_cli.data import CSR, Float32, Float64, Int32, Interactions, csr
from recsys_cli.errors import DataError
from recsys_cli.models._size import Size

#: Rows that one thread multiplies at a time; fixed, so that no sum depends on the threads.
ROWS = 1 << 14
#: Matrices of factors × factors in float64 that finding the axes of one takes: it, a copy, two of
#: LAPACK's own, and the axes.
_AXES = 5


def observed(train: Interactions) -> CSR:
    """Return ``value * weight`` of each pair, users × items; repeated pairs are summed."""
    with np.errstate(over="ignore"):  # what overflows is refused as a strength
        value = train.value if train.weight is None else train.value * train.weight
    return csr(train.user_idx, train.item_idx, value, (train.n_users, train.n_items))


def mean_weights(train: Interactions, values: CSR) -> Float32 | None:
    """Return the mean weight, by value, of each pair of ``values``, which are unweighted."""
    if train.weight is None:
        return None
    total, known = observed(train).data, values.data
    return np.divide(total, known, out=np.zeros_like(known), where=known > 0)


def strengths(
    values: CSR, alpha: float, eps: float | None = None, weights: Float32 | None = None
) -> CSR:
    """Return confidence - 1 of each pair: ``alpha * value``, or as a logarithm where ``eps`` is.

    Parameters
    ----------
    values : CSR
    alpha : float
    eps : float, optional
        If given, a strength is ``alpha * log(1 + value / eps)``.
    weights : ndarray of float32, shape (nnz,), optional
        What each strength is multiplied by.

    Raises
    ------
    DataError
        If one is negative (it would count less than a pair never observed) or not finite.
    """
    data = values.data.astype(np.float64)
    sound = (data >= 0).all()
    if sound and eps is not None:
        data = np.log1p(data / eps)
    data = data * alpha if weights is None else data * alpha * weights
    if not sound or not (data < np.finfo(np.float32).max).all():
        raise DataError(
            "values of implicit feedback must be at least 0, and finite once multiplied by alpha",
            hint="add {name: min-value, value: 0} to dataset.prepare, or use a model of ratings",
        )
    return values._replace(data=data.astype(np.float32))


def gramian(rows: Float32) -> Float64:
    """Return rowsᵀ rows, float64 (f, f)."""

    def block(start: int, stop: int) -> Float64:
        part = rows[start:stop].astype(np.float64)
        product: Float64 = part.T @ part
        return product

    shape = (rows.shape[1], rows.shape[1])
    return sum(threads.map_blocks(block, len(rows), ROWS), np.zeros(shape))


def gramian_bytes(size: Size, factors: int, *, axes: bool) -> int:
    """Return what :func:`gramian` of users or items takes, and then its axes, if wanted.

    Of each part there is a product until the last is done, then their sum.
    """
    parts = -(-max(size.users, size.items) // ROWS)
    return 8 * factors**2 * max(parts + 2, _AXES if axes else 0)


def objective(strength: CSR, users: Float32, items: Float32, reg: float) -> float:
    """Return the objective above, with the same ``reg`` for every row."""
    user_gram, item_gram = gramian(users), gramian(items)
    row = strength.row_of()

    def block(start: int, stop: int) -> float:
        here = slice(start, stop)
        dots = np.einsum("nf,nf->n", users[row[here]], items[strength.indices[here]])
        miss = 1 - dots.astype(np.float64)
        return float(np.sum(strength.data[here] * miss**2 + 2 * miss - 1))

    seen = sum(threads.map_blocks(block, len(row), ROWS))
    return seen + float(np.sum(user_gram * item_gram) + reg * np.trace(user_gram + item_gram))


def solve_users(strength: CSR, items: Float32, reg: Float64) -> Float32:
    """Return the exact factors of users, float32 (n_rows, f), from their normal equations.

    Row u solves ``(QᵀQ + reg_u I + Σ_i s_ui Q_i Q_iᵀ) P_u = Σ_i (1 + s_ui) Q_i`` in float64; a row
    without observed pairs is zero.

    Parameters
    ----------
    strength : CSR with n_items columns
    items : ndarray of float32, shape (n_items, f)
    reg : ndarray of float64, shape (n_rows,)
        A ten-billionth of the mean eigenvalue of QᵀQ is added, so that 0 is solvable too.
    """
    gram = gramian(items)
    reg = reg + _floor(gram)

    def block(start: int, stop: int) -> Float64:
        solved = np.zeros((stop - start, len(gram)))
        for u in range(start, stop):
            here = slice(strength.indptr[u], strength.indptr[u + 1])
            q = items[strength.indices[here]].astype(np.float64)
            s = strength.data[here].astype(np.float64)
            solved[u - start] = np.linalg.solve(system(gram, reg[u], q, s), (1 + s) @ q)
        return solved

    parts = threads.map_blocks(block, strength.n_rows, 256)
    return np.concatenate([np.empty((0, len(gram))), *parts]).astype(np.float32)


def explain_user(history: CSR, items: Float32, reg: float, item_idx: Int32) -> Float32:
    """Return what each item of a user adds to the score of each of m items, float32 (m, h).

    With W the inverse of the matrix in :func:`solve_users`, item j of the user's h adds
    ``Q_i · W Q_j (1 + s_j)`` to the score of item i (Hu et al. 2008, section 5).

    Parameters
    ----------
    history : CSR of one row
        The user's strengths.
    items : ndarray of float32, shape (n_items, f)
    reg : float
    item_idx : ndarray of int32, shape (m,)
    """
    q, s = items[history.indices].astype(np.float64), history.data.astype(np.float64)
    gram = gramian(items)
    left = system(gram, reg + _floor(gram), q, s)
    solved = np.linalg.solve(left, ((1 + s)[:, None] * q).T)
    return (items[item_idx] @ solved).astype(np.float32)


def system(gram: Float64, reg: float, q: Float64, s: Float64) -> Float64:
    """Return ``QᵀQ + reg I + Σ_j s_j Q_j Q_jᵀ``, float64 (f, f): the left side for one user.

    Parameters
    ----------
    gram : ndarray, shape (f, f)
    reg : float
    q : ndarray, shape (h, f)
        Factors of the user's h items.
    s : ndarray, shape (h,)
        Their strengths.
    """
    left: Float64 = gram + reg * np.eye(len(gram)) + q.T @ (s[:, None] * q)
    return left


def _floor(gram: Float64) -> float:
    """Return what is added to ``reg`` so that the matrix has an inverse even where it is 0."""
    return float(1e-10 * np.trace(gram) / len(gram) + np.finfo(np.float32).tiny)
