"""Interactions dealt into blocks of users × items, which learn one after another or at once."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


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
