from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recsys_cli.models._propensity import item_weights, propensity_weights
from recsys_cli.models.mf import MF


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
