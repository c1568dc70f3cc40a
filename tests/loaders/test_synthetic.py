"""The embedded dataset: its shape, its truth, and that it is the same everywhere."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from recsys_cli import threads
from recsys_cli.errors import DataError
from recsys_cli.fingerprint import digest
from recsys_cli.loaders.synthetic import Synthetic

GOLDEN = "e42b80cedc92f7cfb9814af7e814927820a315a74cb0a739b5d0a1a8c6ae0daf"
SMALL = {"users": 60, "items": 80, "interactions": 1500}


@pytest.fixture(scope="module")
def default():
    return Synthetic().load()


def columns(dataset):
    data = dataset.interactions
    return digest(data.user_idx, data.item_idx, data.value, data.timestamp)


def test_shape(default):
    data = default.interactions
    assert (data.n_users, data.n_items, len(data)) == (943, 1682, 100_000)
    assert data.users.ids[:2] == ("1", "2") and data.users.ids[-1] == "943"
    assert data.items.ids[0] == "1" and data.items.ids[-1] == "1682"
    assert set(np.unique(data.value)) == {1, 2, 3, 4, 5}
    assert data.scale == (1, 5)
    assert len(np.unique(data.pair_key)) == len(data)


def test_ratings_look_like_a_real_log(default):
    data = default.interactions
    assert 3.4 < data.value.mean() < 3.6
    assert 1.05 < data.value.std() < 1.2
    assert data.user_counts.min() == 20
    assert 50 < np.median(data.user_counts) < 80
    assert 500 < data.user_counts.max() < 841
    items = np.sort(data.item_counts)[::-1]
    assert 400 < items[0] < 750
    assert items[:168].sum() > 0.4 * len(data)
    days = np.ptp(data.timestamp) / 86_400
    assert 200 < days <= 212
    assert (np.diff(data.timestamp) >= 0).all()


def test_says_that_it_is_synthetic(default):
    assert default.info.synthetic
    assert default.info.name == "synthetic"
    assert "Artificially generated" in default.info.description


def test_titles_and_features_are_aligned(default):
    assert len(set(default.titles)) == 1682
    assert all(re.search(r" \(19\d\d\)$", title) for title in default.titles)
    users, items = default.features
    assert users.ids == default.interactions.users
    assert items.ids == default.interactions.items
    assert all(1 <= len(genres) <= 3 for genres in items.multilabel["genre"])
    assert set(users.categorical) == {"gender", "occupation"}
    assert ((users.numeric["age"] >= 12) & (users.numeric["age"] <= 80)).all()


def test_titles_stay_distinct_in_a_large_catalogue():
    titles = Synthetic(users=10, items=50_000, interactions=1000).load().titles
    assert len(set(titles)) == 50_000


def test_same_bits_on_every_machine(default):
    """Renew the value together with VERSION, and only then."""
    assert columns(default) == GOLDEN


@pytest.mark.parametrize("count", [2, 3])
def test_same_bits_at_any_thread_count(count, default):
    with threads.use(count):
        assert columns(Synthetic().load()) == columns(default)


def test_the_seed_and_the_parameters_are_in_the_hash():
    hashes = [
        Synthetic(**SMALL, **change).load().info.source_hash
        for change in ({}, {"seed": 1}, {"noise": 0.5}, {})
    ]
    assert hashes[0] == hashes[3]
    assert len(set(hashes)) == 3


def test_another_seed_makes_other_data():
    assert columns(Synthetic(**SMALL).load()) != columns(Synthetic(**SMALL, seed=1).load())


@settings(max_examples=30, deadline=None)
@given(
    users=st.integers(2, 40),
    items=st.integers(10, 60),
    density=st.floats(0, 1),
    drift=st.floats(0, 10),
    noise=st.floats(0.01, 10),
)
def test_any_size_is_met_exactly(users, items, density, drift, noise):
    rows = round(users + density * (users * items // 2 - users))
    synthetic = Synthetic(users=users, items=items, interactions=rows, drift=drift, noise=noise)
    data = synthetic.load().interactions
    assert len(data) == len(np.unique(data.pair_key)) == rows
    assert data.user_counts.min() >= 1
    exposure = synthetic.truth().exposure(*pairs(users, items)).reshape(users, items)
    assert np.allclose(exposure.sum(axis=1), data.user_counts, rtol=1e-6)
    assert ((exposure >= 0) & (exposure <= 1)).all()


def pairs(users, items):
    grid = np.indices((users, items)).reshape(2, -1).astype(np.int32)
    return grid[0], grid[1]


@pytest.mark.parametrize("rows", [9, 51])
def test_impossible_sizes_are_refused(rows):
    with pytest.raises(ValidationError, match="at most users"):
        Synthetic(users=10, items=10, interactions=rows)


def test_expected_rating_is_the_mean_of_the_ratings(default):
    data = default.interactions
    expected = Synthetic().truth().expected_rating(data.user_idx, data.item_idx, data.timestamp)
    error = data.value - expected.astype(np.float64)
    assert expected.min() >= 1 and expected.max() <= 5
    for low, high in ((1, 2.5), (2.5, 3), (3, 3.5), (3.5, 4), (4, 5)):
        within = error[(expected >= low) & (expected < high)]
        assert abs(within.mean()) < 4 * within.std() / np.sqrt(len(within))
    assert 0.7 < error.std() < 0.8


def test_drawn_ratings_have_the_expected_mean():
    users = np.repeat(np.arange(200, dtype=np.int32), 400)
    items = np.tile(np.arange(400, dtype=np.int32), 200)
    truth = Synthetic().truth()
    drawn = truth.ratings(users, items, np.random.default_rng(1))
    assert set(np.unique(drawn)) == {1, 2, 3, 4, 5}
    error = (drawn - truth.expected_rating(users, items)).reshape(200, 400)
    assert abs(error.mean()) < 0.01
    assert np.abs(error.mean(axis=1)).max() < 0.2
    again = truth.ratings(users, items, np.random.default_rng(1))
    np.testing.assert_array_equal(again, drawn)


def test_tastes_drift():
    truth = Synthetic(**SMALL).truth()
    user, item = pairs(60, 80)
    early, late = (
        truth.expected_rating(user, item, np.full(len(user), time))
        for time in (873_072_000, 873_072_000 + 212 * 86_400)
    )
    assert 0.1 < np.abs(late - early).mean() < 1
    still = Synthetic(**SMALL, drift=0.0).truth()
    assert np.array_equal(
        still.expected_rating(user, item),
        still.expected_rating(user, item, np.full(len(user), 873_072_000)),
    )


def test_exposure_is_how_often_a_pair_is_observed(default):
    data = default.interactions
    exposure = Synthetic().truth().exposure(*pairs(943, 1682))
    observed = np.zeros(943 * 1682)
    observed[data.user_idx.astype(np.int64) * 1682 + data.item_idx] = 1
    edges = [0, 0.01, 0.03, 0.1, 0.3, 0.6, 0.9, 1.01]
    for low, high in pairwise(edges):
        chosen = (exposure >= low) & (exposure < high)
        assert observed[chosen].mean() == pytest.approx(exposure[chosen].mean(), rel=0.05)


def test_ratings_are_missing_not_at_random(default):
    data, truth = default.interactions, Synthetic().truth()
    seen = truth.expected_rating(data.user_idx, data.item_idx).mean()
    assert seen > truth.expected_rating(*pairs(943, 1682)).mean() + 0.3


def test_the_truth_has_no_other_pairs():
    truth = Synthetic(**SMALL).truth()
    with pytest.raises(DataError, match="item index is outside 0 … 79"):
        truth.expected_rating(np.array([0], np.int32), np.array([80], np.int32))
    with pytest.raises(DataError, match="user index"):
        truth.exposure(np.array([-1], np.int32), np.array([0], np.int32))
