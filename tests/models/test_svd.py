from __future__ import annotations

import io

import numpy as np
import pytest

from recsys_cli.models import _truncated
from recsys_cli.models.svd import SVD

USERS = np.arange(80, dtype=np.int32)
CENTRES = ["none", "mean", "item", "user", "both"]


def fit(data, **parameters):
    return SVD(**parameters).fit(data, rng=np.random.default_rng(0))


def dense(data):
    x = np.zeros((data.n_users, data.n_items))
    x[data.user_idx, data.item_idx] = data.value
    return x


@pytest.mark.parametrize("factors", [1, 5, 40, 60, 500])
def test_no_matrix_of_that_rank_is_nearer(ratings, factors):
    model = fit(ratings, factors=factors)
    x = dense(ratings)
    u, s, v = np.linalg.svd(x, full_matrices=False)
    best = (u[:, :factors] * s[:factors]) @ v[:factors]
    np.testing.assert_allclose(model.score(USERS), best, atol=2e-4)
    np.testing.assert_allclose(model.singular_values_, s[:factors], rtol=1e-6)
    error = np.sqrt(np.sum(s[factors:] ** 2))
    assert model.error_ == pytest.approx(error, abs=1e-4)
    assert model.relative_error_ == pytest.approx(error / np.linalg.norm(x), abs=1e-6)
    assert not model.predicts_ratings


@pytest.mark.parametrize("shape", [(30, 200), (200, 30)])
@pytest.mark.parametrize("k", [3, 14, 15, 40])
def test_both_ways_to_decompose_agree_and_signs_are_fixed(shape, k):
    from recsys_cli.data import csr

    rng = np.random.default_rng(k)
    x = rng.normal(size=shape) * (rng.random(shape) < 0.3)
    row, col = (part.astype(np.int32) for part in x.nonzero())
    x = x.astype(np.float32)
    values, v = _truncated.truncated_svd(csr(row, col, x[row, col], shape), k, rng)
    _, s, exact = np.linalg.svd(x.astype(float), full_matrices=False)
    np.testing.assert_allclose(values, s[:k], rtol=1e-9)
    assert (v.max(axis=0) >= -v.min(axis=0)).all()
    np.testing.assert_allclose(np.abs(np.sum(v.T * exact[:k], axis=1)), 1, atol=1e-9)


@pytest.mark.parametrize("centre", CENTRES[1:])
def test_centred_it_predicts_ratings_and_all_factors_give_the_ratings_back(ratings, centre):
    model = fit(ratings, centre=centre, factors=60)
    assert (model.feedback, model.predicts_ratings) == ("explicit", True)
    predicted = model.predict(ratings.user_idx, ratings.item_idx)
    np.testing.assert_allclose(predicted, ratings.value, atol=1e-3)
    few = fit(ratings, centre=centre, factors=2, reg_item=0.0, reg_user=0.0)
    residual = few.predict(ratings.user_idx, ratings.item_idx) - ratings.value
    assert np.sqrt(np.mean(residual**2)) < ratings.value.std()
    scores = few.score(USERS)[ratings.user_idx, ratings.item_idx]
    np.testing.assert_allclose(scores, residual + ratings.value, atol=1e-4)


def test_offsets_are_plain_means_without_regularisation(ratings):
    model = fit(ratings, centre="both", reg_item=0.0, reg_user=0.0)
    mean = ratings.value.mean()
    assert model.mean_ == pytest.approx(mean)
    of_item = ratings.value[ratings.item_idx == 9].mean() - mean
    assert model.item_bias_[9] == pytest.approx(of_item, abs=1e-5)
    mine = ratings.user_idx == 4
    rest = ratings.value[mine] - mean - model.item_bias_[ratings.item_idx[mine]]
    assert model.user_bias_[4] == pytest.approx(rest.mean(), abs=1e-5)


@pytest.mark.parametrize("centre", CENTRES)
def test_a_folded_in_user_is_the_trained_one_and_is_explained(ratings, centre):
    model = fit(ratings, centre=centre, factors=7)
    folded = model.fold_in(ratings.csr)
    np.testing.assert_array_equal(folded.score(USERS), model.score(USERS))
    items = np.array([3, 59], np.int32)
    base, parts = folded.explain(5, items, ratings.csr.rows(np.array([5])))
    np.testing.assert_allclose(base + parts.sum(1), model.score(USERS)[5, items], atol=1e-4)


@pytest.mark.parametrize("centre", CENTRES)
def test_constant_ratings_one_item_and_one_rating_are_sound(make, centre):
    constant = make([(u, i, 3.0) for u in range(6) for i in range(4) if (u + i) % 3], scale=(1, 5))
    for data in (constant, make([(0, 0, 4.0), (1, 0, 2.0)]), make([(0, 0, 4.0)], (2, 3))):
        model = fit(data, centre=centre)
        file = io.BytesIO()
        np.savez(file, **model.arrays())
        every = np.arange(data.n_users, dtype=np.int32)
        assert np.isfinite(model.fold_in(data.csr).score(every)).all()
        assert np.isfinite(model.similar_items(np.array([0], np.int32), 2)[1]).sum() < data.n_items
        if centre != "none":
            predicted = model.predict(data.user_idx, data.item_idx)
            np.testing.assert_allclose(predicted, data.value, atol=1.01)
