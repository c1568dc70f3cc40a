"""The variance of the number of distinct items, against a slow reading of its formula."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from recsys_cli.metrics._distinct import jackknife_scale


def scale(lists: list[list[int]], n_items: int) -> float:
    depth = max(map(len, lists))
    items = np.full((len(lists), depth), -1, np.int32)
    for row, found in enumerate(lists):
        items[row, : len(found)] = found
    counts = np.bincount(items[items >= 0], minlength=n_items)
    return jackknife_scale(items, np.ones(n_items, bool), counts)


def slowly(lists: list[list[int]]) -> float:
    holders: dict[int, tuple[int, ...]] = {}
    for user, found in enumerate(lists):
        for item in found:
            holders[item] = (*holders.get(item, ()), user)
    sums = [0.0] * 4
    for users, size in Counter(holders.values()).items():
        if len(users) <= 3:
            sums[len(users)] += size**2
    alone = sum(len(users) == 1 for users in holders.values())
    centre = alone**2 / len(lists)
    found = sums[1] - 0.75 * sums[2] + 0.25 * sums[3] - centre
    return float(np.sqrt(found / (sums[1] - centre)))


def test_it_is_the_smoothed_alternating_sum():
    rng = np.random.default_rng(5)
    weight = 1.0 / np.arange(1, 201)
    lists = [rng.choice(200, 5, replace=False, p=weight / weight.sum()).tolist() for _ in range(60)]
    lists[7] = lists[7][:2]
    assert scale(lists, 200) == pytest.approx(slowly(lists), rel=1e-12)
    assert 0.5 < scale(lists, 200) < 1.0


def test_where_no_list_is_alone_with_an_item_nothing_is_scaled():
    assert scale([[0, 1], [1, 0], [0, 1]], 5) == 1.0
    assert scale([[0, 1], [2, 3], [4, 5]], 6) == 1.0


def test_items_that_are_not_counted_play_no_part():
    items = np.array([[0, 1], [0, 2], [3, 4], [3, 9]], np.int32)
    counts, counted = np.bincount(items.ravel(), minlength=10), np.ones(10, bool)
    counted[9] = False
    without = np.where(items == 9, -1, items)
    other = np.bincount(without[without >= 0], minlength=10)
    expected = jackknife_scale(without, np.ones(10, bool), other)
    assert jackknife_scale(items, counted, counts) == expected


def test_almost_every_item_found_still_has_a_width():
    rng = np.random.default_rng(6)
    lists = [rng.choice(120, 5, replace=False).tolist() for _ in range(100)]
    assert 0.3 < scale(lists, 120) < 0.8
