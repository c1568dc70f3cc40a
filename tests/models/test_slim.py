from __future__ import annotations

import numpy as np
import pytest

from recsys_cli.errors import DataError
from recsys_cli.models import MODELS, slim
from recsys_cli.models.slim import SLIM


def fit(data, **parameters):
    losses = []
    model = SLIM(**{"l1": 2.0, "l2": 3.0, "tolerance": 1e-7} | parameters)
    model.fit(
        data,
        rng=np.random.default_rng(0),
        on_epoch=lambda model, epoch, loss: losses.append(loss) is None and False,
    )
    return model, losses[0]


def weights(model):
    return model._weights(np.arange(len(model.item_counts_)))


def elastic_net(x, j, l1, l2, *, negative, allowed=None):
    """Coordinate descent with residuals, one plain pass after the other."""
    w, rest = np.zeros(x.shape[1]), x[:, j].copy()
    for _ in range(3000):
        before = w.copy()
        for i in np.arange(x.shape[1]) if allowed is None else allowed:
            square = x[:, i] @ x[:, i]
            if i == j or not square:
                continue
            whole = x[:, i] @ rest + square * w[i]
            new = np.sign(whole) * max(abs(whole) - l1, 0) / (square + l2)
            new = new if negative else max(new, 0)
            rest += x[:, i] * (w[i] - new)
            w[i] = new
        if np.abs(w - before).max() < 1e-7:
            break
    return w


def dense(data, *, binarise=True):
    x = np.zeros((data.n_users, data.n_items))
    x[data.user_idx, data.item_idx] = 1 if binarise else data.value
    return x


@pytest.mark.parametrize("l2", [0.0, 3.0])
@pytest.mark.parametrize(("negative", "binarise"), [(False, True), (True, False)])
def test_each_column_is_the_elastic_net(ratings, l2, negative, binarise):
    options = {"non_negative": not negative, "binarise": binarise}
    model, loss = fit(ratings, l2=l2, **options)
    x, found = dense(ratings, binarise=binarise), weights(model)
    for j in (0, 42):
        w = elastic_net(x, j, 2.0, l2, negative=negative)
        np.testing.assert_allclose(found[:, j], w, atol=1e-4)
    rest = np.sum((x - x @ found) ** 2) / 2
    assert loss == pytest.approx(
        rest + 2 * np.abs(found).sum() + l2 / 2 * np.sum(found**2), rel=1e-6
    )
    assert (found < 0).any() == negative
    users = np.arange(80, dtype=np.int32)
    np.testing.assert_allclose(model.score(users), x @ found, atol=1e-4)


def test_optimality_conditions_hold_at_the_default_tolerance(ratings):
    model, _ = fit(ratings, tolerance=1e-5)
    x, w = dense(ratings), weights(model).astype(float)
    slope = x.T @ (x - x @ w) - 3 * w
    np.fill_diagonal(slope, 0)
    np.testing.assert_allclose(slope[w > 0], 2, atol=0.01)
    assert (slope[w == 0] <= 2.01).all()


def test_rows_of_the_gramian_that_are_not_held_change_nothing(ratings, monkeypatch):
    whole, loss = fit(ratings)
    monkeypatch.setattr(slim, "_HELD", 4 * 60 * 7)
    partly, same = fit(ratings)
    assert same == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose(weights(partly), weights(whole), atol=1e-6)


def test_only_the_nearest_items_may_have_a_weight(ratings):
    model, _ = fit(ratings, neighbours=6)
    x, found = dense(ratings), weights(model)
    gram = x.T @ x
    cosine = gram / np.sqrt(np.outer(gram.diagonal(), gram.diagonal()))
    np.fill_diagonal(cosine, -1)
    for j in (0, 31, 59):
        nearest = np.argsort(-cosine[:, j], kind="stable")[:6]
        assert set(np.flatnonzero(found[:, j])) <= set(nearest)
        w = elastic_net(x, j, 2.0, 3.0, negative=False, allowed=nearest)
        np.testing.assert_allclose(found[:, j], w, atol=1e-4)


def test_so_large_an_l1_that_nothing_remains_is_sound(make):
    data = make([(0, 0, 1.0), (1, 0, 1.0), (1, 1, 1.0)], (3, 4))
    model, loss = fit(data, l1=50.0)
    assert len(model.weights_data_) == 0
    assert loss == 1.5
    assert not model.score(np.arange(2, dtype=np.int32)).any()


@pytest.mark.parametrize("name", ["ease", "slim"])
def test_values_whose_squares_overflow_are_an_error(make, name):
    data = make([(u, i, 1e30) for u in range(9) for i in range(4)])
    model = MODELS.get(name)(binarise=False)
    with pytest.raises(DataError, match="too large"):
        model.fit(data, rng=np.random.default_rng(0))
