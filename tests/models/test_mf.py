from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recsys_cli import threads
from recsys_cli.models._ridge import Ridge, Rows, group_rows, solve_rows
from recsys_cli.models.bias import Bias
from recsys_cli.models.mf import MF
from recsys_cli.models.surprise_svd import SurpriseSVD


def rng():
    return np.random.default_rng(11)


def rmse(model, test):
    predicted = np.clip(model.predict(test.user_idx, test.item_idx), *test.scale)
    return float(np.sqrt(np.mean((predicted - test.value) ** 2)))


def test_each_row_is_an_exact_ridge_regression():
    draw = np.random.default_rng(4)
    n, factors, bias = 60, draw.normal(size=(9, 3)).astype(np.float32), np.ones(9, np.float32)
    row, columns = np.sort(draw.integers(3, size=n)), draw.integers(9, size=n).astype(np.int32)
    targets, weights = draw.normal(size=n).astype(np.float32), draw.uniform(1, 3, n)
    rows = group_rows(row, 4, columns, targets, weights.astype(np.float32))
    found, found_bias = solve_rows(rows, factors, bias, Ridge(0.7, 0.2, nu=0.5))
    for r in range(3):
        mine = row == r
        design = np.column_stack((factors, np.ones(9)))[columns[mine]]
        penalty = np.diag([0.7, 0.7, 0.7, 0.2]) * mine.sum() ** 0.5
        gram = design.T @ (design * weights[mine, None]) + penalty
        exact = np.linalg.solve(gram, design.T @ (weights[mine] * (targets[mine] - 1)))
        np.testing.assert_allclose([*found[r], found_bias[r]], exact, rtol=1e-4)
    assert not found[3].any()
    assert found_bias[3] == 0


def test_rows_keep_their_order_and_their_repeats():
    values = np.arange(4, dtype=np.float32)
    rows = group_rows(np.array([1, 0, 1, 1]), 3, np.array([7, 8, 7, 6], np.int32), values, values)
    assert isinstance(rows, Rows)
    assert rows.indptr.tolist() == [0, 1, 4, 4]
    assert rows.columns.tolist() == [8, 7, 7, 6]
    assert rows.targets.tolist() == [1, 0, 2, 3]


@pytest.mark.parametrize("solver", ["sgd", "als"])
def test_it_beats_biases_where_tastes_are_low_rank(ratings, solver):
    held_out = np.arange(2000) % 10 == 0
    train, test = ratings.take(~held_out), ratings.take(held_out)
    parameters = {"factors": 4, "reg_user": 0.3, "reg_item": 0.3, "init_std": 0.1}
    model = MF(solver=solver, epochs=60, **parameters).fit(train, rng=rng())
    assert rmse(model, test) < 0.85 * rmse(Bias().fit(train, rng=rng()), test)


@pytest.mark.parametrize("solver", ["sgd", "als"])
def test_the_reported_loss_is_the_training_rmse(ratings, solver):
    losses = []
    model = MF(solver=solver, factors=4, epochs=30, lr_decay=0.8).fit(
        ratings, rng=rng(), on_epoch=lambda m, e, loss: losses.append(loss)
    )
    assert losses[-1] < losses[0]
    predicted = model.predict(ratings.user_idx, ratings.item_idx)
    actual = np.sqrt(np.mean((predicted - ratings.value) ** 2))
    assert losses[-1] == pytest.approx(actual, rel=0.01)


def test_the_mean_is_weighted(make):
    rows = [(u, i, 5.0 if u < 5 else 1.0) for u in range(10) for i in range(4)]
    data = make(rows, (10, 4), (1, 5))
    weight = np.where(data.value == 5, 4, 1).astype(np.float32)
    weighted = MF(factors=2, epochs=5).fit(replace(data, weight=weight), rng=rng())
    assert weighted.mean_ == pytest.approx(4.2)


def test_als_counts_a_row_of_weight_two_as_two_rows(ratings):
    weighted = replace(ratings, weight=np.full(2000, 2, np.float32))
    doubled = ratings.take(np.tile(np.arange(2000), 2))
    parameters = {"solver": "als", "factors": 4, "epochs": 3, "nu": 0.0}
    a, b = (MF(**parameters).fit(data, rng=rng()) for data in (weighted, doubled))
    np.testing.assert_allclose(a.item_factors_, b.item_factors_, atol=1e-4)


@pytest.mark.parametrize("solver", ["sgd", "als"])
def test_same_bits_at_any_thread_count_over_many_blocks(make, solver):
    draw = np.random.default_rng(8)
    cells = draw.choice(900 * 600, 160_000, replace=False)
    values = draw.integers(1, 6, 160_000)
    rows = list(zip((cells // 600).tolist(), (cells % 600).tolist(), values.tolist(), strict=True))
    data, found = make(rows, (900, 600), (1, 5)), []
    for count in (1, 2, 3, 8):
        with threads.use(count):
            found.append(MF(solver=solver, factors=8, epochs=2).fit(data, rng=rng()).arrays())
    for other in found[1:]:
        assert all(np.array_equal(found[0][key], other[key]) for key in other)


@pytest.mark.parametrize(
    ("solver", "power", "most"), [("sgd", 0, 0.1), ("als", 0, 0.1), ("als", 1, 0.02)]
)
def test_folding_in_a_training_user_predicts_as_training_did(ratings, solver, power, most):
    parameters = {"factors": 4, "epochs": 150, "propensity_power": float(power)}
    model = MF(solver=solver, **parameters).fit(ratings, rng=rng())
    folded = model.fold_in(ratings.csr)
    users, items = ratings.user_idx, ratings.item_idx
    gap = folded.predict(users, items) - model.predict(users, items)
    assert np.abs(gap).mean() < most


def test_cold_users_and_items_get_the_mean_and_the_others_bias(make):
    rows = [(u, i, 1 + (u + i) % 5) for u in range(8) for i in range(6)]
    model = MF(factors=3, epochs=3).fit(make(rows, (9, 7), (1, 5)), rng=rng())
    pairs = np.array([8, 2, 8], np.int32), np.array([3, 6, 6], np.int32)
    expected = [model.mean_ + model.item_bias_[3], model.mean_ + model.user_bias_[2], model.mean_]
    np.testing.assert_array_equal(model.predict(*pairs), np.array(expected, np.float32))


DATA = Path(os.environ.get("RECSYS_DATA_HOME", "datasets")) / "ml-100k"


@pytest.mark.slow
@pytest.mark.skipif(
    not (DATA / "u1.base").exists(), reason="set RECSYS_DATA_HOME to a folder with ml-100k/u1.base"
)
@pytest.mark.parametrize(("cls", "most"), [(Bias, 0.943), (MF, 0.92), (SurpriseSVD, 0.94)])
def test_rmse_on_the_five_folds_of_movielens(make, cls, most):
    found = []
    for fold in range(1, 6):
        tables = [np.loadtxt(DATA / f"u{fold}.{part}", dtype=int) for part in ("base", "test")]
        parts = [(table[:, :3] - [1, 1, 0]).tolist() for table in tables]
        train, test = (make(rows, (943, 1682), (1, 5)) for rows in parts)
        found.append(rmse(cls().fit(train, rng=rng()), test))
    assert np.mean(found) <= most
