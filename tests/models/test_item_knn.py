"""Item neighbourhoods against dense NumPy and against the library ``implicit``."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from recsys_cli.errors import DataError, SpecError
from recsys_cli.models.bias import Bias
from recsys_cli.models.implicit_bm25 import ImplicitBM25
from recsys_cli.models.implicit_cosine import ImplicitCosine
from recsys_cli.models.implicit_tfidf import ImplicitTFIDF
from recsys_cli.models.item_knn import ItemKNN
from recsys_cli.models.user_knn import UserKNN

NO_CHANCE = np.random.default_rng(0)
EVERYONE = np.arange(80, dtype=np.int32)
OPTIONS = [
    *({"similarity": s} for s in ("cosine", "adjusted-cosine", "pearson", "jaccard")),
    {"similarity": "pearson-baseline"},
    *({"target": "implicit", "similarity": s} for s in ("cosine", "pearson", "jaccard", "dot")),
    {"target": "implicit", "weighting": "tf-idf"},
    {"target": "implicit", "similarity": "dot", "weighting": "bm25"},
]


def fit(model, data, **parameters):
    return model(**parameters).fit(data, rng=NO_CHANCE)


def dense(data, fill=0.0):
    out = np.full((data.n_users, data.n_items), fill)
    out[data.user_idx, data.item_idx] = data.value
    return out


def test_ratings_follow_the_formula(ratings):
    config = {"shrinkage": 5.0, "amplification": 1.5, "damping": 0.1, "k": 4, "neighbours": 30}
    model = fit(ItemKNN, ratings, **config)
    bias = fit(Bias, ratings, reg_user=5.0, reg_item=3.0, epochs=15)
    b = bias.score(EVERYONE).astype(float)
    rated = ~np.isnan(dense(ratings, np.nan))
    rest = np.where(rated, dense(ratings) - b, 0)
    n = rated.T.astype(float) @ rated
    squares = (rest**2).T @ rated
    s = rest.T @ rest / np.sqrt(squares * squares.T) * n / (n + 5)
    np.fill_diagonal(s, 0)
    s = np.maximum(s, 0) ** 1.5
    expected = b.copy()
    for i in range(60):
        s[i, np.argsort(-s[i])[30:]] = 0
        for u in range(80):
            near = np.argsort(-s[i] * rated[u])[:4]
            weight = s[i, near] * rated[u, near]
            expected[u, i] += weight @ rest[u, near] / (0.1 + weight.sum())
    np.testing.assert_allclose(model.score(EVERYONE), expected, atol=1e-4)
    users, items = (part.ravel().astype(np.int32) for part in np.indices((80, 60)))
    mixed = np.random.default_rng(3).permutation(np.tile(np.arange(4800), 2))[:5000]
    predicted = model.predict(users[mixed], items[mixed])
    np.testing.assert_allclose(predicted, expected.ravel()[mixed], atol=1e-4)


@pytest.mark.parametrize(
    ("library", "parameters", "of_library"),
    [
        (ImplicitCosine, {}, {}),
        (ImplicitTFIDF, {"weighting": "tf-idf"}, {}),
        (ImplicitBM25, {"similarity": "dot", "weighting": "bm25", "bm25_b": 0.2}, {"b": 0.2}),
    ],
)
def test_with_all_neighbours_equals_implicit(ratings, library, parameters, of_library):
    pytest.importorskip("implicit", reason="pip install 'recsys-cli[bench]' brings implicit")
    ours = fit(ItemKNN, ratings, target="implicit", neighbours=100, **parameters)
    theirs = fit(library, ratings, neighbours=100, **of_library)
    unseen = dense(ratings) == 0
    expected = theirs.score(EVERYONE)[unseen]
    np.testing.assert_allclose(ours.score(EVERYONE)[unseen], expected, rtol=2e-5)


def test_each_item_is_scored_by_its_own_neighbours(ratings):
    full = fit(ItemKNN, ratings, target="implicit", neighbours=100)
    some = fit(ItemKNN, ratings, target="implicit", neighbours=7)
    s = np.zeros((60, 60))
    for j in range(60):
        row = slice(*full.similarity_indptr_[j : j + 2])
        s[j, full.similarity_indices_[row]] = full.similarity_data_[row]
    for column in s.T:
        column[np.argsort(-column)[7:]] = 0
    np.testing.assert_allclose(some.score(EVERYONE), dense(ratings) @ s, rtol=1e-4)


@pytest.mark.parametrize("lists", ["candidate", "history"])
def test_similar_items_are_the_item_s_own_neighbours(ratings, lists):
    pytest.importorskip("implicit", reason="pip install 'recsys-cli[bench]' brings implicit")
    ours = fit(ItemKNN, ratings, target="implicit", neighbours=7, lists=lists)
    theirs = fit(ImplicitCosine, ratings, neighbours=8)  # counts the item itself
    asked = np.array([17, 3, 17, *range(60)], np.int32)
    items, scores = ours.similar_items(asked, 9)
    expected, cosines = theirs.similar_items(asked, 9)
    np.testing.assert_array_equal(items, expected)
    np.testing.assert_allclose(scores, cosines, rtol=1e-5)
    assert (np.isfinite(scores).sum(axis=1) == 7).all()


@pytest.mark.parametrize("exponent", [-37, -30, -20, 19, 30, 36])
@pytest.mark.parametrize("similarity", ["cosine", "pearson"])
@pytest.mark.parametrize("model", [ItemKNN, UserKNN])
def test_what_is_alike_does_not_depend_on_the_scale_of_values(ratings, model, similarity, exponent):
    value = (ratings.value.astype(np.float64) * 10.0**exponent).astype(np.float32)
    config = {"target": "implicit", "similarity": similarity, "neighbours": 60}
    plain = fit(model, ratings, **config).score(EVERYONE)
    scaled = fit(model, replace(ratings, value=value, scale=None), **config).score(EVERYONE)
    np.testing.assert_allclose(scaled / 10.0**exponent, plain, rtol=1e-4, atol=1e-5)


def test_dot_products_of_large_counts_are_kept(ratings):
    config = {"target": "implicit", "similarity": "dot", "neighbours": 60}
    many = replace(ratings, value=ratings.value * np.float32(2**17), scale=None)
    plain, large = fit(ItemKNN, ratings, **config), fit(ItemKNN, many, **config)
    np.testing.assert_array_equal(large.similarity_data_, plain.similarity_data_ * 2.0**34)


@pytest.mark.parametrize("parameters", [{}, {"target": "implicit", "weighting": "tf-idf"}])
def test_parts_of_a_score_belong_to_items_of_the_history(ratings, parameters):
    model = fit(ItemKNN, ratings, k=3, **parameters)
    history = ratings.csr.rows(np.array([5]))
    items = np.arange(60, dtype=np.int32)
    base, parts = model.explain(5, items, history)
    score = model.score(EVERYONE[5:6])[0]
    np.testing.assert_allclose(base + parts.sum(axis=1), score, atol=1e-4)
    if model.predicts_ratings:
        assert (parts != 0).sum(axis=1).max() == 3


@pytest.mark.parametrize("model", [ItemKNN, UserKNN])
@pytest.mark.parametrize("parameters", OPTIONS)
def test_odd_data_give_finite_scores(make, model, parameters):
    rows = [(0, 0, 3), (0, 1, 3), (1, 1, 3), (2, 0, 3), (3, 2, 3)]
    odd = {
        "constant ratings": make(rows, (5, 4), (1, 5)),
        "a single item": make([(0, 0, 5), (1, 0, 1)], (2, 1), (1, 5)),
        "a single row": make([(0, 0, 2)], (1, 1), (1, 5)),
        "zeros": make([(0, 0, 0), (1, 0, 0), (1, 1, 0)], (2, 2), (0, 5)),
        "many users": make([(u, u % 3, 1 + u % 5) for u in range(40)], (40, 3), (1, 5)),
    }
    for name, data in odd.items():
        found = fit(model, data, reg_user=0.0, reg_item=0.0, damping=0.0, **parameters)
        everyone = np.arange(data.n_users, dtype=np.int32)
        assert np.isfinite(found.score(everyone)).all(), name
        assert np.isfinite(found.fold_in(data.csr).score(everyone)).all(), name
        if found.predicts_ratings:
            assert np.isfinite(found.predict(everyone, np.zeros_like(everyone))).all(), name


@pytest.mark.parametrize("model", [ItemKNN, UserKNN])
def test_the_target_decides_what_the_model_does(ratings, model):
    explicit, implicit = model(), model(target="implicit")
    assert (explicit.feedback, explicit.predicts_ratings) == ("explicit", True)
    assert (implicit.feedback, implicit.predicts_ratings) == ("implicit", False)
    assert implicit.config.similarity == "cosine"
    implicit.fit(ratings, rng=NO_CHANCE)
    with pytest.raises(SpecError, match="predicts no ratings"):
        implicit.predict(EVERYONE, EVERYONE % 60)


@pytest.mark.parametrize(
    "parameters",
    [
        {"similarity": "dot"},
        {"weighting": "bm25"},
        {"target": "implicit", "similarity": "pearson-baseline"},
    ],
)
def test_what_does_not_fit_the_target_is_refused(parameters):
    with pytest.raises(ValidationError, match="target: "):
        ItemKNN(**parameters)


@pytest.mark.parametrize("model", [ItemKNN, UserKNN])
def test_negative_strengths_are_refused(make, model):
    data = make([(0, 0, 1), (1, 0, -1)])
    with pytest.raises(DataError, match="at least 0"):
        fit(model, data, target="implicit")
    fitted = fit(model, make([(0, 0, 1), (1, 0, 1)]), target="implicit")
    with pytest.raises(DataError, match="at least 0"):
        fitted.fold_in(data.csr)
