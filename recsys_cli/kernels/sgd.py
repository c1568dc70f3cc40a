"""Stochastic gradient descent on ratings, block by block of users × items."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from recsys_cli.kernels.vectors import LANES, attract, dot, fetch

#: How many ratings before its turn a user's row is asked for.
_AHEAD = 4


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _steady(
    weight: np.float32,
    lr: np.float32,
    u: int,
    i: int,
    p: NDArray[np.float32],
    q: NDArray[np.float32],
) -> np.float32:
    """Return the weight to step by, so that no weight, however large, makes the step overshoot.

    To first order, a step of weight w takes ``lr w s`` of the error away, where s is 2, for the
    biases, and ``|p_u|² + |q_i|²``: more than all of it where w is large. So a weight above 1 is a
    plain step of weight 1, then an implicit one of the rest, whose error is the one after it.
    Together they take ``lr w s / (1 + lr (w - 1) s)``.
    """
    if weight <= 1:
        return weight
    slope = np.float32(2) + dot(p, u, p, u) + dot(q, i, q, i)
    held: np.float32 = weight / (np.float32(1) + lr * (weight - np.float32(1)) * slope)
    return held


@njit(cache=True, nogil=True, error_model="numpy")
def _block(
    start: int,
    stop: int,
    users: NDArray[np.int32],
    items: NDArray[np.int32],
    ratings: NDArray[np.float32],
    weights: NDArray[np.float32],
    p: NDArray[np.float32],
    q: NDArray[np.float32],
    b_user: NDArray[np.float32],
    b_item: NDArray[np.float32],
    user_scale: NDArray[np.float32],
    item_scale: NDArray[np.float32],
    lr: np.float32,
    reg: NDArray[np.float32],
) -> float:
    """One pass over the ratings ``start`` to ``stop``; returns the sum of weighted squared errors.

    The error of each rating is taken before its own update.
    """
    total = 0.0
    for n in range(start, stop):
        u, i = users[n], items[n]
        ahead = min(n + _AHEAD, stop - 1)
        if users[ahead] != users[ahead - 1]:
            fetch(p, users[ahead])
        error = ratings[n] - b_user[u] - b_item[i] - dot(p, u, q, i)
        total += weights[n] * error * error
        step = lr * _steady(weights[n], lr, u, i, p, q) * error
        hold_u, hold_i = lr * user_scale[u], lr * item_scale[i]
        b_user[u] += step - hold_u * reg[2] * b_user[u]
        b_item[i] += step - hold_i * reg[3] * b_item[i]
        keep_u, keep_i = np.float32(1) - hold_u * reg[0], np.float32(1) - hold_i * reg[1]
        attract(p, u, q, i, keep_u, keep_i, step)
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def sgd(
    start: int,
    stop: int,
    diagonal: int,
    bounds: NDArray[np.int64],
    users: NDArray[np.int32],
    items: NDArray[np.int32],
    ratings: NDArray[np.float32],
    weights: NDArray[np.float32],
    p: NDArray[np.float32],
    q: NDArray[np.float32],
    b_user: NDArray[np.float32],
    b_item: NDArray[np.float32],
    user_scale: NDArray[np.float32],
    item_scale: NDArray[np.float32],
    lr: np.float32,
    reg: NDArray[np.float32],
    loss: NDArray[np.float64],
) -> None:
    """Update factors and biases in place by the blocks of user groups ``start`` to ``stop``.

    Parameters
    ----------
    diagonal : int
        User group g meets item group ``(g + diagonal) % groups``: no two blocks of a diagonal
        share a user or an item, so they may run at once and in any order.
    bounds : (groups, groups + 1)
        Where each block of a user group begins and ends among the ratings.
    ratings : (n,)
        Less the mean.
    p, q : (n_users, f), (n_items, f)
        f is a multiple of 16.
    user_scale, item_scale : (n_users,), (n_items,)
        What each row's L2 weight in ``reg`` is multiplied by, a rating.
    reg : (4,)
        L2 weight of user factors, item factors, user biases and item biases.
    loss : (groups, groups)
        Receives each block's sum of weighted squared errors.
    """
    if p.shape[1] % LANES or q.shape[1] != p.shape[1]:
        raise ValueError("rows of factors must be padded to one multiple of 16")
    groups = len(loss)
    for g in range(start, stop):
        h = (g + diagonal) % groups
        loss[g, h] = _block(
            bounds[g, h],
            bounds[g, h + 1],
            users,
            items,
            ratings,
            weights,
            p,
            q,
            b_user,
            b_item,
            user_scale,
            item_scale,
            lr,
            reg,
        )
