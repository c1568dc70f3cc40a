from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recsys_cli.loaders.synthetic import Synthetic
from recsys_cli.models._propensity import item_weights, propensity_weights
from recsys_cli.models.mf import MF
from recsys_cli.models.svdpp import SVDpp
from recsys_cli.models.timesvdpp import TimeSVDpp


@pytest.fixture
def skewed(make):
    """Item 0 has four ratings, item 1 one."""
    return make([(u, 0, 4.0) for u in range(4)] + [(0, 1, 2.0)])


def test_power_one_counts_every_item_the_same_and_zero_every_row(skewed):
    np.testing.assert_allclose(propensity_weights(skewed, 1.0), [0.625] * 4 + [2.5])
    np.testing.assert_array_equal(propensity_weights(skewed, 0.0), np.ones(5, np.float32))


def test_given_weights_multiply_and_keep_their_mean(skewed):
    given = np.array([1, 2, 3, 4, 6], np.float32)
    weighted = replace(skewed, weight=given)
    np.testing.assert_array_equal(propensity_weights(weighted, 0.0), given)
    found = propensity_weights(weighted, 0.5)
    assert found.dtype == np.float32
    assert found.mean() == pytest.approx(given.mean())
    np.testing.assert_allclose(found / given / found[4] * 6, [0.5] * 4 + [1], rtol=1e-6)


def test_an_interaction_of_a_new_user_counts_as_one_of_weight_1_in_training(make):
    data = make([(u, 0, 4.0) for u in range(4)] + [(0, 1, 2.0)], (4, 3))
    weights = propensity_weights(data, 1.0)
    np.testing.assert_allclose(item_weights(data, weights), [0.625, 2.5, 0])
    weighted = replace(data, weight=np.array([2, 4, 1, 1, 2], np.float32))
    found = item_weights(weighted, propensity_weights(weighted, 1.0))
    assert found[1] == pytest.approx(4 * found[0])


@pytest.mark.parametrize("solver", ["sgd", "als"])
def test_mf_heeds_the_propensity(skewed, solver):
    model = MF(solver=solver, factors=2, epochs=2, propensity_power=1.0)
    assert model.fit(skewed, rng=np.random.default_rng(1)).mean_ == pytest.approx(3.0)


@pytest.fixture(scope="module")
def popularity():
    """The embedded data: some items have hundreds of ratings, some have one."""
    return Synthetic().load().interactions


def weighted_rmse(model, data, weights):
    predicted = model.predict(data.user_idx, data.item_idx, data.timestamp)
    return np.sqrt(np.average((predicted - data.value) ** 2, weights=weights))


def test_sgd_comes_as_near_as_least_squares_whatever_a_rare_item_weighs(popularity):
    weights = propensity_weights(popularity, 1.0)
    assert weights.max() > 50  # two biases step by 0.02 w e each: away from the rating
    parameters = {"factors": 8, "propensity_power": 1.0}
    sgd, als = (
        MF(solver=solver, epochs=epochs, **parameters).fit(popularity, rng=np.random.default_rng(1))
        for solver, epochs in (("sgd", 80), ("als", 15))
    )
    least = weighted_rmse(als, popularity, weights)
    assert weighted_rmse(sgd, popularity, weights) == pytest.approx(least, rel=0.05)


@pytest.mark.parametrize("cls", [SVDpp, TimeSVDpp])
def test_the_implicit_term_trains_under_the_same_weights(popularity, cls):
    weights = propensity_weights(popularity, 1.0)
    data, losses = replace(popularity, weight=weights), []
    model = cls(factors=8, epochs=15).fit(
        data, rng=np.random.default_rng(1), on_epoch=lambda m, e, loss: losses.append(loss)
    )
    assert weighted_rmse(model, data, weights) < 0.75 * losses[0]
