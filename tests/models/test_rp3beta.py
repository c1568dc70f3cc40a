"""Random walks against dense NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from recsys_cli.errors import DataError
from recsys_cli.models.rp3beta import RP3Beta

NO_CHANCE = np.random.default_rng(0)
EVERYONE = np.arange(80, dtype=np.int32)


def walks(data, alpha, beta):
    """Return P_ui ** alpha and the whole of W."""
    w = np.zeros((data.n_users, data.n_items))
    w[data.user_idx, data.item_idx] = data.value
    out = (w / w.sum(axis=1, keepdims=True)) ** alpha * (w > 0)
    back = (w / w.sum(axis=0)).T ** alpha * (w.T > 0)
    return out, back @ out / (w > 0).sum(axis=0) ** beta


@pytest.mark.parametrize(("alpha", "beta"), [(1.0, 0.0), (0.7, 0.4), (2.0, 1.0)])
@pytest.mark.parametrize("neighbours", [6, 100])
def test_scores_are_walks_through_the_strongest_ways(ratings, alpha, beta, neighbours):
    model = RP3Beta(alpha=alpha, beta=beta, neighbours=neighbours).fit(ratings, rng=NO_CHANCE)
    start, between = walks(ratings, alpha, beta)
    np.fill_diagonal(between, 0)
    for column in between.T:
        column[np.argsort(-column)[neighbours:]] = 0
    np.testing.assert_allclose(model.score(EVERYONE), start @ between, rtol=1e-4, atol=1e-9)


def test_similar_items_are_those_that_walks_from_the_item_reach(ratings):
    model = RP3Beta(alpha=1.0, beta=0.3, neighbours=100).fit(ratings, rng=NO_CHANCE)
    _, between = walks(ratings, 1.0, 0.3)
    np.fill_diagonal(between, 0)
    assert not np.allclose(between, between.T)
    every = np.arange(ratings.n_items, dtype=np.int32)
    items, weights = model.similar_items(every, 5)
    best = np.sort(between, axis=1)[:, :-6:-1]
    np.testing.assert_allclose(weights, best, rtol=1e-4)
    np.testing.assert_allclose(between[every[:, None], items], best, rtol=1e-4)


def test_beta_takes_from_the_popular(ratings):
    means = []
    for beta in (0.0, 0.5, 1.0):
        model = RP3Beta(beta=beta).fit(ratings, rng=NO_CHANCE)
        items, _ = model.recommend(EVERYONE, 10, exclude=ratings.csr)
        means.append(ratings.item_counts[items].mean())
    assert means[0] > means[1] > means[2]


def test_values_of_zero_lead_nowhere_and_negative_ones_are_refused(make):
    model = RP3Beta().fit(make([(0, 0, 0), (1, 0, 1), (1, 1, 1)]), rng=NO_CHANCE)
    assert not model.score(np.array([0], np.int32)).any()
    with pytest.raises(DataError, match="at least 0"):
        RP3Beta().fit(make([(0, 0, 1), (1, 0, -1)]), rng=NO_CHANCE)
