"""Content: cosines by hand, what ratings below the mean do, items that are new or unknown."""

from __future__ import annotations

import re

import numpy as np
import pytest

from recsys_cli.data import Features, SideFeatures
from recsys_cli.errors import DataError
from recsys_cli.models._content import unit_rows
from recsys_cli.models.content import Content
from recsys_cli.seeding import generator

GENRES = [("war",), ("war", "love"), ("love",), ("war",), (), ("love",)]


@pytest.fixture
def fitted(make):
    """Fit on given rows of six items; items 3, 4 and 5 have no interactions unless in rows."""

    def fit(rows, **parameters):
        data = make(rows, (3, 6), (1, 5))
        features = SideFeatures(items=Features(data.items, multilabel={"genre": GENRES}))
        return Content(**parameters).fit(data, features=features, rng=generator(1, "model"))

    return fit


def test_scores_are_cosines_with_the_profile(fitted):
    model = fitted([(0, 0, 2.0), (0, 1, 4.0), (1, 2, 1.0)], features="binary")
    half = np.sqrt(0.5)
    profile = np.array([4 * half, 2 + 4 * half])  # love, war
    love, war = profile / np.linalg.norm(profile)
    expected = [war, half * (love + war), love, war, 0, love]
    np.testing.assert_allclose(model.score(np.array([0], np.int32))[0], expected, rtol=1e-6)


def test_a_logarithm_flattens_values(fitted):
    rows = [(0, 0, 4.0), (0, 2, 1.0)]
    by_value = fitted(rows, features="binary").score(np.array([0], np.int32))[0]
    by_log = fitted(rows, features="binary", values="log").score(np.array([0], np.int32))[0]
    assert by_value[3] / by_value[5] == pytest.approx(4)
    assert by_log[3] / by_log[5] == pytest.approx(np.log(5) / np.log(2))


def test_what_was_rated_low_counts_against_its_genre(fitted):
    rows = [(0, 0, 5.0), (0, 2, 1.0), (1, 0, 3.0), (1, 1, 3.0)]
    scores = fitted(rows, values="centred").score(np.array([0, 1], np.int32))
    assert scores[0, 3] > 0 > scores[0, 5]
    assert scores[1, 3] > 0.5  # equal ratings say what was chosen, not what was liked


def test_new_items_are_recommended_and_unknown_ones_are_not(fitted):
    model = fitted([(0, 0, 5.0), (1, 2, 5.0)])
    candidates = np.array([False, False, False, True, True, True])
    items, scores = model.recommend(np.array([0, 1], np.int32), 1, candidates=candidates)
    assert items.tolist() == [[3], [5]]
    assert scores.ravel() == pytest.approx([1, 1])
    assert model.score(np.array([0], np.int32))[0, 4] == 0
    assert model.similar_items(np.array([3], np.int32), 1)[0].tolist() == [[0]]


def test_tf_idf_and_numbers_by_a_slow_reference(make):
    ids = make([(0, 0, 1.0)], (1, 4)).items
    year = np.array([1990, np.nan, 2010, 2000], np.float32)
    same = np.full(4, 7, np.float32)
    labels = [("a", "b"), ("a",), (), ("a",)]
    features = Features(ids, {}, {"tag": labels}, {"year": year, "same": same})
    deviation = np.sqrt(200 / 3)
    a, b = 1 + np.log(4 / 3), 1 + np.log(4 / 1)
    raw = [[a, b, -10 / deviation, 0], [a, 0, 0, 0], [0, 0, 10 / deviation, 0], [a, 0, 0, 0]]
    expected = np.array([np.array(row) / np.linalg.norm(row) for row in raw])
    found = unit_rows(features, "tf-idf")
    dense = np.zeros((4, 4))
    dense[np.repeat(np.arange(4), np.diff(found.indptr)), found.indices] = found.data
    np.testing.assert_allclose(dense, expected, rtol=1e-6)


def test_a_user_without_a_profile_gets_the_popular_items(fitted, make):
    rows = [(0, 4, 5.0), (1, 2, 1.0), (1, 4, 1.0), (2, 4, 2.0), (2, 0, 1.0)]
    model = fitted(rows)  # item 4, the only one of user 0, has no features
    scores = model.score(np.array([0, 1, 2], np.int32))
    np.testing.assert_array_equal(scores[0], [1, 0, 1, 0, 3, 0])
    assert scores[1, 5] == pytest.approx(1)  # love, as item 2
    assert model.findings() == {"share of users without a profile": 1 / 3}
    assert fitted([(0, 0, 5.0), (1, 2, 1.0)]).findings() == {}
    folded = model.fold_in(make([(0, 4, 2.0), (1, 3, 2.0)], (2, 6)).csr)
    assert folded.is_cold(np.array([0, 1, -1], np.int32)).tolist() == [True, False, True]
    np.testing.assert_array_equal(folded.score(np.zeros(1, np.int32))[0], model.item_counts_)


def test_ratings_that_cancel_out_leave_no_profile(fitted):
    model = fitted([(0, 0, 5.0), (0, 3, 1.0), (1, 2, 1.0)], values="centred")
    assert model.is_cold(np.array([0, 1], np.int32)).tolist() == [True, False]


def test_features_of_other_items_are_told_apart_from_empty_ones(make):
    data = make([(0, 1, 5.0), (1, 1, 4.0)], (2, 4))
    new = Features(data.items, multilabel={"genre": [(), (), ("war",), ("love",)]})
    empty = Features(data.items, numeric={"year": np.full(4, np.nan, np.float32)})
    for features, hint in ((new, '"i2".* "i1": is dataset.items.id'), (empty, "columns are empty")):
        with pytest.raises(DataError, match="none of the 1 items with training") as refused:
            Content().fit(data, features=SideFeatures(items=features), rng=generator(1, "model"))
        assert refused.value.where == "dataset.items"
        assert re.search(hint, refused.value.hint)


def test_bad_input_is_refused(fitted, make):
    with pytest.raises(DataError, match="no item features"):
        Content().fit(make([(0, 0, 1.0)]), rng=generator(1, "model"))
    with pytest.raises(DataError, match="negative"):
        fitted([(0, 0, -2.0)])
    model = fitted([(0, 0, 2.0)])
    with pytest.raises(DataError, match="negative"):
        model.fold_in(make([(0, 0, -2.0)], (1, 6)).csr)
