from __future__ import annotations

import numpy as np
import pytest

from recsys_cli.data import CSR
from recsys_cli.models.mf import MF
from recsys_cli.models.svdpp import SVDpp

SMALL = {"factors": 4, "reg_user": 0.3, "reg_item": 0.3, "init_std": 0.1}


def rng():
    return np.random.default_rng(11)


def rmse(model, test):
    predicted = np.clip(model.predict(test.user_idx, test.item_idx, test.timestamp), *test.scale)
    return float(np.sqrt(np.mean((predicted - test.value) ** 2)))


@pytest.fixture
def chosen(make):
    """Users rate mostly what they like, so what was rated tells more than a few noisy ratings."""
    draw, rows = np.random.default_rng(3), []
    for u in range(150):
        for i in range(40):
            likes = u % 2 == i % 2
            if draw.random() < (0.5 if likes else 0.1):
                rows.append((u, i, float(np.clip(draw.normal(3.7 if likes else 2.3, 1.2), 1, 5))))
    return make(rows, (150, 40), (1, 5))


def test_what_was_rated_helps_where_it_tells_the_taste(chosen):
    held_out = np.random.default_rng(1).random(len(chosen)) < 0.2
    train, test = chosen.take(~held_out), chosen.take(held_out)
    strict = {"reg_user": 3.0, "reg_item": 1.0, "factors": 2, "epochs": 40, "init_std": 0.1}
    plain = MF(**strict, lr=0.01, nu=0.4).fit(train, rng=rng())
    assert rmse(SVDpp(**strict, reg_implicit=1.0).fit(train, rng=rng()), test) < rmse(plain, test)


def test_the_reported_loss_is_the_training_rmse(ratings):
    losses = []
    model = SVDpp(**SMALL, lr_decay=0.8, epochs=30).fit(
        ratings, rng=rng(), on_epoch=lambda m, e, loss: losses.append(loss)
    )
    gap = model.predict(ratings.user_idx, ratings.item_idx) - ratings.value
    assert losses[-1] < losses[0]
    assert losses[-1] == pytest.approx(np.sqrt(np.mean(gap**2)), rel=0.02)


def test_a_folded_in_user_is_the_least_squares_fit_given_the_implicit_sum(ratings):
    model = SVDpp(**SMALL, epochs=10).fit(ratings, rng=rng())
    items, values = np.array([3, 8, 20, 41], np.int32), np.array([5, 1, 4, 2], np.float32)
    folded = model.fold_in(CSR(np.array([0, 4]), items, values, 60))
    q = model.item_factors_[items].astype(float)
    implicit = model.item_implicit_[items].sum(axis=0) / 2
    target = values - model.mean_ - model.item_bias_[items] - q @ implicit
    design = np.column_stack((q, np.ones(4)))
    penalty = np.diag([0.3] * 4 + [0.7]) * 4**0.4
    exact = np.linalg.solve(design.T @ design + penalty, design.T @ target)
    np.testing.assert_allclose(folded.user_factors_[0], exact[:4] + implicit, atol=1e-4)
    assert folded.user_bias_[0] == pytest.approx(exact[4], abs=1e-4)


def test_folding_in_training_users_predicts_as_training_did(ratings):
    model = SVDpp(**SMALL, epochs=200, lr_decay=0.99).fit(ratings, rng=rng())
    pairs = ratings.user_idx, ratings.item_idx
    gap = model.fold_in(ratings.csr).predict(*pairs) - model.predict(*pairs)
    assert np.abs(gap).mean() < 0.1


@pytest.mark.parametrize(
    "rows",
    [
        [(0, 0, 3.0)],
        [(0, 0, 5.0), (1, 0, 5.0), (2, 0, 5.0)],
        [(0, 0, 1.0), (0, 0, 5.0), (1, 1, 3.0)],
    ],
    ids=["one rating", "one item, constant", "a repeated pair"],
)
def test_the_smallest_data_give_finite_predictions(make, rows):
    data = make(rows, (4, 3), (1, 5))
    model = SVDpp(epochs=5).fit(data, rng=rng())
    users, items = (part.ravel().astype(np.int32) for part in np.indices((4, 3)))
    assert np.isfinite(model.predict(users, items)).all()
    assert np.isfinite(model.fold_in(data.csr).score(np.arange(4, dtype=np.int32))).all()


def test_strong_regularisation_leaves_the_mean(ratings):
    strong = dict.fromkeys(("user", "item", "implicit", "user_bias", "item_bias"), 1e6)
    model = SVDpp(epochs=3, **{f"reg_{name}": value for name, value in strong.items()})
    model.fit(ratings, rng=rng())
    predicted = model.predict(ratings.user_idx, ratings.item_idx)
    np.testing.assert_allclose(predicted, ratings.value.mean(), atol=0.01)
