from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recsys_cli.models.bias import Bias

NO_CHANCE = np.random.default_rng(0)


def test_biases_solve_the_normal_equations(ratings):
    model = Bias(reg_user=4.0, reg_item=2.0, epochs=200).fit(ratings, rng=NO_CHANCE)
    n, n_users = len(ratings), ratings.n_users
    design = np.zeros((n, n_users + ratings.n_items))
    design[np.arange(n), ratings.user_idx] = 1
    design[np.arange(n), n_users + ratings.item_idx] = 1
    ridge = np.diag([4.0] * n_users + [2.0] * ratings.n_items)
    target = ratings.value - ratings.value.mean(dtype=np.float64)
    exact = np.linalg.solve(design.T @ design + ridge, design.T @ target)
    found = np.concatenate((model.user_bias_, model.item_bias_))
    np.testing.assert_allclose(found, exact, atol=1e-5)


def test_it_stops_once_it_stands_still_and_never_goes_up(ratings):
    losses = []
    Bias(epochs=500).fit(ratings, rng=NO_CHANCE, on_epoch=lambda m, e, loss: losses.append(loss))
    assert 2 < len(losses) < 100
    assert losses[-1] < ratings.value.std()


def test_a_row_of_weight_two_counts_as_two_rows(ratings, make):
    weighted = replace(ratings, weight=np.where(np.arange(2000) < 50, 2, 1).astype(np.float32))
    doubled = ratings.take(np.concatenate((np.arange(2000), np.arange(50))))
    a, b = (Bias().fit(data, rng=NO_CHANCE) for data in (weighted, doubled))
    np.testing.assert_allclose(a.user_bias_, b.user_bias_, atol=1e-5)
    assert a.mean_ == pytest.approx(b.mean_)


def test_cold_users_and_items_get_the_mean_and_the_others_bias(make):
    model = Bias(reg_user=0.0, reg_item=0.0).fit(
        make([(0, 0, 5), (0, 1, 3)], (2, 3)), rng=NO_CHANCE
    )
    pairs = np.array([1, 0, 1], np.int32), np.array([0, 2, 2], np.int32)
    assert model.predict(*pairs).tolist() == pytest.approx([5, 4, 4])


def test_folding_in_a_training_user_gives_back_its_bias(ratings):
    model = Bias(epochs=200).fit(ratings, rng=NO_CHANCE)
    folded = model.fold_in(ratings.csr)
    np.testing.assert_allclose(folded.user_bias_, model.user_bias_, atol=1e-5)
