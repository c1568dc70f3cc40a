"""Own models and the libraries' agree within noise on the same split at the same settings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from recsys_cli import experiment
from recsys_cli.data import Interactions, Split
from recsys_cli.evaluation import Evaluation, Evaluator, estimate
from recsys_cli.listener import Listener
from recsys_cli.models import MODELS
from recsys_cli.seeding import generator
from recsys_cli.spec import ExperimentSpec
from recsys_cli.specfile import loads
from recsys_cli.statistics import paired_test

RANKING = """
name: ranking
dataset: {name: synthetic, prepare: [{name: min-value, value: 4}]}
split: {name: leave-last, n: 1}
model: {name: popular}
"""
RATINGS = """
name: ratings
dataset: {name: synthetic}
split: {name: random, test: 0.2}
model: {name: bias}
evaluation: {metrics: [rmse]}
"""


def _split(text: str) -> tuple[ExperimentSpec, Split]:
    spec = loads(text)
    dataset = experiment.prepare(spec, Listener()).dataset
    return spec, next(experiment.splits(spec, dataset))


def _evaluate(spec: ExperimentSpec, split: Split, name: str, **parameters: Any) -> Evaluation:
    model = MODELS.get(name)(**parameters).fit(split.train, rng=generator(1, "model"))
    return Evaluator(split, spec.evaluation).evaluate(model)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("own", "theirs"),
    [
        ({"name": "als", "epochs": 15}, {"name": "implicit-als", "epochs": 15}),
        # The library draws negatives by popularity and starts with small factors (see the
        # docstring of implicit-bpr).
        (
            {"name": "bpr", "negatives": "popular", "beta": 1.0, "init_std": 0.01}
            | {f"reg_{what}": 0.05 for what in ("user", "item", "bias")}
            | {"lr": 0.02, "epochs": 20},
            {"name": "implicit-bpr", "lr": 0.02, "reg": 0.05, "epochs": 20},
        ),
    ],
)
def test_own_and_library_rank_alike(own: dict[str, Any], theirs: dict[str, Any]) -> None:
    spec, split = _split(RANKING)
    found = [_evaluate(spec, split, **one, factors=32) for one in (own, theirs)]
    test = paired_test(*(estimate("ndcg@10", one.per_user) for one in found))
    assert test.p_value is not None
    # Significantly worse would be a defect; better is allowed.
    assert test.difference > 0 or test.p_value > 0.01


@pytest.mark.slow
def test_mf_set_up_as_surprise_svd_predicts_as_well() -> None:
    spec, split = _split(RATINGS)
    shared = {"factors": 20, "epochs": 20, "lr": 0.005}
    regs = {f"reg_{what}": 0.02 for what in ("user", "item", "user_bias", "item_bias")}
    own = _evaluate(spec, split, "mf", **shared, **regs, nu=1.0, lr_decay=1.0, init_std=0.1)
    theirs = _evaluate(spec, split, "surprise-svd", **shared, reg=0.02)
    assert own.metrics["rmse"].value == pytest.approx(theirs.metrics["rmse"].value, abs=0.005)


@pytest.mark.slow
def test_svdpp_set_up_as_surprise_svdpp_predicts_as_well() -> None:
    spec, split = _split(RATINGS)
    shared = {"factors": 20, "epochs": 20, "lr": 0.007}
    regs = {f"reg_{what}": 0.02 for what in ("user", "item", "implicit", "user_bias", "item_bias")}
    own = _evaluate(spec, split, "svdpp", **shared, **regs, nu=1.0, lr_decay=1.0, init_std=0.1)
    theirs = _evaluate(spec, split, "surprise-svdpp", **shared, reg=0.02)
    assert own.metrics["rmse"].value < theirs.metrics["rmse"].value + 0.005


@pytest.mark.slow
def test_bias_set_up_as_surprise_baseline_is_the_same_model() -> None:
    spec, split = _split(RATINGS)
    regs = {"reg_user": 15.0, "reg_item": 10.0}
    own = _evaluate(spec, split, "bias", epochs=10, **regs)
    theirs = _evaluate(spec, split, "surprise-baseline", **regs)
    assert own.metrics["rmse"].value == pytest.approx(theirs.metrics["rmse"].value, abs=1e-5)


@pytest.mark.parametrize(
    ("theirs", "similarity", "weighting"),
    [
        ("implicit-cosine", "cosine", "none"),
        ("implicit-tfidf", "cosine", "tf-idf"),
        ("implicit-bm25", "dot", "bm25"),
    ],
)
@pytest.mark.parametrize("neighbours", [60, 12])
def test_item_knn_with_lists_of_the_history_ranks_as_implicit_does(
    ratings: Interactions, theirs: str, similarity: str, weighting: str, neighbours: int
) -> None:
    users = np.arange(ratings.n_users, dtype=np.int32)
    ways = {"target": "implicit", "similarity": similarity, "weighting": weighting}
    ours = {**ways, "lists": "history", "neighbours": neighbours}
    lists = []
    # The library counts an item among its own neighbours.
    for name, parameters in (("item-knn", ours), (theirs, {"neighbours": neighbours + 1})):
        model = MODELS.get(name)(**parameters)
        model.fit(ratings, rng=generator(1, "model"))
        lists.append(model.recommend(users, 10, exclude=ratings.csr))
    np.testing.assert_allclose(lists[0][1], lists[1][1], rtol=1e-4)
    assert np.mean(lists[0][0] == lists[1][0]) > 0.99
