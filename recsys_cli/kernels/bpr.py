"""Bayesian personalised ranking: pairs sampled and learned block by block of users × items."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

_FLOAT = {"reassoc", "contract", "nsz"}
_TRIES = 8


@njit(cache=True, nogil=True, error_model="numpy")
def deal(
    start: int,
    stop: int,
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    members: NDArray[np.int32],
    member_bounds: NDArray[np.int64],
    item_group: NDArray[np.int32],
    bounds: NDArray[np.int64],
    users: NDArray[np.int32],
    items: NDArray[np.int32],
) -> None:
    """Write the interactions of user groups ``start`` to ``stop`` block by block.

    Parameters
    ----------
    indptr, indices
        The interactions by user.
    members, member_bounds
        The users group by group, and where each group begins and ends.
    bounds : (groups, groups + 1)
        ``bounds[g, 0]`` is where user group g begins; the bounds of its blocks are filled in.
    users, items : (n,)
        Receive the interactions.
    """
    groups = len(bounds)
    for g in range(start, stop):
        at = np.zeros(groups + 1, np.int64)
        for m in range(member_bounds[g], member_bounds[g + 1]):
            for n in range(indptr[members[m]], indptr[members[m] + 1]):
                at[item_group[indices[n]] + 1] += 1
        for h in range(groups):
            at[h + 1] += at[h]
            bounds[g, h + 1] = bounds[g, 0] + at[h + 1]
        for m in range(member_bounds[g], member_bounds[g + 1]):
            for n in range(indptr[members[m]], indptr[members[m] + 1]):
                h = item_group[indices[n]]
                users[bounds[g, 0] + at[h]] = members[m]
                items[bounds[g, 0] + at[h]] = indices[n]
                at[h] += 1


@njit(cache=True, nogil=True, error_model="numpy")
def _mix(x: np.uint64) -> np.uint64:
    """Hash a counter (the finaliser of SplitMix64: Steele, Lea and Flood, OOPSLA 2014)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: np.uint64 = x ^ (x >> np.uint64(31))
    return mixed


@njit(cache=True, nogil=True, error_model="numpy")
def _draw(key: np.uint64, counter: int) -> np.uint64:
    """Return 32 random bits, the ``counter``-th of the stream ``key``."""
    mixed: np.uint64 = _mix(key + np.uint64(counter) * np.uint64(0x9E3779B97F4A7C15))
    return mixed >> np.uint64(32)


@njit(cache=True, nogil=True, error_model="numpy")
def _below(bits: np.uint64, n: int) -> int:
    """Return 32 random bits as a number of 0 … n - 1."""
    return int((bits * np.uint64(n)) >> np.uint64(32))


@njit(cache=True, nogil=True, error_model="numpy")
def _contains(indices: NDArray[np.int32], start: int, stop: int, item: int) -> bool:
    """Say whether ascending ``indices[start:stop]`` hold ``item``, branching little."""
    length = stop - start
    while length > 1:
        half = length >> 1
        start += half if indices[start + half] <= item else 0
        length -= half
    return length == 1 and indices[start] == item


@njit(cache=True, nogil=True, error_model="numpy")
def _negative(
    bits: np.uint64, low: int, high: int, members: NDArray[np.int32], mass: NDArray[np.float64]
) -> int:
    """Return one of ``members[low:high]``: evenly if ``mass`` is empty, else by its weight.

    ``mass[m]`` is the sum of the weights of the members before ``m``.
    """
    if len(mass) == 0:
        evenly: int = members[low + _below(bits, high - low)]
        return evenly
    target = mass[low] + (mass[high] - mass[low]) * (np.float64(bits) / 4294967296.0)
    high -= 1
    while low < high:
        middle = (low + high + 1) >> 1
        if mass[middle] <= target:
            low = middle
        else:
            high = middle - 1
    weighted: int = members[low]
    return weighted


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FLOAT)
def _score(
    u: int, j: int, p: NDArray[np.float32], q: NDArray[np.float32], b: NDArray[np.float32]
) -> np.float32:
    user, item, score = p[u], q[j], b[j]
    for f in range(len(user)):
        score += user[f] * item[f]
    found: np.float32 = score
    return found


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FLOAT)
def _update(
    u: int,
    i: int,
    j: int,
    p: NDArray[np.float32],
    q: NDArray[np.float32],
    b: NDArray[np.float32],
    lr: np.float32,
    reg: NDArray[np.float32],
) -> float:
    """Learn that user u prefers item i to j; return the loss before, ``-log sigmoid(x)``."""
    user, item, other = p[u], q[i], q[j]
    x = b[i] - b[j]
    for f in range(len(user)):
        x += user[f] * (item[f] - other[f])
    above = 1.0 + math.exp(x)
    step, one = lr * np.float32(1.0 / above), np.float32(1)
    b[i] = (one - lr * reg[2]) * b[i] + step
    b[j] = (one - lr * reg[2]) * b[j] - step
    keep_u, keep_i = one - lr * reg[0], one - lr * reg[1]
    for f in range(len(user)):
        old, gap = user[f], item[f] - other[f]
        user[f] = keep_u * old + step * gap
        item[f] = keep_i * item[f] + step * old
        other[f] = keep_i * other[f] - step * old
    loss: float = math.log(above) - x
    return loss


@njit(cache=True, nogil=True, error_model="numpy")
def bpr(
    start: int,
    stop: int,
    diagonal: int,
    key: np.uint64,
    bounds: NDArray[np.int64],
    users: NDArray[np.int32],
    items: NDArray[np.int32],
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    members: NDArray[np.int32],
    member_bounds: NDArray[np.int64],
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

    A block draws as many pairs as it holds interactions: one of them, with replacement, and an item
    of its item group that the user has not interacted with: the one of highest score among
    ``candidates`` drawn, or the first of those. Where 8 draws a candidate find none, the pair is
    left out.

    Parameters
    ----------
    diagonal : int
        User group g meets item group ``(g + diagonal) % groups``; such blocks may run at once.
    key : int
        Names the stream of random numbers; each block has its own within it.
    bounds, users, items
        The interactions block by block, as :func:`deal` left them.
    indptr, indices
        The interactions by user, ascending within each.
    members, member_bounds
        The items group by group, and where each group begins and ends.
    mass : (n_items + 1,) or (0,)
        Running sum, along ``members`` from 0, of the weights by which negatives are drawn; empty
        draws them evenly.
    candidates : int
        At least 1.
    reg : (3,)
        L2 weight of user factors, item factors and item biases, a pair.
    loss : (groups, groups, 2)
        Receives each block's sum of ``-log sigmoid`` before the updates, and its number of pairs.
    """
    groups, tries = len(loss), _TRIES * candidates
    for g in range(start, stop):
        h = (g + diagonal) % groups
        first, count = bounds[g, h], bounds[g, h + 1] - bounds[g, h]
        low, high = member_bounds[h], member_bounds[h + 1]
        stream = _mix(key + np.uint64(g * groups + h))
        total, pairs = 0.0, 0
        for n in range(count):
            counter = n * (tries + 1)
            drawn = first + _below(_draw(stream, counter), count)
            u, i = users[drawn], items[drawn]
            best, highest, found = -1, np.float32(-np.inf), 0
            for t in range(1, tries + 1):
                j = _negative(_draw(stream, counter + t), low, high, members, mass)
                if _contains(indices, indptr[u], indptr[u + 1], j):
                    continue
                found += 1
                score = _score(u, j, p, q, b) if candidates > 1 else np.float32(0)
                if score > highest:
                    best, highest = j, score
                if found == candidates:
                    break
            if best >= 0:
                total += _update(u, i, best, p, q, b, lr, reg)
                pairs += 1
        loss[g, h, 0], loss[g, h, 1] = total, pairs
