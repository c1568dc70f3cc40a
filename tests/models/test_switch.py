"""Switch: which model serves whom, and new items between the two."""

from __future__ import annotations

import numpy as np
import pytest

from recsys_cli.data import Features, SideFeatures
from recsys_cli.models.switch import Switch
from recsys_cli.seeding import generator

POPULAR, ALS = {"name": "popular"}, {"name": "als", "factors": 4, "epochs": 4}


@pytest.fixture
def uneven(ratings, make):
    """Fit on ratings of which user 0 keeps 4, and user 1 keeps 5; item 59 has none."""

    def fit(**parameters):
        keep = ratings.item_idx < 59
        for user, most in ((0, 4), (1, 5)):
            keep[np.flatnonzero((ratings.user_idx == user) & keep)[most:]] = False
        kinds = [f"kind{i % 3}" for i in range(60)]
        features = SideFeatures(items=Features(ratings.items, {"kind": kinds}))
        model = Switch(**parameters)
        return model.fit(ratings.take(keep), features=features, rng=generator(1, "model"))

    return fit


def test_the_length_of_the_history_decides(uneven):
    model = uneven(cold=POPULAR, warm=ALS, threshold=5)
    users = np.array([1, 0, 2], np.int32)
    scores, warm = model.score(users), model.members_["warm"].score(users)
    np.testing.assert_array_equal(scores[1], model.item_counts_)
    np.testing.assert_array_equal(scores[[0, 2]], warm[[0, 2]])


def test_a_history_that_is_folded_in_decides_too(uneven, ratings):
    model = uneven(cold=POPULAR, warm=ALS, threshold=5)
    rows = ratings.csr.rows(np.array([3, 4]))
    short = rows._replace(
        indptr=np.array([0, 4, 4 + rows.indptr[2] - rows.indptr[1]]),
        indices=np.delete(rows.indices, np.arange(4, rows.indptr[1])),
        data=np.delete(rows.data, np.arange(4, rows.indptr[1])),
    )
    scores = model.fold_in(short).score(np.arange(2, dtype=np.int32))
    np.testing.assert_array_equal(scores[0], model.item_counts_)
    assert np.corrcoef(scores[1], model.item_counts_)[0, 1] < 0.999


def test_a_user_without_a_history_is_served_by_cold(uneven, ratings):
    model = uneven(cold=POPULAR | {"half_life": 0.001}, warm=ALS)
    model.members_["cold"].item_scores_ = decayed = np.arange(60, dtype=np.float32)
    nobody = model.fold_in(
        ratings.csr.rows(np.empty(0, np.int32))._replace(indptr=np.zeros(2, int))
    )
    for scores in (nobody.score(np.zeros(1, np.int32)), model.score(np.array([-1], np.int32))):
        np.testing.assert_array_equal(scores[0], decayed)
    mixed = model.score(np.array([2, -1, 0], np.int32))
    np.testing.assert_array_equal(mixed[[0]], model.score(np.array([2], np.int32)))
    np.testing.assert_array_equal(mixed[1:], [decayed] * 2)


def test_a_user_of_whom_warm_can_make_nothing_is_served_by_cold(uneven, make):
    model = uneven(cold={"name": "content"}, warm=ALS, threshold=1)
    history = make([(0, 59, 1.0), (1, 58, 1.0)], (2, 60)).csr  # als knows no item 59
    folded, users = model.fold_in(history), np.arange(2, dtype=np.int32)
    scores = folded.score(users)
    np.testing.assert_array_equal(scores[0], folded.members_["cold"].score(users)[0])
    warm = folded.members_["warm"].score(users[1:])
    np.testing.assert_array_equal(scores[1, :59], warm[0, :59])
    assert folded.is_cold(np.array([0, 1, -1], np.int32)).tolist() == [False, False, True]


def test_new_items_come_from_the_model_that_knows_features(uneven):
    model = uneven(cold={"name": "content"}, warm=ALS, threshold=5)
    assert model.scores_new_items
    users = np.array([0, 2, 3], np.int32)
    scores = model.score(users)
    cold, warm = (model.members_[name].score(users) for name in ("cold", "warm"))
    np.testing.assert_array_equal(scores[0], cold[0])
    np.testing.assert_array_equal(scores[1:, :59], warm[1:, :59])
    for row in (1, 2):
        over = slice(0, 59)
        place = (cold[row, 59] - cold[row, over].mean()) / cold[row, over].std()
        expected = warm[row, over].mean() + place * warm[row, over].std()
        assert scores[row, 59] == pytest.approx(expected, abs=1e-5)


def test_explanations_of_new_items_add_up(uneven, ratings):
    model = uneven(cold={"name": "content"}, warm=ALS)
    history = ratings.csr.rows(np.array([5]))
    folded, items = model.fold_in(history), np.array([59, 0, 7], np.int32)
    base, parts = folded.explain(0, items, history)
    scores = folded.score(np.zeros(1, np.int32))[0, items]
    np.testing.assert_allclose(base + parts.sum(axis=1), scores, atol=1e-4)


def test_ratings_are_those_of_the_pair_s_model(uneven):
    model = uneven(cold={"name": "bias"}, warm={"name": "mf", "factors": 4, "epochs": 5})
    users, items = np.array([0, 1, 2, 0], np.int32), np.array([3, 3, 59, 59], np.int32)
    cold, warm = (model.members_[name].predict(users, items) for name in ("cold", "warm"))
    expected = [cold[0], warm[1], warm[2], cold[3]]
    np.testing.assert_array_equal(model.predict(users, items), expected)
    assert not Switch(cold={"name": "popular"}, warm={"name": "mf"}).predicts_ratings
