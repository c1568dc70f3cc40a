"""How much the number of distinct items in the lists of all users varies with the users.

The jackknife counts the items that only one list has. Many of those would be found by other users
too if the users were drawn anew, so its variance is too large (Efron and Stein). Under lists that
are independent of one another, item j is absent with a probability a_j; then
``Σ a_j (1 - a_j)``, the variance for items that do not go together, is what a second sample of as
many users would add to the distinct items. Good and Toulmin estimate it by the items in one list,
less those in two, plus those in three …; items that go together do the same in groups, the items
that are in exactly the same lists. The sum is smoothed as Efron and Thisted do, down to the items
in at most three lists, for the later terms are small and their noise is not.

References
----------
Good and Toulmin, "The number of new species, and the increase in population coverage, when a sample
is increased", Biometrika 43, 1956. Efron and Thisted, "Estimating the number of unseen species: how
many words did Shakespeare know?", Biometrika 63, 1976. Efron and Stein, "The jackknife estimate of
variance", Annals of Statistics 9(3), 1981.
"""

from __future__ import annotations

import numpy as np

from recsys_cli.data import Bool, Int32, Int64

#: Of the items in one list, in two and in three: 1, -P(B ≥ 1), P(B ≥ 2) of B two coins' heads.
_WEIGHTS = (1.0, -0.75, 0.25)


def jackknife_scale(items: Int32, counted: Bool, lists: Int64) -> float:
    """Return what the jackknife's standard error of the number of distinct items is off by.

    Parameters
    ----------
    items : ndarray of int32, shape (u, k)
        The lists; -1 where there is no item.
    counted : ndarray of bool, shape (n_items,)
        The items that are counted at all.
    lists : ndarray of int64, shape (n_items,)
        In how many lists each item is.
    """
    few = counted & (lists > 0) & (lists <= len(_WEIGHTS))
    row, place = np.nonzero((items >= 0) & few[items])
    item = items[row, place]
    sums = [_together(row, item, lists[item] == n, n) for n in range(1, len(_WEIGHTS) + 1)]
    alone, twice = sums[0], sums[1]
    centre = np.count_nonzero(counted & (lists == 1)) ** 2 / max(1, len(items))
    jackknife = alone - centre
    if jackknife <= 0:
        return 1.0
    if twice < alone:
        found = float(np.dot(_WEIGHTS, sums)) - centre
    else:
        # Almost every item was found: what is exact for exponential rates cannot turn negative.
        found = alone * alone / (alone + twice) - centre
    # Lists of one length that draw all items alike vary by no less than this.
    least = jackknife * alone / (alone + twice) / 2
    return float(np.sqrt(max(found, least) / jackknife))


def _together(row: Int64, item: Int32, wanted: Bool, lists: int) -> int:
    """Return the sum of squares of the sizes of groups: items that are in just the same lists.

    Parameters
    ----------
    row : ndarray of int64, shape (n,)
        A list, ascending, and ``item`` one of its items.
    wanted : ndarray of bool, shape (n,)
        The rows to look at: those of items that are in as many lists as ``lists`` says.
    """
    # Rows ascend, and a stable sort by item keeps that: each item's lists stand in one row.
    users = row[wanted][np.argsort(item[wanted], kind="stable")].reshape(-1, lists)
    _, sizes = np.unique(users, axis=0, return_counts=True)
    return int(np.square(sizes).sum())
