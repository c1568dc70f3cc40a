"""Mean + user bias + item bias: what ratings are centred on before they are compared."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import CSR, Float32, Float64, Int32, Int64

#: Passes over all items, then all users; far fewer leave nothing to gain.
_PASSES = 15


def fit_baseline(
    ratings: CSR, reg_user: float, reg_item: float
) -> tuple[np.float32, Float32, Float32]:
    """Return the mean, the biases of users and the biases of items.

    Minimises ``sum (r - mean - b_u - b_i)^2 + reg_user |b_u|^2 + reg_item |b_i|^2`` by alternating
    exact solutions; a user or item without ratings has bias 0.
    """
    users, items = ratings.row_of(), ratings.indices
    mean = float(ratings.data.mean(dtype=np.float64))
    rest = ratings.data.astype(np.float64) - mean
    b_u = np.zeros(ratings.n_rows)
    for _ in range(_PASSES):
        b_i = shrunk_mean(items, rest - b_u[users], reg_item, ratings.n_cols)
        b_u = shrunk_mean(users, rest - b_i[items], reg_user, ratings.n_rows)
    return np.float32(mean), b_u.astype(np.float32), b_i.astype(np.float32)


def fold_baseline(ratings: CSR, mean: np.float32, item_bias: Float32, reg_user: float) -> Float32:
    """Return the biases of the users whose ratings are the rows, the items' fixed."""
    rest = ratings.data.astype(np.float64) - mean - item_bias[ratings.indices]
    return shrunk_mean(ratings.row_of(), rest, reg_user, ratings.n_rows).astype(np.float32)


def residuals(ratings: CSR, mean: np.float32, user_bias: Float32, item_bias: Float32) -> CSR:
    """Return each rating less mean, user bias and item bias."""
    expected = mean + user_bias[ratings.row_of()] + item_bias[ratings.indices]
    return ratings._replace(data=ratings.data - expected)


def shrunk_mean(
    rows: Int32 | Int64,
    values: Float32 | Float64,
    reg: float,
    n: int,
    weight: Float64 | None = None,
) -> Float64:
    """Return each row's (weighted) mean held back towards 0 by ``reg``; 0 for a row without any."""
    total = np.bincount(rows, weights=values if weight is None else weight * values, minlength=n)
    mass = np.bincount(rows, weights=weight, minlength=n) + reg
    shrunk: Float64 = np.divide(total, mass, out=np.zeros(n), where=mass > 0)
    return shrunk
