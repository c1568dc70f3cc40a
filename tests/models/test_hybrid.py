"""Hybrid: its objective by a slow reference, the limit without features, and new items."""

from __future__ import annotations

import numpy as np
import pytest

from recsys_cli.data import Features, SideFeatures
from recsys_cli.errors import DataError
from recsys_cli.models._content import unit_rows
from recsys_cli.models.als import ALS
from recsys_cli.models.hybrid import Hybrid
from recsys_cli.seeding import generator
from tests.conftest import side_features


def train(data, features, **parameters):
    losses = []
    model = Hybrid(**parameters).fit(
        data,
        features=features,
        rng=generator(1, "model"),
        on_epoch=lambda _model, _epoch, loss: losses.append(loss),
    )
    return model, losses


def table(data, alpha):
    """Return preference and confidence of every pair."""
    strength = np.zeros((data.n_users, data.n_items))
    strength[data.user_idx, data.item_idx] = alpha * data.value
    return (strength > 0).astype(float), 1 + strength


def with_constant(features):
    return np.column_stack((unit_rows(features, "tf-idf").dense(), np.ones(len(features.ids))))


def ridge(rows, factors, size, reg):
    left = rows.T @ (size[:, None] * rows) + reg * np.eye(rows.shape[1])
    return np.linalg.solve(left, rows.T @ (size[:, None] * factors))


@pytest.mark.parametrize("nu", [0.0, 0.7])
def test_it_ends_where_its_objective_is_stationary(ratings, nu):
    features = side_features(ratings)
    settings = {"factors": 3, "reg": 2.0, "reg_features": 0.5, "nu": nu, "alpha": 0.3}
    model, losses = train(ratings, features, epochs=150, cg_steps=6, **settings)
    assert (np.diff(losses) <= 1e-6 * np.abs(losses[1:])).all()
    wanted, confidence = table(ratings, 0.3)
    p, q = (np.asarray(f, np.float64) for f in (model.user_factors_, model.item_factors_))
    sides = []
    for own, other, known, c, y in (
        (p, q, features.users, confidence, wanted),
        (q, p, features.items, confidence.T, wanted.T),
    ):
        size = ((c > 1).sum(1) + len(other) / 0.3) ** nu
        rows = with_constant(known)
        weights = ridge(rows, own, size, 0.5)
        mean = rows @ weights
        solved = [
            np.linalg.solve(
                other.T @ (c[r][:, None] * other) + 2 * size[r] * np.eye(3),
                other.T @ (c[r] * y[r]) + 2 * size[r] * mean[r],
            )
            for r in range(len(own))
        ]
        np.testing.assert_allclose(own, solved, atol=0.01)
        sides.append(2 * np.sum(size[:, None] * (own - mean) ** 2) + np.sum(weights**2))
    expected = np.sum(confidence * (wanted - p @ q.T) ** 2) + sum(sides)
    assert losses[-1] == pytest.approx(expected, rel=1e-4)


def test_projections_held_at_zero_leave_als(ratings):
    same = {"factors": 4, "epochs": 60, "reg": 3.0, "alpha": 0.5, "cg_steps": 5}
    hybrid, _ = train(ratings, side_features(ratings), reg_features=1e9, **same)
    als = ALS(**same).fit(ratings, rng=generator(1, "model"))
    users = np.arange(80, dtype=np.int32)
    np.testing.assert_allclose(hybrid.score(users), als.score(users), atol=0.02)
    np.testing.assert_allclose(
        hybrid.fold_in(ratings.csr).score(users), als.fold_in(ratings.csr).score(users), atol=0.02
    )


@pytest.fixture
def two_tastes(make):
    """40 users who like either even or odd items; the last four items have no interactions."""
    rng = np.random.default_rng(3)
    rows = [(u, int(i), 1.0) for u in range(40) for i in rng.permutation(18)[:12] * 2 + u % 2]
    data = make(rows, (40, 40))
    kinds = ["even" if i % 2 == 0 else "odd" for i in range(40)]
    return data, SideFeatures(items=Features(data.items, {"kind": kinds}))


def test_a_new_item_goes_to_those_who_like_its_features(two_tastes):
    data, features = two_tastes
    model, _ = train(data, features, factors=4, reg_features=0.1)
    new = np.arange(40) >= 36
    items, _ = model.recommend(np.arange(40, dtype=np.int32), 2, candidates=new)
    np.testing.assert_array_equal(items % 2, (np.arange(40) % 2)[:, None].repeat(2, 1))
    similar, _ = model.similar_items(np.array([37], np.int32), 10)
    assert (similar >= 0).all()
    assert (similar % 2 == 1).all()


def test_only_items_with_interactions_count_as_unobserved_for_a_new_user(two_tastes):
    data, features = two_tastes
    model, _ = train(data, features, factors=4, cg_steps=20, epochs=80)
    again = model.fold_in(data.csr).score(np.arange(40, dtype=np.int32))
    np.testing.assert_allclose(again, model.score(np.arange(40, dtype=np.int32)), atol=0.01)


def test_either_side_must_describe_someone_who_interacts(make):
    data = make([(0, 0, 1.0)], (2, 3))
    sides = side_features(data)  # those of the first user and of the first item are not known
    good = Features(data.items, {"kind": ["a", "", ""]})
    with pytest.raises(DataError, match="none of the 1 items"):
        train(data, SideFeatures(items=sides.items))
    with pytest.raises(DataError, match=r"none of the 1 users.*\n.*dataset\.users\.id"):
        train(data, SideFeatures(users=sides.users, items=good))


def test_bad_and_poor_input(make):
    one = make([(0, 0, 1.0)], (2, 3))
    with pytest.raises(DataError, match="no features"):
        Hybrid().fit(one, rng=generator(1, "model"))
    few = SideFeatures(items=Features(one.items, {"kind": ["a", "", ""]}))
    model, _ = train(one, few, factors=50, epochs=2)
    assert np.isfinite(model.score(np.array([0, 1], np.int32))).all()
