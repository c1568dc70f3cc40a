"""How much the jackknife overstates the variance of what is counted in lists.

What two users do to a value together, beyond what each of them does alone, is in the variance once
and in the jackknife's twice. It is measured on pairs of users and taken off. Where lists are much
alike, or all draw from the same items, it is most of the variance.

References
----------
Efron and Stein, "The jackknife estimate of variance", Annals of Statistics 9(3), 1981. Efron, "The
jackknife, the bootstrap and other resampling plans", SIAM 1982, chapter 4 (the correction).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from recsys_cli.data import Float64, Int64
from recsys_cli.metrics._ranked import Ranked
from recsys_cli.seeding import generator

#: Up to as many pairs of users are looked at; all of them, or drawn ones.
PAIRS = 4096
_SEED = 0
#: Numbers in a block of pairs × items × items.
_CELLS = 1 << 22
#: The value without some lists: from the number of lists that each item taken out is in, at the
#: time it is taken out, int64 (p, n), 0 for nothing to take out.
Without = Callable[[Int64], Float64]


def jackknife_scale(
    ranked: Ranked, k: int, falls: Float64, total: float, without: Without
) -> float:
    """Return what the jackknife's standard error is off by.

    Parameters
    ----------
    ranked : Ranked
    k : int
    falls : ndarray of float64, shape (u,)
        By how much the value falls without each user.
    total : float
        The value.
    without : callable
    """
    users = len(falls)
    variance = (users - 1) * float(np.var(falls))
    if users < 3 or variance <= 0:
        return 1.0
    first, second = _pairs(users)
    left = np.concatenate([without(levels) for levels in _levels(ranked, k, first, second)])
    alone = 2 * total - falls[first] - falls[second]
    together = users * total - (users - 1) * alone + (users - 2) * left
    # Without effects of three users and more, the variance is at least half the jackknife's.
    share = max(0.5, 1 - float(np.var(together)) / 2 / variance)
    return float(np.sqrt(share))


def ties(levels: Int64) -> Int64:
    """Return the ordered pairs of equal numbers of each row, each with itself too; 0 is none."""
    ordered = np.sort(levels, axis=1)
    at = np.broadcast_to(np.arange(ordered.shape[1]), ordered.shape)
    new = np.ones(ordered.shape, bool)
    new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    start = np.maximum.accumulate(np.where(new, at, 0), axis=1)
    # n equal numbers make n² = 1 + 3 + 5 + … pairs.
    return np.asarray(np.where(ordered > 0, 2 * (at - start) + 1, 0).sum(axis=1))


def _pairs(users: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return who is first and who is second in each pair of two users."""
    if users * (users - 1) // 2 <= PAIRS:
        return np.triu_indices(users, 1)
    rng = generator(_SEED, "pairs of users")
    first = rng.integers(0, users, PAIRS)
    return first, (first + rng.integers(1, users, PAIRS)) % users


def _levels(
    ranked: Ranked, k: int, first: NDArray[np.intp], second: NDArray[np.intp]
) -> list[Int64]:
    """Return, block by block, how many lists have each item of two lists as these are taken out."""
    return ranked.once(("levels of pairs", k), lambda: _found(ranked, k, first, second))


def _found(
    ranked: Ranked, k: int, first: NDArray[np.intp], second: NDArray[np.intp]
) -> list[Int64]:
    lists, items = np.append(ranked.item_lists(k), 0), ranked.items[:, :k]
    size, blocks = max(1, _CELLS // items.shape[1] ** 2), []
    for at in range(0, len(first), size):
        one, other = items[first[at : at + size]], items[second[at : at + size]]
        # What the first list has was in one list less once the second is taken out.
        again = (other[:, :, None] == one[:, None, :]).any(axis=2) & (other >= 0)
        blocks.append(np.concatenate([lists[one], lists[other] - again], axis=1))
    return blocks
