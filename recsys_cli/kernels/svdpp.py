"""Stochastic gradient descent on ratings with an implicit term, and with time: user by user.

A user's implicit sum ``z = |N(u)|**-½ Σ_{j in N(u)} y_j`` is computed once, when the user's turn
comes. A step of one rating would move each ``y_j`` by ``lr |N(u)|**-½ e q_i``, so it moves z by
``lr e q_i``, as if z were a second factor of the user: the steps move z alone, and what z has moved
is shared out to the ``y_j`` once, after the user's last rating. An update costs O(f), whatever the
size of N(u).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

_FLOAT = {"reassoc", "contract", "nsz"}
_ONE = np.float32(1)


class Ratings(NamedTuple):
    """The ratings user by user, and the distinct items of each user.

    ``indptr`` int64 (n_users + 1,); by rating: ``items`` int32, ``values`` float32 less the mean,
    ``weights`` float32, ``deviation`` float32 (the user's time less the user's mean time, scaled)
    and ``slots`` int32 (n, s), which of the ``extra`` biases the rating has.
    ``seen_indptr`` int64 (n_users + 1,), ``seen_items`` int32: N(u).
    """

    indptr: NDArray[np.int64]
    items: NDArray[np.int32]
    values: NDArray[np.float32]
    weights: NDArray[np.float32]
    deviation: NDArray[np.float32]
    slots: NDArray[np.int32]
    seen_indptr: NDArray[np.int64]
    seen_items: NDArray[np.int32]


class Learned(NamedTuple):
    """What is learned, float32: factors (rows, f), biases (rows,).

    ``drift`` (n_users, f + 1) is what a unit of deviation adds to a user's factors and, in the last
    column, bias; (n_users, 0) where nothing drifts.
    """

    p: NDArray[np.float32]
    q: NDArray[np.float32]
    y: NDArray[np.float32]
    b_user: NDArray[np.float32]
    b_item: NDArray[np.float32]
    drift: NDArray[np.float32]
    extra: NDArray[np.float32]


class Holds(NamedTuple):
    """L2 weight a rating, float32, by row of what is learned; ``y``: a user that has the item."""

    p: NDArray[np.float32]
    q: NDArray[np.float32]
    y: NDArray[np.float32]
    b_user: NDArray[np.float32]
    b_item: NDArray[np.float32]
    drift: NDArray[np.float32]
    b_drift: NDArray[np.float32]
    extra: NDArray[np.float32]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FLOAT)
def _implicit_sum(
    u: int,
    indptr: NDArray[np.int64],
    items: NDArray[np.int32],
    y: NDArray[np.float32],
    z: NDArray[np.float32],
) -> None:
    """Write a user's implicit sum into ``z``."""
    z[:] = 0
    for at in range(indptr[u], indptr[u + 1]):
        j = items[at]
        for f in range(len(z)):
            z[f] += y[j, f]
    norm = _ONE / np.sqrt(np.float32(max(indptr[u + 1] - indptr[u], 1)))
    for f in range(len(z)):
        z[f] *= norm


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FLOAT)
def _share(
    u: int,
    indptr: NDArray[np.int64],
    items: NDArray[np.int32],
    y: NDArray[np.float32],
    z: NDArray[np.float32],
    before: NDArray[np.float32],
    hold: NDArray[np.float32],
    lr: np.float32,
) -> None:
    """Share out to the user's ``y_j`` how far z moved, and shrink them."""
    norm = _ONE / np.sqrt(np.float32(indptr[u + 1] - indptr[u]))
    for at in range(indptr[u], indptr[u + 1]):
        j = items[at]
        keep = _ONE / (_ONE + lr * hold[j])
        for f in range(len(z)):
            y[j, f] = keep * (y[j, f] + norm * (z[f] - before[f]))


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FLOAT)
def _drifted(u: int, i: int, drift: NDArray[np.float32], q: NDArray[np.float32]) -> np.float32:
    """Return what a unit of deviation adds to the rating."""
    moved = drift[u, q.shape[1]]
    for f in range(q.shape[1]):
        moved += drift[u, f] * q[i, f]
    return np.float32(moved)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FLOAT)
def _drift_on(
    u: int,
    i: int,
    drift: NDArray[np.float32],
    q: NDArray[np.float32],
    past: NDArray[np.float32],
    time: np.float32,
    step: np.float32,
    keep: np.float32,
    keep_bias: np.float32,
) -> None:
    """Move a user's drift by one rating; leave in ``past`` what it added to the factors."""
    bias = q.shape[1]
    drift[u, bias] = keep_bias * (drift[u, bias] + step * time)
    for f in range(bias):
        past[f] = time * drift[u, f]
        drift[u, f] = keep * (drift[u, f] + step * time * q[i, f])


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FLOAT)
def _steady(
    weight: np.float32,
    lr: np.float32,
    biases: int,
    u: int,
    i: int,
    time: np.float32,
    now: Learned,
    z: NDArray[np.float32],
) -> np.float32:
    """Return the weight of a step that no weight can make overshoot, as in ``kernels.sgd``.

    ``biases`` is how many the rating has, the one that drifts not counted.
    """
    if weight <= _ONE:
        return weight
    drifts = now.drift.shape[1] > 0
    squared_time = time * time if drifts else np.float32(0)
    slope = np.float32(biases) + squared_time
    for f in range(len(z)):
        user, item = now.p[u, f] + z[f], now.q[i, f]
        if drifts:
            user += time * now.drift[u, f]
        slope += user * user + (_ONE + _ONE + squared_time) * item * item
    return weight / (_ONE + lr * (weight - _ONE) * slope)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FLOAT)
def svdpp(
    order: NDArray[np.int64], data: Ratings, now: Learned, hold: Holds, lr: np.float32
) -> float:
    """Learn in place from all ratings of the users in ``order``; return Σ w e², each e from before.

    Every user in ``order`` has a rating.
    """
    indptr, items, values, weights, deviation, slots, seen_indptr, seen_items = data
    p, q, y, b_user, b_item, drift, extra = now
    hold_p, hold_q, hold_y, hold_b_user, hold_b_item, hold_drift, hold_b_drift, hold_extra = hold
    z, before = np.empty(p.shape[1], np.float32), np.empty(p.shape[1], np.float32)
    past = np.zeros(p.shape[1], np.float32)
    total = 0.0
    for u in order:
        _implicit_sum(u, seen_indptr, seen_items, y, z)
        before[:] = z
        keep_p = _ONE / (_ONE + lr * hold_p[u])
        for n in range(indptr[u], indptr[u + 1]):
            i, time = items[n], deviation[n]
            error = values[n] - b_user[u] - b_item[i]
            for s in range(slots.shape[1]):
                error -= extra[slots[n, s]]
            for f in range(len(z)):
                error -= (p[u, f] + z[f]) * q[i, f]
            if drift.shape[1]:
                error -= time * _drifted(u, i, drift, q)
            total += weights[n] * error * error
            step = lr * _steady(weights[n], lr, 2 + slots.shape[1], u, i, time, now, z) * error
            b_user[u] = (b_user[u] + step) / (_ONE + lr * hold_b_user[u])
            b_item[i] = (b_item[i] + step) / (_ONE + lr * hold_b_item[i])
            for s in range(slots.shape[1]):
                at = slots[n, s]
                extra[at] = (extra[at] + step) / (_ONE + lr * hold_extra[at])
            if drift.shape[1]:
                keep = _ONE / (_ONE + lr * hold_drift[u])
                keep_bias = _ONE / (_ONE + lr * hold_b_drift[u])
                _drift_on(u, i, drift, q, past, time, step, keep, keep_bias)
            keep_q = _ONE / (_ONE + lr * hold_q[i])
            for f in range(len(z)):
                old, old_q = p[u, f] + z[f] + past[f], q[i, f]
                p[u, f] = keep_p * (p[u, f] + step * old_q)
                z[f] += step * old_q
                q[i, f] = keep_q * (old_q + step * old)
        _share(u, seen_indptr, seen_items, y, z, before, hold_y, lr)
    return total


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FLOAT)
def implicit_sums(
    start: int,
    stop: int,
    indptr: NDArray[np.int64],
    items: NDArray[np.int32],
    y: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Write the implicit sums of the users ``start`` to ``stop`` into ``out`` (n_users, f)."""
    for u in range(start, stop):
        _implicit_sum(u, indptr, items, y, out[u])
