"""Elastic net for one column of an item × item matrix: coordinate descent on the Gramian.

A tuple of arrays stands for a sparse matrix: ``(indptr, indices, data)``. The Gramian G = XᵀX is
``(gram, slot, diagonal)``: row i is ``gram[slot[i]]``, or taken from X where ``slot[i]`` is -1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

#: Weights that a round adds at least, if so many break the optimality conditions.
_LEAST = 32
#: Bounds on passes over the working set in a round, and on rounds; neither is met in practice.
_PASSES, _ROUNDS = 10_000, 1_000
_OPTIONS = {"contract"}


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_OPTIONS)
def _subtract(item: int, scale: float, by_item: Any, by_user: Any, gramian: Any, out: Any) -> None:
    """Lower ``out`` by ``scale`` times row ``item`` of the Gramian."""
    gram, slot = gramian[0], gramian[1]
    if slot[item] >= 0:
        row = gram[slot[item]]
        for i in range(len(out)):
            out[i] -= scale * row[i]
        return
    for at in range(by_item[0][item], by_item[0][item + 1]):
        user, share = by_item[1][at], scale * by_item[2][at]
        for to in range(by_user[0][user], by_user[0][user + 1]):
            out[by_user[1][to]] -= share * by_user[2][to]


@njit(cache=True, nogil=True, error_model="numpy")
def _square(active: Any, place: Any, by_item: Any, by_user: Any, gramian: Any) -> Any:
    """Return the Gramian of the active items; ``place`` is each item's position or -1."""
    gram, slot = gramian[0], gramian[1]
    size = len(active)
    square = np.zeros((size, size))
    for a in range(size):
        item, row = active[a], square[a]
        if slot[item] >= 0:
            stored = gram[slot[item]]
            for b in range(size):
                row[b] = stored[active[b]]
            continue
        for at in range(by_item[0][item], by_item[0][item + 1]):
            user, share = by_item[1][at], by_item[2][at]
            for to in range(by_user[0][user], by_user[0][user + 1]):
                b = place[by_user[1][to]]
                if b >= 0:
                    row[b] += share * by_user[2][to]
    return square


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_OPTIONS)
def _descend(square: Any, slope: Any, w: Any, l1: float, l2: float, sign: bool, tol: float) -> None:
    """Minimise over the working set, one weight after the other, until none moves by ``tol``.

    ``slope`` is G_j - G w of the working set, kept up to date; ``sign``: weights may be negative.
    """
    for _ in range(_PASSES):
        largest = 0.0
        for a in range(len(w)):
            whole = slope[a] + square[a, a] * w[a]
            new = max(whole - l1, 0.0)
            if sign:
                new += min(whole + l1, 0.0)
            change = new / (square[a, a] + l2) - w[a]
            if change != 0.0:
                w[a] += change
                row = square[a]
                for b in range(len(w)):
                    slope[b] -= change * row[b]
                largest = max(largest, abs(change))
        if largest <= tol:
            return


@njit(cache=True, nogil=True, error_model="numpy")
def _working_set(
    slope: Any, w: Any, allowed: Any, diagonal: Any, l1: float, l2: float, sign: bool, tol: float
) -> Any:
    """Return the items with a weight and as many others that would move most; empty when solved."""
    n = len(w)
    moves, kept = np.zeros(n), 0
    for i in range(n):
        if w[i] != 0.0:
            kept += 1
        elif allowed[i]:
            size = abs(slope[i]) if sign else slope[i]
            move = (size - l1) / (diagonal[i] + l2)
            if move > tol:
                moves[i] = move
    others = np.flatnonzero(moves)
    if len(others) == 0:
        return others
    most = max(kept, _LEAST)
    if len(others) > most:
        bar = np.partition(moves[others], len(others) - most)[len(others) - most]
        others = np.flatnonzero(moves >= bar)
    return np.sort(np.concatenate((np.flatnonzero(w), others)))


@njit(cache=True, nogil=True, error_model="numpy")
def _nearest(slope: Any, diagonal: Any, neighbours: int, allowed: Any) -> None:
    """Allow only the items of the largest cosine with the column; ties with the last stay."""
    cosine = np.zeros(len(slope))
    for i in range(len(slope)):
        if allowed[i]:
            cosine[i] = slope[i] / np.sqrt(diagonal[i])
    bar = np.partition(cosine, len(cosine) - neighbours)[len(cosine) - neighbours]
    for i in range(len(slope)):
        allowed[i] = allowed[i] and cosine[i] >= bar


@njit(cache=True, nogil=True, error_model="numpy")
def solve_column(
    j: int,
    by_item: tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]],
    by_user: tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]],
    gramian: tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.float64]],
    l1: float,
    l2: float,
    negative: bool,
    neighbours: int,
    tol: float,
    w: NDArray[np.float64],
) -> float:
    """Fill ``w`` with column j of the weights; return its objective.

    Minimises ``½ |x_j - X w|² + l1 |w|₁ + ½ l2 |w|²`` with ``w_j = 0``. Rounds of coordinate
    descent on a working set, which grows by the items that break the optimality conditions most.

    Parameters
    ----------
    j : int
    by_item, by_user : sparse Xᵀ and X, as tuples
    gramian : (gram, slot, diagonal)
        Float32 (m, n), int32 (n,) and float64 (n,).
    l1, l2 : float
    negative : bool
        Whether weights may be negative.
    neighbours : int
        Only so many items, by cosine with j, may have a weight; n for all.
    tol : float
        Solved when no weight would move by more.
    w : ndarray of float64, shape (n,)
    """
    n, diagonal = len(w), gramian[2]
    slope, place = np.zeros(n), np.full(n, -1, np.int32)
    _subtract(j, -1.0, by_item, by_user, gramian, slope)
    whole = slope.copy()
    allowed = diagonal > 0
    allowed[j] = False
    if neighbours < n:
        _nearest(slope, diagonal, neighbours, allowed)
    w[:] = 0
    for _ in range(_ROUNDS):
        active = _working_set(slope, w, allowed, diagonal, l1, l2, negative, tol)
        if len(active) == 0:
            break
        for a in range(len(active)):
            place[active[a]] = a
        square = _square(active, place, by_item, by_user, gramian)
        before = w[active]
        after = before.copy()
        _descend(square, slope[active], after, l1, l2, negative, tol)
        for a in range(len(active)):
            item = active[a]
            place[item], w[item] = -1, after[a]
            if after[a] != before[a]:
                _subtract(item, after[a] - before[a], by_item, by_user, gramian, slope)
    total = diagonal[j]
    for i in range(n):
        total += w[i] * (l2 * w[i] - whole[i] - slope[i]) + 2 * l1 * abs(w[i])
    return float(total / 2)
