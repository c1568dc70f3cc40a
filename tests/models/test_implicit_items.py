"""The wrappers of implicit's item-item models against the library itself."""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pytest

from recsys_cli.errors import DataError, MissingExtra
from recsys_cli.models import MODELS

implicit = pytest.importorskip("implicit", reason="pip install implicit brings it")

USERS = np.arange(80, dtype=np.int32)
CASES = {
    "implicit-cosine": ("CosineRecommender", {"neighbours": 7}, {"K": 7}),
    "implicit-tfidf": ("TFIDFRecommender", {"neighbours": 7}, {"K": 7}),
    "implicit-bm25": (
        "BM25Recommender",
        {"neighbours": 7, "k1": 2.0, "b": 0.3},
        {"K": 7, "K1": 2.0, "B": 0.3},
    ),
}
each = pytest.mark.parametrize("name", CASES)


def fit(name, data, **parameters):
    return MODELS.get(name)(**parameters).fit(data, rng=np.random.default_rng(3))


def call_library(name, data, **parameters):
    from implicit import nearest_neighbours
    from scipy.sparse import csr_matrix

    values = csr_matrix((data.value.astype(float), (data.user_idx, data.item_idx)))
    library = getattr(nearest_neighbours, CASES[name][0])(**parameters)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library complains of a matrix that it made itself
        library.fit(values, show_progress=False)
    return library, values


@each
def test_equals_calling_the_library(ratings, name):
    _, ours, theirs = CASES[name]
    model = fit(name, ratings, **ours)
    library, values = call_library(name, ratings, **theirs)
    ids, scores = library.recommend(USERS, values, N=60, filter_already_liked_items=False)
    expected = np.zeros((80, 60))
    for row, (items, found) in enumerate(zip(ids, scores, strict=True)):
        expected[row, items[items >= 0]] = found[items >= 0]
    np.testing.assert_allclose(model.score(USERS), expected, rtol=1e-5)
    best, _ = model.recommend(USERS, 5, exclude=ratings.csr)
    found, _ = library.recommend(USERS, values, N=5)
    assert np.mean(best == found) > 0.99


@each
def test_the_nearest_items_are_the_librarys_without_the_item_itself(ratings, name):
    _, ours, theirs = CASES[name]
    items, scores = fit(name, ratings, **ours).similar_items(USERS[:60], 6)
    library, _ = call_library(name, ratings, **theirs)
    for item in range(60):
        near, similarity = library.similar_items(item, N=7)
        others = near != item
        np.testing.assert_array_equal(items[item], near[others])
        np.testing.assert_allclose(scores[item], similarity[others], rtol=1e-6)


@each
def test_the_defaults_are_the_librarys(name):
    library = getattr(implicit.nearest_neighbours, CASES[name][0])()
    config = MODELS.get(name)().config.model_dump()
    assert config.pop("neighbours") == library.K
    assert list(config.values()) == ([library.K1, library.B] if name == "implicit-bm25" else [])


@each
def test_users_of_every_item_and_worthless_pairs_leave_no_trace_of_nan(make, name):
    rows = [(u, i, float(u + i > 1)) for u in range(3) for i in range(4)]
    model = fit(name, make([*rows, (3, 0, 1)], (5, 6)), neighbours=100)
    assert np.isfinite(model.similarity_data_).all()
    assert np.isfinite(model.score(np.arange(5, dtype=np.int32))).all()


@each
def test_more_neighbours_than_items_are_all_of_them(ratings, name):
    assert fit(name, ratings, neighbours=10**6).similarity_indptr_[-1] <= 60 * 60


@each
@pytest.mark.parametrize("value", [-1, 0])
def test_values_that_are_no_strengths_are_refused(make, name, value):
    with pytest.raises(DataError, match="at least 0, and some above"):
        fit(name, make([(0, 0, value), (1, 1, 0)]))


def test_a_table_beyond_the_librarys_integers_is_refused(make):
    with pytest.raises(DataError, match="60,000 × 60,000 neighbours of items"):
        fit("implicit-cosine", make([(0, 0, 1), (1, 1, 1)], (2, 60_000)), neighbours=60_000)


def test_without_the_library_the_error_says_what_brings_it(ratings, monkeypatch):
    monkeypatch.setitem(sys.modules, "implicit.nearest_neighbours", None)
    with pytest.raises(MissingExtra, match="pip install"):
        fit("implicit-cosine", ratings)
