"""Ensembles: the three blends by a slow reference, weights that are found, what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from recsys_cli.data import CSR, SideFeatures
from recsys_cli.models._blend import held_back, ranking_weights, rating_weights
from recsys_cli.models.bias import BiasConfig
from recsys_cli.models.ensemble import Ensemble, EnsembleConfig
from recsys_cli.models.popular import PopularConfig
from recsys_cli.seeding import generator
from tests.conftest import side_features

USERS = np.arange(80, dtype=np.int32)
RANKERS = [{"name": "als", "factors": 4, "epochs": 3}, {"name": "content"}]
RATERS = [{"name": "bias"}, {"name": "mf", "factors": 4, "epochs": 5}]


@pytest.fixture
def fitted(ratings):
    def fit(models, **parameters):
        return Ensemble(models=models, **parameters).fit(
            ratings, features=side_features(ratings), rng=generator(1, "model")
        )

    return fit


def ranks(row):
    return np.array([1 + (row > score).sum() for score in row])


@pytest.mark.parametrize("blend", ["linear", "z-score", "rank"])
def test_the_blends_by_a_slow_reference(fitted, blend):
    model = fitted(RANKERS, blend=blend, weights=[2.0, 0.5])
    expected = 0
    for member, weight in zip(model.members_.values(), (2.0, 0.5), strict=True):
        s = member.score(USERS).astype(np.float64)
        if blend == "z-score":
            s = (s - s.mean(axis=1, keepdims=True)) / s.std(axis=1, keepdims=True)
        if blend == "rank":
            s = np.array([1 / (60 + ranks(row)) for row in s])
        expected = expected + weight * s
    np.testing.assert_allclose(model.score(USERS), expected, rtol=1e-4, atol=1e-5)


def test_equal_scores_have_no_say(fitted):
    models = [{"name": "content"}, {"name": "popular"}]
    model = fitted(models, weights=[1.0, 1.0])
    alone = model.members_["m1"].score(USERS[:1])
    # Item 0 is all there is to this history, and it has no features.
    history = CSR(np.array([0, 1]), np.zeros(1, np.int32), np.ones(1, np.float32), 60)
    cold = model.fold_in(history)
    expected = (alone - alone.mean()) / alone.std()
    np.testing.assert_allclose(cold.score(USERS[:1]), expected, rtol=1e-5)


@pytest.fixture
def one_new(ratings):
    """Fit on ratings of which item 59 has none left; return it and a history of that item alone."""

    def fit(models, **parameters):
        model = Ensemble(models=models, **parameters).fit(
            ratings.take(ratings.item_idx < 59),
            features=side_features(ratings),
            rng=generator(1, "model"),
        )
        history = CSR(np.array([0, 1]), np.full(1, 59, np.int32), np.full(1, 4, np.float32), 60)
        return model, model.fold_in(history)

    return fit


@pytest.mark.parametrize("blend", ["linear", "z-score", "rank"])
def test_a_member_to_which_a_user_is_cold_has_no_say(one_new, blend):
    _, folded = one_new(RANKERS, blend=blend, weights=[1.0, 1.0])  # als knows no item 59
    content = folded.members_["m1"].score(USERS[:1])[0]
    assert content.std() > 0
    order = np.argsort(-content, kind="stable")
    np.testing.assert_array_equal(folded.recommend(USERS[:1], 60)[0][0], order)
    history = CSR(np.array([0, 1]), np.full(1, 59, np.int32), np.full(1, 4, np.float32), 60)
    if blend != "rank":
        base, parts = folded.explain(0, np.arange(60, dtype=np.int32), history)
        scores = folded.score(USERS[:1])[0]
        np.testing.assert_allclose(base + parts.sum(axis=1), scores, atol=1e-5)


def test_a_user_cold_to_all_members_that_count_gets_the_popular_items(one_new):
    model, folded = one_new(RANKERS, weights=[1.0, 0.0])
    np.testing.assert_array_equal(folded.score(USERS[:1])[0], model.item_counts_)


class Told:
    """A member that predicts, and scores by, what it was told."""

    def __init__(self, table):
        self.table = table

    def predict(self, user_idx, item_idx, timestamp=None):
        return self.table[user_idx, item_idx]

    def score(self, user_idx):
        return self.table[user_idx]

    def is_cold(self, user_idx):
        return user_idx < 0


def test_rating_weights_are_the_least_squares_ones(ratings):
    rng = np.random.default_rng(2)
    a, b, c = rng.normal(3, 1, (3, 80, 60)).astype(np.float32)
    truth = (0.3 * a + 0.9 * b)[ratings.user_idx, ratings.item_idx]
    held = replace(ratings, value=truth, scale=None)
    weights = rating_weights([Told(a), Told(b), Told(c)], held)
    np.testing.assert_allclose(weights, [0.3, 0.9, 0], atol=1e-5)


@pytest.mark.parametrize("blend", ["linear", "z-score", "rank"])
def test_ranking_weights_prefer_the_model_that_knows(ratings, blend):
    held = held_back(ratings, 0.2, np.random.default_rng(0))
    known, rest = ratings.take(~held), ratings.take(held)
    noise, truth = np.random.default_rng(1).normal(0, 1, (2, 80, 60)).astype(np.float32)
    truth[rest.user_idx, rest.item_idx] += 2
    rng = np.random.default_rng(3)
    weights = ranking_weights([Told(noise), Told(truth)], known, rest, blend, 20, rng)
    assert weights.sum() == pytest.approx(1)
    assert weights[1] > 0.7


def test_what_is_held_back_leaves_each_user_something(ratings):
    held = held_back(ratings, 0.5, np.random.default_rng(0))
    assert 0.4 < held.mean() < 0.6
    np.testing.assert_array_equal(ratings.take(~held).user_counts > 0, ratings.user_counts > 0)


def test_a_blend_of_ratings_predicts_no_worse_than_its_members(fitted, ratings):
    model = fitted(RATERS, validation=0.2)
    assert model.feedback == "explicit"
    pairs = (ratings.user_idx, ratings.item_idx)
    members = [member.predict(*pairs) for member in model.members_.values()]
    expected = model.weights_ @ np.array(members)
    np.testing.assert_allclose(model.predict(*pairs), expected, rtol=1e-5)
    errors = [np.mean((p - ratings.value) ** 2) for p in (model.predict(*pairs), *members)]
    assert errors[0] < 1.02 * min(errors[1:])


def test_what_it_can_do_follows_from_its_models_and_its_blend(fitted):
    assert Ensemble(models=RATERS).predicts_ratings
    assert not Ensemble(models=RATERS, blend="z-score").predicts_ratings
    assert not Ensemble(models=[RATERS[0], RANKERS[0]]).predicts_ratings
    assert Ensemble(models=RANKERS).scores_new_items
    assert Ensemble(models=RATERS).uses_weights
    assert not Ensemble(models=RANKERS).uses_weights
    assert Ensemble(models=RANKERS).deterministic
    assert hasattr(fitted(RANKERS, weights=[1.0, 1.0]), "explain")
    assert not hasattr(fitted(RANKERS, weights=[1.0, 1.0], blend="rank"), "explain")
    assert not hasattr(fitted([RANKERS[0], {"name": "popular"}], weights=[1.0, 1.0]), "explain")


def test_users_with_one_rating_give_equal_weights(make):
    data = make([(u, u % 3, 1.0 + u % 5) for u in range(9)], scale=(1, 5))
    model = Ensemble(models=[{"name": "bias"}, {"name": "mf", "factors": 2}])
    model.fit(data, features=SideFeatures(), rng=generator(1, "model"))
    assert model.weights_.tolist() == [0.5, 0.5]
    assert np.isfinite(model.score(np.arange(9, dtype=np.int32))).all()


def test_ensembles_nest_and_load(fitted):
    inner = {"name": "switch", "cold": {"name": "popular"}, "warm": RANKERS[0]}
    model = fitted([inner, {"name": "ensemble", "models": RANKERS}], blend="rank")
    loaded = Ensemble.from_arrays(model.config, model.arrays())
    np.testing.assert_array_equal(loaded.score(USERS), model.score(USERS))
    assert model.config == EnsembleConfig.model_validate_json(model.config.model_dump_json())


def test_the_weights_found_are_told_by_the_name_of_their_model(fitted):
    models = [{"name": "als", "factors": factors, "epochs": 2} for factors in (2, 4)]
    model = fitted([*models, {"name": "popular"}])
    labels = ["weight of als 1", "weight of als 2", "weight of popular"]
    assert model.findings() == dict(zip(labels, model.weights_.tolist(), strict=True))
    assert fitted(RANKERS, weights=[1.0, 2.0]).findings() == {}  # the spec has them


def test_what_members_found_is_told_too(ratings, fitted):
    model = fitted([{"name": "svd", "factors": 2}, {"name": "popular"}], weights=[1.0, 1.0])
    svd = model.members_["m0"]
    total = np.linalg.norm(ratings.value)
    left = total**2 - np.sum(svd.singular_values_**2)
    found = {"svd: error": left**0.5, "svd: relative error": left**0.5 / total}
    assert model.findings() == pytest.approx(found, rel=1e-4)


@pytest.mark.parametrize("weights", [[1.0], [0.0, 0.0], [1.0, -1.0]])
def test_weights_must_fit_the_models(weights):
    with pytest.raises(ValidationError, match=r"weights|greater"):
        EnsembleConfig(models=[PopularConfig(), BiasConfig()], weights=weights)
