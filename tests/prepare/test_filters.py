"""Each filter's own rule."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from recsys_cli.errors import DataError
from recsys_cli.prepare.core import Core
from recsys_cli.prepare.duplicates import Duplicates
from recsys_cli.prepare.min_value import MinValue
from recsys_cli.prepare.sample_users import SampleUsers
from recsys_cli.prepare.time_window import TimeWindow
from tests.splitters.conftest import dataset, datasets, rng

DAY = 86_400


def test_min_value_keeps_the_scale_unless_it_binarises(make):
    data = dataset(make([(0, 0, 5), (0, 1, 3), (1, 0, 1)], scale=(1, 5)))
    left, _ = MinValue(value=3).apply(data, rng())
    assert left.interactions.value.tolist() == [5, 3]
    assert left.interactions.scale == (1, 5)
    left, _ = MinValue(value=3, binarise=True).apply(data, rng())
    assert left.interactions.value.tolist() == [1, 1]
    assert left.interactions.scale is None


def test_filters_name_what_is_not_their_default():
    assert str(MinValue(value=3.5)) == "min-value (value 3.5)"
    assert str(MinValue(value=1, binarise=True)) == "min-value (value 1, binarise True)"
    assert str(Core()) == "core"


@given(data=datasets(), users=st.integers(0, 4), items=st.integers(0, 4))
def test_core_is_the_largest_set_in_which_all_have_enough(data, users, items):
    rows = {*zip(data.interactions.user_idx, data.interactions.item_idx, strict=True)}
    while True:
        kept = {
            (u, i)
            for u, i in rows
            if sum(a == u for a, _ in rows) >= users and sum(b == i for _, b in rows) >= items
        }
        if kept == rows:
            break
        rows = kept
    chosen = Core(users=users, items=items).select(data.interactions, rng()).rows
    left = data.interactions.take(chosen)
    assert {*zip(left.user_idx, left.item_idx, strict=True)} == rows


# the pair (0, 0) thrice, its latest row first in the file; (1, 1) twice in one second
REPEATS = [(0, 0, 5, 30), (0, 0, 1, 10), (1, 1, 2, 7), (0, 0, 3, 20), (1, 1, 4, 7), (2, 0, 1, 1)]


@pytest.mark.parametrize(
    ("keep", "values", "times"),
    [
        ("first", [1, 2, 1], [10, 7, 1]),
        ("last", [5, 4, 1], [30, 7, 1]),
        ("mean", [3, 3, 1], [30, 7, 1]),
        ("sum", [9, 6, 1], [30, 7, 1]),
    ],
)
def test_duplicates(make, keep, values, times):
    left, _ = Duplicates(keep=keep).apply(dataset(make(REPEATS, scale=(1, 5))), rng())
    assert left.interactions.value.tolist() == values
    assert left.interactions.timestamp.tolist() == times
    assert left.interactions.scale == (None if keep == "sum" else (1, 5))


def test_without_times_the_order_is_that_of_the_file(make):
    data = dataset(make([row[:3] for row in REPEATS]))
    left, _ = Duplicates(keep="last").apply(data, rng())
    assert left.interactions.value.tolist() == [3, 4, 1]


@pytest.mark.parametrize(
    ("keep", "value", "weight"), [("mean", 4, 4), ("sum", 6, 3), ("last", 5, 3), ("first", 1, 1)]
)
def test_weights_of_duplicates(make, keep, value, weight):
    data = replace(make([(0, 0, 1), (0, 0, 5)]), weight=np.array([1, 3], np.float32))
    left, _ = Duplicates(keep=keep).apply(dataset(data), rng())
    assert left.interactions.value.tolist() == [value]
    assert left.interactions.weight.tolist() == [weight]


def test_duplicates_are_refused_with_an_example(make):
    with pytest.raises(DataError, match=r"3 rows repeat .* user u0 and item i0"):
        Duplicates(keep="error").apply(dataset(make(REPEATS)), rng())


@given(data=datasets(), keep=st.sampled_from(["first", "last", "mean", "sum", "error"]))
def test_without_duplicates_nothing_changes(data, keep):
    left, _ = Duplicates(keep=keep).apply(data, rng())
    assert np.array_equal(left.interactions.value, data.interactions.value)
    assert np.array_equal(left.interactions.timestamp, data.interactions.timestamp)


@pytest.mark.parametrize(
    ("window", "days"),
    [
        ({"start": "1970-01-03"}, [2, 3, 4]),
        ({"end": "1970-01-03T00:00:00"}, [0, 1]),
        ({"start": DAY, "end": 3 * DAY}, [1, 2]),
        ({"last_days": 2}, [3, 4]),
        ({"last_days": 2, "end": "1970-01-05T00:00:00Z"}, [3]),
    ],
)
def test_time_window(make, window, days):
    data = dataset(make([(0, day, 1, day * DAY) for day in range(5)]))
    left, _ = TimeWindow(**window).apply(data, rng())
    assert [int(id_[1:]) for id_ in left.interactions.items.ids] == days


def test_time_window_needs_times(make):
    with pytest.raises(DataError, match="needs timestamps"):
        TimeWindow(start=0).apply(dataset(make([(0, 0, 1)])), rng())


@pytest.mark.parametrize("moment", ["yesterday", 1.5, True, [1], "1998"])
def test_a_moment_that_is_none_is_one_error(moment):
    with pytest.raises(ValidationError) as error:
        TimeWindow(start=moment)
    assert error.value.error_count() == 1


@pytest.mark.parametrize(("users", "left"), [(7, 7), (0.25, 20)])
def test_sample_users_keeps_all_rows_of_some(ratings, users, left):
    sample, receipt = SampleUsers(users=users).apply(dataset(ratings), rng())
    assert receipt.after.users == left
    counts = dict(zip(ratings.users.ids, ratings.user_counts, strict=True))
    kept = sample.interactions
    assert [counts[id_] for id_ in kept.users.ids] == kept.user_counts.tolist()


def test_more_users_than_there_are(ratings):
    with pytest.raises(DataError, match="81 users of 80"):
        SampleUsers(users=81).apply(dataset(ratings), rng())


@pytest.mark.parametrize("users", [0, -1, 1.0, 1.5, 0.0, True, "all"])
def test_a_sample_that_is_none_is_one_error(users):
    with pytest.raises(ValidationError) as error:
        SampleUsers(users=users)
    assert error.value.error_count() == 1
