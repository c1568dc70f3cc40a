from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys_cli.splitters import _draw
from recsys_cli.splitters.leave_last import LeaveLast
from tests.splitters.conftest import dataset, datasets, rng


@given(data=datasets(), n=st.integers(1, 4), validation=st.integers(0, 3))
def test_each_part_of_a_user_is_later_than_the_one_before(data, n, validation):
    (rows,) = LeaveLast(n=n, validation=validation).rows(data, rng())
    inter = data.interactions
    held = [] if rows.validation is None else np.flatnonzero(rows.validation)
    for user in set(inter.user_idx):
        # (time, row): rows of one second are ordered by their place in the source
        train, middle, test = (
            [(inter.timestamp[row], row) for row in part if inter.user_idx[row] == user]
            for part in (np.flatnonzero(rows.train), held, np.flatnonzero(rows.test))
        )
        assert train
        assert max(train) < min(middle, default=(99,)) and max(train) < min(test, default=(99,))
        assert max(middle, default=(-1,)) < min(test, default=(99,))
        count = len(train) + len(middle) + len(test)
        assert len(test) == min(n, count - 1)
        assert len(middle) == min(validation, count - 1 - len(test))


def test_rows_of_one_second_keep_the_order_of_the_source(make):
    data = make([(0, 3, 1, 5), (0, 1, 1, 5), (0, 2, 1, 5), (0, 0, 1, 4)])
    (split,) = LeaveLast().split(dataset(data), rng())
    assert split.test.item_idx.tolist() == [2]


def test_times_too_far_apart_to_pack_beside_the_row():
    times = np.array([2**62, -(2**61), 0])
    near, after = _draw.latest(times, np.zeros(3, np.int32), 1)
    assert near[after == 0].tolist() == [0]


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_latest_are_found_across_blocks(together, count, monkeypatch):
    monkeypatch.setattr(_draw, "_BLOCK", 64)
    draw = np.random.default_rng(count)
    group = draw.integers(0, 20, 1000).astype(np.int32)
    group = np.sort(group) if together else group
    times = draw.integers(0, 50, 1000)
    near, after = _draw.latest(times, group, count)
    found = np.full(1000, count)
    found[near] = after
    expected = _draw.rows_after(np.argsort(times, kind="stable"), group)
    np.testing.assert_array_equal(np.minimum(found, count), np.minimum(expected, count))
