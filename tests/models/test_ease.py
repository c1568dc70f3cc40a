from __future__ import annotations

import numpy as np
import pytest

from recsys_cli.errors import DataError, OutOfResources
from recsys_cli.models import ease
from recsys_cli.models.ease import EASE


def fit(data, **parameters):
    losses = []
    model = EASE(**parameters)
    model.fit(
        data,
        rng=np.random.default_rng(0),
        on_epoch=lambda model, epoch, loss: losses.append(loss) is None and False,
    )
    return model, losses[0]


def dense(data, *, binarise):
    x = np.zeros((data.n_users, data.n_items))
    x[data.user_idx, data.item_idx] = 1 if binarise else data.value
    return x


@pytest.mark.parametrize("binarise", [True, False])
def test_each_column_is_the_ridge_regression_on_all_other_items(ratings, binarise):
    model, loss = fit(ratings, reg=7.0, binarise=binarise)
    x, total = dense(ratings, binarise=binarise), 0.0
    for j in range(60):
        others = np.delete(np.arange(60), j)
        left = x[:, others].T @ x[:, others] + 7 * np.eye(59)
        column = np.linalg.solve(left, x[:, others].T @ x[:, j])
        np.testing.assert_allclose(model.item_weights_[others, j], column, atol=1e-6)
        total += np.sum((x[:, j] - x[:, others] @ column) ** 2) + 7 * np.sum(column**2)
    assert not model.item_weights_.diagonal().any()
    assert loss == pytest.approx(total, rel=1e-9)
    users = np.arange(80, dtype=np.int32)
    np.testing.assert_allclose(model.score(users), x @ model.item_weights_, atol=2e-5)


def test_items_bought_together_are_similar_and_lonely_ones_weigh_nothing(make):
    pairs = [(u, i, 1.0) for u in range(20) for i in ((0, 1) if u % 2 else (2, 3))]
    model, _ = fit(make(pairs, (20, 5)), reg=1.0)
    items, weights = model.similar_items(np.array([0, 3, 4], np.int32), 1)
    assert items[:, 0].tolist() == [1, 2, -1]
    assert (weights[:2] > 0.8).all()
    assert not model.item_weights_[4].any()
    assert not model.item_weights_[:, 4].any()


def test_one_item_alone_has_a_score(make):
    model, _ = fit(make([(0, 0, 5.0), (1, 0, 3.0)]))
    assert model.score(np.array([0], np.int32)).tolist() == [[0]]


def test_values_beyond_what_can_be_inverted_are_an_error(make):
    rows = [(u, i, 1e9 * (1 + i)) for u in range(9) for i in range(4)]
    with pytest.raises(DataError, match="raise reg"):
        fit(make(rows), reg=1e-6, binarise=False)


def test_more_items_than_memory_holds_are_refused_before_any_work():
    with pytest.raises(OutOfResources, match="8,000,000,000 GB"):
        ease._refuse_too_many(10**9)
