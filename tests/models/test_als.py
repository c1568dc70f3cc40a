"""Implicit-feedback ALS against dense NumPy, and against the library ``implicit``."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from recsys_cli.errors import DataError, Diverged
from recsys_cli.models._propensity import propensity_weights
from recsys_cli.models.als import ALS
from recsys_cli.models.implicit_als import ImplicitALS

USERS = np.arange(80, dtype=np.int32)


def dense(data, alpha):
    """Return preference and confidence of every pair."""
    shape = (data.n_users, data.n_items)
    preference, confidence = np.zeros(shape), np.ones(shape)
    weight = 1 if data.weight is None else data.weight
    np.add.at(confidence, (data.user_idx, data.item_idx), alpha * (data.value * weight))
    preference[data.user_idx, data.item_idx] = 1
    return preference, confidence


def row_regs(preference, alpha, reg, nu):
    n_users, n_items = preference.shape
    return (
        reg * (preference.sum(1) + n_items / alpha) ** nu,
        reg * (preference.sum(0) + n_users / alpha) ** nu,
    )


def solve(preference, confidence, fixed, reg):
    """Solve every row's normal equation."""
    rows = [
        np.linalg.solve((fixed.T * c) @ fixed + r * np.eye(fixed.shape[1]), (fixed.T * c) @ p)
        for p, c, r in zip(preference, confidence, reg, strict=True)
    ]
    return np.array(rows)


def loss_of(preference, confidence, p, q, reg_user, reg_item):
    error = np.sum(confidence * (preference - p @ q.T) ** 2)
    return error + reg_user @ np.sum(p**2, axis=1) + reg_item @ np.sum(q**2, axis=1)


@pytest.mark.parametrize("nu", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_each_half_pass_solves_the_normal_equations(ratings, nu, weighted):
    if weighted:
        weight = np.random.default_rng(0).uniform(0.5, 2, len(ratings)).astype(np.float32)
        ratings = replace(ratings, weight=weight)
    preference, confidence = dense(ratings, 2.0)
    reg = row_regs(preference, 2.0, 0.3, nu)
    scores = []
    model = ALS(factors=6, alpha=2.0, reg=0.3, nu=nu, epochs=3, cg_steps=40)
    model.fit(
        ratings,
        rng=np.random.default_rng(1),
        on_epoch=lambda m, *_: scores.append(m.user_factors_ @ m.item_factors_.T),
    )
    items = solve(preference.T, confidence.T, model.user_factors_.astype(float), reg[1])
    np.testing.assert_allclose(model.item_factors_, items, atol=1e-4)
    shorter = ALS(factors=6, alpha=2.0, reg=0.3, nu=nu, epochs=2, cg_steps=40)
    shorter.fit(ratings, rng=np.random.default_rng(1))
    # each pass rotates the factors, so users are compared by the scores that they lead to
    users = solve(preference, confidence, shorter.item_factors_.astype(float), reg[0])
    again = solve(preference.T, confidence.T, users, reg[1])
    np.testing.assert_allclose(scores[2], users @ again.T, atol=1e-4)


@pytest.mark.parametrize("nu", [0.0, 1.0])
@pytest.mark.parametrize("cg_steps", [1, 2])
def test_the_loss_is_the_objective_and_never_rises(ratings, nu, cg_steps):
    preference, confidence = dense(ratings, 2.0)
    reg = row_regs(preference, 2.0, 0.05, nu)
    seen = []

    def check(model, epoch, loss):
        p, q = model.user_factors_.astype(float), model.item_factors_.astype(float)
        assert loss == pytest.approx(loss_of(preference, confidence, p, q, *reg), rel=1e-5)
        seen.append(loss)
        return False

    model = ALS(factors=6, alpha=2.0, reg=0.05, nu=nu, epochs=12, cg_steps=cg_steps)
    model.fit(ratings, rng=np.random.default_rng(1), on_epoch=check)
    assert all(b <= a * (1 + 1e-6) for a, b in pairwise(seen))


def test_cold_users_and_items_stay_zero_and_change_nothing(ratings, make):
    rows = list(zip(ratings.user_idx, ratings.item_idx, ratings.value, strict=True))
    model = ALS(factors=6).fit(make(rows, (83, 64)), rng=np.random.default_rng(1))
    assert not model.user_factors_[80:].any()
    assert not model.item_factors_[60:].any()
    plain = ALS(factors=6).fit(make(rows, (80, 60)), rng=np.random.default_rng(1))
    np.testing.assert_allclose(
        model.user_factors_[:80] @ model.item_factors_[:60].T,
        plain.user_factors_ @ plain.item_factors_.T,
        atol=1e-5,
    )


def test_axes_are_the_principal_ones_of_the_users(ratings):
    users = ALS(factors=6).fit(ratings, rng=np.random.default_rng(1)).user_factors_
    gram = users.T.astype(float) @ users
    assert (np.diff(np.diag(gram)) < 0).all()
    np.testing.assert_allclose(gram, np.diag(np.diag(gram)), atol=1e-4 * gram.max())


@pytest.mark.parametrize("nu", [0.0, 1.0])
def test_folding_a_history_in_is_the_exact_solution(ratings, nu):
    model = ALS(factors=6, alpha=2.0, reg=0.3, nu=nu).fit(ratings, rng=np.random.default_rng(1))
    preference, confidence = dense(ratings, 2.0)
    reg = row_regs(preference, 2.0, 0.3, nu)[0]
    expected = solve(preference, confidence, model.item_factors_.astype(float), reg)
    folded = model.fold_in(ratings.csr)
    np.testing.assert_allclose(folded.user_factors_, expected, atol=1e-5)
    assert model.user_factors_ is not folded.user_factors_


@pytest.mark.parametrize("cg_steps", [2, 50])
def test_more_factors_than_rank_and_no_regularisation_stay_finite(make, cg_steps):
    data = make([(0, 0, 1), (0, 1, 1), (1, 1, 1)], (3, 4))
    model = ALS(factors=8, reg=0.0, epochs=40, cg_steps=cg_steps)
    model.fit(data, rng=np.random.default_rng(1))
    scores = model.user_factors_ @ model.item_factors_.T
    np.testing.assert_allclose(scores[:2, :2], [[1, 1], [0, 1]], atol=1e-3)
    assert np.isfinite(model.fold_in(data.csr).user_factors_).all()


def test_log_confidence_and_weights_of_rows_that_repeat(ratings):
    twice = ratings.take(np.repeat(np.arange(len(ratings)), 2))
    weight = np.tile(np.array([0.5, 1.5], np.float32), len(ratings))
    parameters = {"factors": 6, "alpha": 3.0, "confidence": "log", "eps": 0.5}
    model = ALS(**parameters, reg=0.3, epochs=2, cg_steps=40)
    model.fit(replace(twice, weight=weight), rng=np.random.default_rng(1))
    preference, confidence = np.zeros((80, 60)), np.ones((80, 60))
    preference[ratings.user_idx, ratings.item_idx] = 1
    confidence[ratings.user_idx, ratings.item_idx] += 3 * np.log1p(2 * ratings.value / 0.5)
    reg = np.full(60, 0.3)
    items = solve(preference.T, confidence.T, model.user_factors_.astype(float), reg)
    np.testing.assert_allclose(model.item_factors_, items, atol=1e-4)


def test_only_the_ratio_of_the_confidences_and_reg_counts(ratings):
    one, ten = (
        ALS(factors=6, alpha=2.0 * c, alpha0=c, reg=0.3 * c, nu=0.5)
        .fit(ratings, rng=np.random.default_rng(1))
        .score(USERS)
        for c in (1.0, 4.0)
    )
    np.testing.assert_array_equal(one, ten)


def test_on_binary_data_it_is_the_ials_of_rendle_et_al(ratings):
    alpha0, reg, nu = 0.3, 0.1, 0.7
    binary = replace(ratings, value=np.ones_like(ratings.value), scale=None)
    observed = binary.csr
    dense_ = np.zeros((80, 60))
    dense_[ratings.user_idx, ratings.item_idx] = 1
    model = ALS(
        factors=6, alpha=1.0, alpha0=alpha0, reg=reg * (1 + alpha0), nu=nu, epochs=3, cg_steps=40
    ).fit(binary, rng=np.random.default_rng(1))
    scale = np.sqrt(1 + alpha0)
    items, users = model.item_factors_ / scale, model.fold_in(observed).user_factors_ / scale
    gram = items.T.astype(float) @ items
    for u, seen in enumerate(dense_ > 0):
        size = seen.sum() + alpha0 * 60
        q = items[seen].astype(float)
        left = q.T @ q + alpha0 * gram + reg * size**nu * np.eye(6)
        np.testing.assert_allclose(users[u], np.linalg.solve(left, q.sum(0)), atol=1e-5)


def test_propensities_count_what_is_popular_less_in_training_and_in_fold_in(ratings):
    model = ALS(factors=6, reg=0.3, epochs=3, propensity_power=0.8, cg_steps=40)
    model.fit(ratings, rng=np.random.default_rng(1))
    weighted = replace(ratings, weight=propensity_weights(ratings, 0.8))
    same = ALS(factors=6, reg=0.3, epochs=3, cg_steps=40)
    same.fit(weighted, rng=np.random.default_rng(1))
    np.testing.assert_array_equal(model.item_factors_, same.item_factors_)
    preference, confidence = dense(weighted, 10.0)
    users = solve(preference, confidence, model.item_factors_.astype(float), np.full(80, 0.3))
    np.testing.assert_allclose(model.fold_in(ratings.csr).user_factors_, users, atol=1e-5)
    loaded = ALS.from_arrays(model.config, model.arrays()).fold_in(ratings.csr)
    np.testing.assert_allclose(loaded.user_factors_, users, atol=1e-5)


def test_an_item_carries_what_leaving_out_its_confidence_would_take(ratings):
    model = ALS(factors=6, alpha0=0.5, nu=1.0, reg=0.01, propensity_power=0.5)
    model.fit(ratings, rng=np.random.default_rng(1))
    history, asked = ratings.csr.rows(np.array([4])), np.array([1, 5, 33], np.int32)
    base, parts = model.explain(0, asked, history)
    assert not base.any()
    q = model.item_factors_.astype(float)
    s = 10 * history.data * model.item_weights_[history.indices]
    own = q[history.indices]
    size = len(s) + 0.5 * 60 / 10
    left = 0.5 * q.T @ q + 0.01 * size * np.eye(6) + (own.T * s) @ own
    expected = q[asked] @ np.linalg.inv(left) @ own.T * (0.5 + s)
    np.testing.assert_allclose(parts, expected, atol=1e-5)


def test_log_of_a_negative_value_is_refused(make):
    with pytest.raises(DataError, match="at least 0"):
        ALS(confidence="log").fit(make([(0, 0, 1), (1, 1, -2)]), rng=np.random.default_rng(1))


@pytest.mark.parametrize("model", [ALS, ImplicitALS])
def test_values_that_are_no_confidence_are_refused(make, model):
    with pytest.raises(DataError, match="at least 0"):
        model().fit(make([(0, 0, 1), (1, 1, -2)]), rng=np.random.default_rng(1))
    with pytest.raises(DataError, match="finite"):
        model().fit(make([(0, 0, 1), (1, 1, 3e38)]), rng=np.random.default_rng(1))


def test_absurd_confidences_diverge_with_the_epoch_named(make):
    with pytest.raises(Diverged, match="epoch 1"):
        ALS(alpha=1e37).fit(make([(0, 0, 1), (1, 1, 2)]), rng=np.random.default_rng(1))
