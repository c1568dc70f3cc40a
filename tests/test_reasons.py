"""Reasons: which items of the history carry a recommendation, and by what share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from recsys_cli import experiment, reasons
from recsys_cli.byhand import ByHand
from recsys_cli.errors import SpecError
from recsys_cli.listener import SILENT
from recsys_cli.prepare.min_value import MinValue
from recsys_cli.runs import Store
from recsys_cli.serving import Recommender
from recsys_cli.spec import ExperimentSpec


def recommender(tmp_path_factory, model: str, **parameters: Any) -> Recommender:
    spec = ExperimentSpec.model_validate(
        {
            "name": model,
            "dataset": {"name": "synthetic", "users": 60, "items": 50, "interactions": 1500},
            "split": {"name": "user-holdout"},
            "model": {"name": model, **parameters},
        }
    )
    store = Store(tmp_path_factory.mktemp("runs"))
    return Recommender(experiment.train(spec, store, SILENT, argv=[]).fold())


@pytest.fixture(scope="module")
def als(tmp_path_factory) -> Recommender:
    return recommender(tmp_path_factory, "als")


HISTORY = {"3": 5.0, "7": 1.0, "9": 4.0, "20": 2.0}


@pytest.fixture(scope="module")
def svdpp(tmp_path_factory) -> Recommender:
    return recommender(tmp_path_factory, "svdpp")


def trained_on(recommender: Recommender) -> np.ndarray:
    model, _ = recommender.ranker.serving(np.arange(recommender.catalog.n_users, dtype=np.int32))
    return model.user_counts_ > 0


def trained_user(recommender: Recommender) -> str:
    return recommender.catalog.users[int(np.argmax(trained_on(recommender)))]


def test_parts_and_base_add_up_to_the_score_and_shares_to_one(als):
    found = reasons.for_history(als, HISTORY, 10, top=10)
    assert found.items and [vars(one)["item"] for one in found.items] == [
        one.item for one in als.for_history(HISTORY, 10).items
    ]
    negative = 0
    for one in found.items:
        parts = [reason.part for reason in one.because]
        assert parts == sorted(parts, reverse=True) and min(parts) > 0
        assert {reason.item for reason in one.because} <= set(HISTORY)
        assert all(reason.title == als.title(reason.item) for reason in one.because)
        assert all(reason.share == reason.part / one.score for reason in one.because)
        assert one.base == 0 and one.rest == pytest.approx(0, abs=1e-5)
        assert one.carried == pytest.approx(one.score, abs=1e-5)
        if len(parts) == len(HISTORY):
            assert one.base + sum(parts) == pytest.approx(one.score, abs=1e-4)
            assert sum(reason.share for reason in one.because) == pytest.approx(1)
        else:
            negative += 1
            assert one.base + sum(parts) > one.score
            assert sum(reason.share for reason in one.because) > 1
    assert negative < len(found.items)


def test_what_the_history_does_not_carry_is_told(svdpp):
    (user,) = reasons.for_users(svdpp, [trained_user(svdpp)], 10, top=100)
    by_hand = reasons.for_history(svdpp, HISTORY, 10, top=4)
    for one in [*user.items, *by_hand.items]:
        assert one.base + one.carried + one.rest == pytest.approx(one.score, abs=1e-9)
        assert one.base > 1
        assert sum(reason.part for reason in one.because) >= one.carried
    assert max(abs(one.rest) for one in user.items) > 1e-3
    assert max(abs(one.rest) for one in by_hand.items) < 1e-5


@pytest.mark.parametrize(
    ("carried", "score", "own"),
    [(0.01, 4.3, True), (-0.2, 4.3, True), (0.3, 4.3, False), (0.0, 4.3, False), (0.1, -4.0, True)],
)
def test_a_score_is_the_item_s_own_where_the_history_adds_next_to_nothing(carried, score, own):
    one = reasons.Explained("7", None, score, None, None, score - carried, carried, 0.0, [])
    assert one.is_own == own


def test_a_score_that_is_not_above_zero_has_no_shares(als, monkeypatch):
    plain = als.for_history(HISTORY, 5)
    low = replace(plain, items=[replace(one, score=0.0) for one in plain.items])
    monkeypatch.setattr(als, "for_history", lambda history, k: low)
    found = reasons.for_history(als, HISTORY, 5, top=3)
    assert {reason.share for one in found.items for reason in one.because} == {None}


def test_what_never_reached_the_model_is_no_reason(als, monkeypatch):
    filters = [MinValue(value=3)]
    monkeypatch.setattr(als, "_by_hand", ByHand(als.model, als.catalog.scale, filters))
    found = reasons.for_history(als, HISTORY, 5, top=9)
    assert found.note == "min-value (value 3) drops 2 of 4 items of the history: 7, 20"
    assert {reason.item for one in found.items for reason in one.because} == {"3", "9"}
    low = reasons.for_history(als, {"7": 1.0}, 5, top=9)
    assert all(one.because == [] and one.base == one.score for one in low.items)


def test_top_keeps_the_strongest(als):
    all_, two = (reasons.for_history(als, HISTORY, 5, top=top).items for top in (9, 2))
    assert [one.because for one in two] == [one.because[:2] for one in all_]


def test_users_keep_their_lists_and_are_explained_by_their_own_history(als):
    catalog = als.catalog
    trained = trained_on(als)
    ids = [trained_user(als), catalog.users[int(np.argmin(trained))], "nobody"]
    found = reasons.for_users(als, ids, 4, top=3)
    plain = als.for_users(ids, 4)
    for user, one, other in zip(ids, found, plain, strict=True):
        assert one.note == other.note and one.user == user
        assert [(i.item, i.score) for i in one.items] == [(i.item, i.score) for i in other.items]
    for user, one in zip(ids[:2], found, strict=False):
        row = catalog.history(catalog.users.index([user]))
        known = {catalog.items[i] for i in row.indices.tolist()}
        assert all({reason.item for reason in item.because} <= known for item in one.items)
        assert all(len(item.because) == 3 for item in one.items)
    assert "unknown" in found[2].note
    assert all(item.because == [] and item.base == item.score for item in found[2].items)
    assert all(item.carried == item.rest == 0 for item in found[2].items)


def test_a_model_that_cannot_explain_names_some_that_can(tmp_path_factory):
    popular = recommender(tmp_path_factory, "popular")
    for ask in (
        lambda: reasons.for_users(popular, ["1"], 3, 3),
        lambda: reasons.for_history(popular, HISTORY, 3, 3),
    ):
        with pytest.raises(SpecError, match=r"popular cannot say(.|\n)*these can: .*als"):
            ask()


POPULAR, ALS = {"name": "popular"}, {"name": "als", "factors": 2, "epochs": 1}
SWITCH = {"name": "switch", "cold": POPULAR, "warm": ALS}


@pytest.mark.parametrize(
    ("models", "blend", "unable"),
    [
        ([ALS, ALS], "rank", "blend: rank"),
        ([ALS, POPULAR], "z-score", "popular"),
        ([SWITCH, POPULAR], "rank", "blend: rank, popular"),
    ],
)
def test_what_keeps_a_model_of_models_from_explaining_is_named(
    tmp_path_factory, models, blend, unable
):
    made = recommender(tmp_path_factory, "ensemble", models=models, blend=blend, weights=[1.0, 1.0])
    with pytest.raises(SpecError) as raised:
        reasons.for_history(made, HISTORY, 3, 3)
    assert raised.value.message.endswith(f"recommendation, for these cannot: {unable}")
    assert raised.value.hint and raised.value.hint.startswith("these can: als, ")
    assert raised.value.hint.endswith("; by what they are made of: ensemble, switch")
