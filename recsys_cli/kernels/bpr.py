"""Bayesian personalised ranking: pairs drawn and learned block by block of users × items."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from recsys_cli.kernels.negatives import draw_negatives, mix
from recsys_cli.kernels.vectors import LANES, dot, dot_gap, fetch, prefer

#: How many pairs before its turn a user's row is asked for.
_AHEAD = 4
#: Pairs whose losses are multiplied before one logarithm, and the most that each can be: together
#: they stay within float64.
_FACTORS, _MOST = 16, 40.0


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _update(
    u: int,
    i: int,
    j: int,
    p: NDArray[np.float32],
    q: NDArray[np.float32],
    b: NDArray[np.float32],
    lr: np.float32,
    reg: NDArray[np.float32],
) -> np.float32:
    """Learn that user u prefers item i to j; return the x before."""
    x: np.float32 = b[i] - b[j] + dot_gap(p, u, q, i, q, j)
    one = np.float32(1)
    step, keep = lr / (one + math.exp(x)), one - lr * reg[2]
    b[i] = keep * b[i] + step
    b[j] = keep * b[j] - step
    prefer(p, u, q, i, q, j, one - lr * reg[0], one - lr * reg[1], step)
    return x


@njit(cache=True, nogil=True, error_model="numpy")
def _learn(
    first: int,
    last: int,
    users: NDArray[np.int32],
    items: NDArray[np.int32],
    drawn: NDArray[np.int32],
    p: NDArray[np.float32],
    q: NDArray[np.float32],
    b: NDArray[np.float32],
    lr: np.float32,
    reg: NDArray[np.float32],
) -> tuple[float, int]:
    """Learn a pair for each interaction that has a negative; return the sum of losses, and pairs.

    Losses ``log(1 + exp(-x))`` add up as the logarithm of a product, taken every few pairs.
    """
    total, product, pairs = 0.0, 1.0, 0
    for n in range(first, last):
        ahead = min(n + _AHEAD, last - 1)
        if users[ahead] != users[ahead - 1]:
            fetch(p, users[ahead])
        u, j = users[n], drawn[n - first, 0]
        highest = np.float32(-np.inf)
        for c in range(drawn.shape[1] if drawn.shape[1] > 1 else 0):
            other = drawn[n - first, c]
            score = b[other] + dot(p, u, q, other) if other >= 0 else highest
            if score > highest:
                j, highest = other, score
        if j < 0:
            continue
        x = np.float64(_update(u, items[n], j, p, q, b, lr, reg))
        pairs += 1
        if x < -_MOST:
            total -= x
        else:
            product *= 1.0 + math.exp(-x)
        if pairs % _FACTORS == 0:
            total, product = total + math.log(product), 1.0
    return total + math.log(product), pairs


@njit(cache=True, nogil=True, error_model="numpy")
def bpr(
    start: int,
    stop: int,
    diagonal: int,
    key: np.uint64,
    bounds: NDArray[np.int64],
    users: NDArray[np.int32],
    items: NDArray[np.int32],
    members: NDArray[np.int32],
    member_bounds: NDArray[np.int64],
    place: NDArray[np.int32],
    mass: NDArray[np.float64],
    candidates: int,
    p: NDArray[np.float32],
    q: NDArray[np.float32],
    b: NDArray[np.float32],
    lr: np.float32,
    reg: NDArray[np.float32],
    loss: NDArray[np.float64],
) -> None:
    """Update factors and biases in place by the blocks of user groups ``start`` to ``stop``.

    A block learns one pair for each of its interactions: that one, and an item of its item group
    that the user has not interacted with: the one of highest score among ``candidates`` drawn, or
    the first of those. Where 8 draws a candidate find none, the pair is left out.

    Parameters
    ----------
    diagonal : int
        User group g meets item group ``(g + diagonal) % groups``; such blocks may run at once.
    key : int
        Names the stream of random numbers; each block has its own within it.
    bounds, users, items
        The interactions block by block and user by user, as ``deal`` left them.
    members, member_bounds
        The items group by group, and where each group begins and ends.
    place : (n_items,)
        Where an item stands in its group, from 0.
    mass : (n_items + 1,) or (0,)
        Running sum, along ``members`` from 0, of the weights by which negatives are drawn; empty
        draws them evenly.
    candidates : int
        At least 1.
    p, q : (n_users, f), (n_items, f)
        f is a multiple of 16.
    reg : (3,)
        L2 weight of user factors, item factors and item biases, a pair.
    loss : (groups, groups, 2)
        Receives each block's sum of ``-log sigmoid`` before the updates, and its number of pairs.
    """
    if p.shape[1] % LANES or q.shape[1] != p.shape[1]:
        raise ValueError("rows of factors must be padded to one multiple of 16")
    groups = len(loss)
    for g in range(start, stop):
        h = (g + diagonal) % groups
        first, last = bounds[g, h], bounds[g, h + 1]
        drawn = np.empty((last - first, candidates), np.int32)
        stream = mix(key + np.uint64(g * groups + h))
        among = (member_bounds[h], member_bounds[h + 1], members, mass)
        draw_negatives(first, last, users, items, place, stream, *among, drawn)
        loss[g, h, 0], loss[g, h, 1] = _learn(first, last, users, items, drawn, p, q, b, lr, reg)
