"""The chain behind bayesian-mf: its bookkeeping, and its law where that is known."""

from __future__ import annotations

import numpy as np
import pytest

from recsys_cli.data import Features
from recsys_cli.models._gibbs import Sampler
from recsys_cli.models._gibbs_design import design, feature_groups, implicit
from recsys_cli.models._gibbs_mean import MeanProduct, truncated
from recsys_cli.models._gibbs_side import Prior
from tests.conftest import side_features


def designs(data):
    features = side_features(data)
    users, items = data.user_counts > 0, data.item_counts > 0
    both = [implicit(data.csr), *feature_groups(features.users, users)]
    return design(both, users), design([implicit(data.csr.transpose())], items)


def dense(side):
    matrix = np.zeros((len(side.warm), len(side.design.group)))
    column = np.repeat(np.arange(matrix.shape[1]), np.diff(side.design.indptr))
    matrix[side.design.indices, column] = side.design.values
    return matrix


def test_errors_and_sums_stay_those_of_the_numbers_after_many_sweeps(ratings):
    targets = (ratings.value - 3).astype(np.float32)
    chain = Sampler(ratings, targets, designs(ratings), 4, np.random.default_rng(2))
    for _ in range(20):
        loss = chain.sweep()
    users, items = chain.sides
    for side in chain.sides:
        whole = side.own + side.weights @ dense(side).T
        np.testing.assert_allclose(side.effective, whole, atol=1e-4)
    a, c = users.effective[:, ratings.user_idx], items.effective[:, ratings.item_idx]
    error = targets - a[0] - c[0] - np.sum(a[1:] * c[1:], axis=0)
    np.testing.assert_allclose(loss, np.sqrt(np.mean(error.astype(float) ** 2)), rtol=1e-4)


class FixedPriors(Sampler):
    """All hyperparameters given: with biases alone, the posterior is a known normal one."""

    def __init__(self, *given):
        super().__init__(*given)
        self.noise = 2.0
        for side, mean in zip(self.sides, (0.4, -0.2), strict=True):
            side.renew_prior = lambda rng: None
            shape = side.prior.mean.shape
            precision = np.linspace(1, 3, len(shape) * shape[0])[: shape[0], None]
            side.prior = Prior(np.full(shape, mean, np.float32), precision.astype(np.float32))

    def renew_precision(self):
        pass


def test_biases_and_weights_follow_the_exact_normal_posterior(make):
    rows = [(0, 0, 5), (0, 1, 3), (1, 0, 4), (1, 2, 1), (2, 2, 2), (2, 1, 5), (3, 0, 2)]
    data = make(rows)
    targets = data.value - np.float32(3)
    chain = FixedPriors(data, targets, designs(data), 0, np.random.default_rng(1))
    drawn = []
    for _ in range(8_000):
        chain.sweep()
        drawn.append(np.concatenate([part[0] for s in chain.sides for part in (s.own, s.weights)]))
    drawn = np.array(drawn[200:])
    blocks, means, precisions = [], [], []
    for side, index in zip(chain.sides, (data.user_idx, data.item_idx), strict=True):
        blocks.append(np.hstack((np.eye(len(side.warm)), dense(side)))[index])
        group = np.r_[np.zeros(len(side.warm), int), 1 + side.design.group]
        means.append(side.prior.mean[group, 0])
        precisions.append(side.prior.precision[group, 0])
    x, mean, precision = np.hstack(blocks), np.hstack(means), np.hstack(precisions)
    covariance = np.linalg.inv(2 * x.T @ x + np.diag(precision))
    expected = covariance @ (2 * x.T @ targets + precision * mean)
    deviation = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(drawn.mean(axis=0), expected, atol=0.05 * deviation.max())
    np.testing.assert_allclose(drawn.std(axis=0), deviation, rtol=0.06)


def test_a_column_without_a_warm_row_is_left_out_and_numbers_are_standardised(make):
    users = make([(0, 0, 1), (1, 0, 2)], (3, 1)).users
    job, age = ["a", "b", "c"], np.array([20, 40, 90], np.float32)
    groups = feature_groups(
        Features(users, {"job": job}, numeric={"age": age, "same": np.ones(3, np.float32)}),
        np.array([True, True, False]),
    )
    found = design(groups, np.array([True, True, False]))
    assert found.sizes == (2, 1)
    np.testing.assert_allclose(found.values, [1, 1, -1, 1, 6])
    np.testing.assert_allclose(found.means(np.array([True, True, False])), [0.5, 0.5, 0])


def test_the_running_mean_of_products_is_exact_where_its_rank_suffices():
    draw = np.random.default_rng(4)
    basis = draw.normal(size=(3, 30)).astype(np.float32), draw.normal(size=(3, 20))
    mean, products = MeanProduct(rank=3), []
    for _ in range(15):
        mix = draw.normal(size=(3, 2)).astype(np.float32)
        left, right = basis[0].T @ mix, (basis[1].T @ draw.normal(size=(3, 2))).astype(np.float32)
        mean.add(left, right)
        products.append(left @ right.T)
    assert mean.left.shape == (30, 3)
    np.testing.assert_allclose(mean.left @ mean.right.T, np.mean(products, axis=0), atol=1e-4)


@pytest.mark.parametrize("rank", [2, 6])
def test_a_product_is_cut_to_its_strongest_directions(rank):
    draw = np.random.default_rng(5)
    left, right = (draw.normal(size=(n, 6)).astype(np.float32) for n in (9, 4))
    a, b = truncated(left, right, rank)
    u, strength, v = np.linalg.svd(left.astype(float) @ right.T)
    kept = min(rank, 4)
    best = u[:, :kept] * strength[:kept] @ v[:kept]
    np.testing.assert_allclose(a @ b.T, best, atol=1e-4)
    assert not truncated(np.zeros_like(left), right, rank)[0].any()
