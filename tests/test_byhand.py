"""A history given by hand is held to what the run's own data were held to."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from recsys_cli.byhand import ByHand, Given
from recsys_cli.errors import SpecError
from recsys_cli.prepare.core import Core
from recsys_cli.prepare.duplicates import Duplicates
from recsys_cli.prepare.min_value import MinValue
from recsys_cli.prepare.sample_users import SampleUsers
from recsys_cli.prepare.time_window import TimeWindow

RATINGS = (1.0, 5.0)
ITEMS = ("a", "b", "c", "cold")


def read(history: dict[str, float | None], *filters: Any, scale: Any = None, **facts: Any) -> Given:
    """Read a history of items a, b, c and cold for a model of implicit feedback."""
    usual = {"feedback": "implicit", "predicts_ratings": False, "scores_new_items": False}
    counts = np.array([3, 2, 1, 0])
    model: Any = SimpleNamespace(item_counts_=counts, spec_name=lambda: "toy", **(usual | facts))
    index = np.array([ITEMS.index(item) for item in history], np.int32)
    return ByHand(model, scale, filters).read(history, index)


def told(given: Given) -> dict[str, float]:
    pairs = zip(given.row.indices.tolist(), given.row.data.tolist(), strict=True)
    return {ITEMS[item]: value for item, value in pairs}


def test_without_filters_the_values_are_as_given():
    found = read({"c": 2.0, "a": 5.0}, scale=RATINGS)
    assert told(found) == {"a": 5, "c": 2} and found.note is None


@pytest.mark.parametrize(
    ("filters", "scale", "left"),
    [
        ([MinValue(value=4)], RATINGS, {"a": 5, "c": 4}),
        ([MinValue(value=4, binarise=True)], None, {"a": 1, "c": 1}),
        ([Core(users=9, items=9), MinValue(value=4.5)], RATINGS, {"a": 5}),
        ([MinValue(value=2, binarise=True), MinValue(value=1)], None, {"a": 1, "b": 1, "c": 1}),
    ],
)
def test_the_filters_of_the_run_drop_and_restate(filters, scale, left):
    assert told(read({"a": 5.0, "b": 2.0, "c": 4.0}, *filters, scale=scale)) == left


@pytest.mark.parametrize(
    "one",
    [Core(users=9, items=9), Duplicates(keep="sum"), SampleUsers(users=1), TimeWindow(last_days=1)],
)
def test_other_filters_leave_a_history_as_it_is(one):
    found = read({"a": 5.0, "b": None}, one)
    assert told(found) == {"a": 5, "b": 1} and found.note is None


@pytest.mark.parametrize(
    ("filters", "scale", "value"),
    [
        ([], None, 1),
        ([], RATINGS, 5),
        ([MinValue(value=4)], RATINGS, 5),
        ([MinValue(value=3)], None, 3),
        ([MinValue(value=4, binarise=True)], None, 1),
    ],
)
def test_a_bare_item_is_a_liked_one_and_passes(filters, scale, value):
    found = read({"a": None}, *filters, scale=scale)
    assert told(found) == {"a": value} and found.note is None


def test_what_is_dropped_is_named_with_the_filter_and_its_parameters():
    found = read({"a": 1.0, "b": 5.0}, MinValue(value=4), scale=RATINGS)
    assert found.note == "min-value (value 4) drops 1 of 2 items of the history: a"


def test_a_dropped_item_still_counts_as_seen():
    found = read({"b": 5.0, "a": 1.0}, MinValue(value=4), scale=RATINGS)
    assert found.named.indices.tolist() == [0, 1] and told(found) == {"b": 5}


def test_with_nothing_left_popular_items_are_announced():
    found = read({"a": 1.0, "b": 3.0}, MinValue(value=4), scale=RATINGS)
    assert told(found) == {} and found.row.n_rows == 1
    assert found.note.endswith("a, b; nothing is left of it: these are the most popular items")


def test_an_empty_history_gets_popular_items_and_says_so():
    found = read({}, MinValue(value=4), scale=RATINGS)
    assert told(found) == {} and found.row.n_rows == found.named.n_rows == 1
    assert found.note == "the history is empty: these are the most popular items"


def test_an_item_without_training_data_is_noted_and_alone_says_nothing():
    both = read({"a": 2.0, "cold": 3.0})
    assert told(both) == {"a": 2, "cold": 3}
    assert both.note == "toy never saw 1 of 2 items of the history: cold"
    alone = read({"a": 1.0, "cold": 3.0}, MinValue(value=2))
    assert told(alone) == {} and "these are the most popular items" in alone.note
    assert "never saw 1 of 2 items" in alone.note and "drops 1 of 2 items" in alone.note


def test_a_model_of_features_knows_an_item_without_training_data():
    found = read({"cold": 3.0}, scores_new_items=True)
    assert told(found) == {"cold": 3} and found.note is None


def test_long_notes_are_cut(monkeypatch):
    monkeypatch.setattr("recsys_cli.byhand._NAMED", 2)
    found = read(dict.fromkeys(("a", "b", "c"), 1.0), MinValue(value=2))
    assert "drops 3 of 3 items of the history: a, b, …;" in found.note


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_counts_and_strengths_are_above_zero(value):
    with pytest.raises(SpecError, match=f'the value {value:g} of item "b" must be above 0: toy'):
        read({"a": 1.0, "b": value})
    assert told(read({"a": 1.0, "b": value}, MinValue(value=1))) == {"a": 1}
    ratings = {"feedback": "explicit", "predicts_ratings": True}
    assert told(read({"a": 1.0, "b": value}, **ratings)) == {"a": 1, "b": value}
    assert told(read({"a": 1.0, "b": value}, scale=(-1, 1))) == {"a": 1, "b": value}


def test_a_rating_off_the_scale_is_refused_before_a_filter_drops_it():
    with pytest.raises(SpecError, match='the value 0 of item "a" is outside 1 … 5'):
        read({"a": 0.0, "b": 5.0}, MinValue(value=4), scale=RATINGS)
