"""Stochastic gradient descent: a random start, and the same bits at any number of threads.

Users and items fall into random groups. A block is one user group × one item group; the blocks of a
diagonal share neither user nor item, so each writes rows that no other touches, and they may run in
any order on any thread (Gemulla et al., Large-scale matrix factorization with distributed
stochastic gradient descent, KDD 2011).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from recsys_cli import threads
from recsys_cli.data import Bool, Float32, Int32
from recsys_cli.models._padded import CACHE_LINE

_LEAST_GROUPS, _MOST_GROUPS = 8, 1024
_ROWS_A_DIAGONAL = 20_000
_LEAST_MEMBERS = 16
#: Bytes of item rows that a core keeps near, of the 512 KiB or more that it has to itself.
_NEAR = 384 << 10


def random_factors(warm: Bool, factors: int, std: float, rng: np.random.Generator) -> Float32:
    """Return normal factors of standard deviation ``std``, float32 (n, factors); 0 where cold."""
    start = rng.standard_normal((len(warm), factors), np.float32)
    return np.where(warm[:, None], start * np.float32(std), np.float32(0))


def spread_zeros(n: int) -> Float32:
    """Return zeros (n,), one a cache line: threads that write neighbours do not slow each other."""
    return np.zeros((n, CACHE_LINE // 4), np.float32)[:, 0]


def group_count(n: int, n_users: int, n_items: int, factors: int) -> int:
    """Return the number of groups for ``n`` interactions.

    8, or as many as it takes for the rows of an item group to stay near the core (those of users
    come one after the other); fewer where blocks would be small: a diagonal must be worth starting
    threads for, and negatives need items to choose from.
    """
    near = n_items * (4 * factors + CACHE_LINE) // _NEAR
    members = min(n_users, n_items) // _LEAST_MEMBERS
    wanted = min(max(_LEAST_GROUPS, near), _MOST_GROUPS)
    return max(1, min(wanted, n // _ROWS_A_DIAGONAL, members))


def random_groups(n: int, groups: int, rng: np.random.Generator) -> Int32:
    """Return the group of each of ``n`` users or items, int32 (n,): random, sizes differ by 1."""
    return (rng.permutation(n) % groups).astype(np.int32)


def sweep(work: Callable[[int, int, int], None], groups: int, rng: np.random.Generator) -> None:
    """Run every block once, diagonal after diagonal in random order.

    Parameters
    ----------
    work : callable
        ``work(start, stop, diagonal)`` runs the blocks of user groups ``start`` to ``stop``.
    """
    for diagonal in rng.permutation(groups).tolist():
        part = partial(_swapped, work, diagonal)
        threads.map_blocks(part, groups, -(-groups // threads.count()))


def _swapped(work: Callable[[int, int, int], None], diagonal: int, start: int, stop: int) -> None:
    work(start, stop, diagonal)
