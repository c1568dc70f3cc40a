"""Serving from a run folder: what is known, what is new, what is left out."""

from __future__ import annotations

import numpy as np
import pytest

from recsys_cli import experiment, saved
from recsys_cli.errors import NotFound, SpecError
from recsys_cli.listener import SILENT
from recsys_cli.runs import Run, Store
from recsys_cli.serving import Recommender
from recsys_cli.spec import ExperimentSpec

MODELS = {
    "als": {"name": "als", "factors": 8, "epochs": 5},
    "mf": {"name": "mf", "factors": 8, "epochs": 10},
    "bpr": {"name": "bpr", "factors": 8, "epochs": 10},
    "popular": {"name": "popular"},
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict[str, Run]:
    store = Store(tmp_path_factory.mktemp("runs"))
    return {
        name: experiment.train(
            ExperimentSpec.model_validate(
                {
                    "name": name,
                    "dataset": {
                        "name": "synthetic",
                        "users": 60,
                        "items": 50,
                        "interactions": 1500,
                    },
                    "split": {"name": "user-holdout", "validation": 0.1},
                    "model": model,
                }
            ),
            store,
            SILENT,
            argv=[],
        )
        for name, model in MODELS.items()
    }


def trained_on(recommender: Recommender) -> np.ndarray:
    """Return whether each user has training interactions."""
    model, _ = recommender.ranker.serving(np.arange(recommender.catalog.n_users, dtype=np.int32))
    return model.user_counts_ > 0


def users(recommender: Recommender) -> tuple[list[str], list[str], list[str]]:
    """Return the ids of users trained on, held out with a history, and held out without."""
    ids = recommender.catalog.users.ids
    known = np.diff(recommender.catalog.history(np.arange(len(ids), dtype=np.int32)).indptr) > 0
    trained = trained_on(recommender)
    groups = (trained, known & ~trained, ~known)
    return tuple([ids[i] for i in np.flatnonzero(group)] for group in groups)  # type: ignore


@pytest.mark.parametrize("name", MODELS)
def test_nothing_seen_is_recommended_be_it_training_history_or_validation(runs, name):
    recommender = Recommender(runs[name].fold())
    ids = recommender.catalog.users.ids
    index = np.arange(len(ids), dtype=np.int32)
    seen = recommender.catalog.seen(index)
    for row, found in enumerate(recommender.for_users(ids, 50)):
        theirs = seen.indices[seen.indptr[row] : seen.indptr[row + 1]]
        known = {recommender.catalog.items[i] for i in theirs}
        listed = [one.item for one in found.items]
        assert not known & set(listed) and len(listed) == len(set(listed))
        assert len(listed) + len(known) <= 50


@pytest.mark.parametrize("name", MODELS)
def test_one_user_alone_gets_what_it_gets_among_others(runs, name):
    recommender = Recommender(runs[name].fold())
    asked = [group[0] for group in users(recommender) if group] + ["nobody"]
    together = recommender.for_users(asked, 5)
    for user, found in zip(asked, together, strict=True):
        (alone,) = recommender.for_users([user], 5)
        assert [one.item for one in alone.items] == [one.item for one in found.items]
        assert [one.score for one in alone.items] == pytest.approx(
            [one.score for one in found.items], rel=1e-4
        )


@pytest.mark.parametrize("name", ["als", "mf", "bpr"])
def test_few_users_are_read_alone_and_get_what_they_get_of_the_whole_model(runs, name, monkeypatch):
    few, whole = (Recommender(runs[name].fold()) for _ in range(2))
    asked = ["nobody", *(group[-1] for group in users(whole) if group)]
    found = [few.for_users([user], 5) for user in asked]
    assert len(few.model.user_counts_) == 0
    monkeypatch.setattr(saved, "_FEW", 0)
    assert [whole.for_users([user], 5) for user in asked] == found
    assert len(whole.ranker.serving(np.zeros(1, np.int32))[0].user_counts_) == 60


def test_only_an_unknown_user_is_noted(runs):
    recommender = Recommender(runs["als"].fold())
    trained, held_out, _ = users(recommender)
    assert held_out
    found = recommender.for_users([trained[0], held_out[0], "nobody"], 3)
    assert [one.note is None for one in found] == [True, True, False]


def test_a_history_by_hand_leaves_its_items_out_unless_told(runs):
    history = {"3": 5.0, "7": 4.0}
    listed = Recommender(runs["als"].fold()).for_history(history, 50)
    assert not {"3", "7"} & {one.item for one in listed.items}
    kept = Recommender(runs["als"].fold(), exclude_seen=False).for_history(history, 50)
    assert {"3", "7"} <= {one.item for one in kept.items}


def test_k_beyond_the_items_costs_no_memory(runs):
    recommender = Recommender(runs["als"].fold(), exclude_seen=False)
    assert recommender.ranker.top(np.zeros(2, np.int32), 10**12)[0].shape == (2, 50)
    assert len(recommender.similar("3", 10**12)) == 49
    assert {len(items) for items in recommender.factors(10**12)} == {50}


def test_what_is_unknown_is_told_with_the_nearest(runs):
    recommender = Recommender(runs["als"].fold())
    recommender.require(["1", "2"])
    with pytest.raises(NotFound, match='no user "601"') as raised:
        recommender.require(["1", "601"])
    assert raised.value.hint is not None and "60" in raised.value.hint
    with pytest.raises(NotFound, match='no item "x"'):
        recommender.for_history({"x": 1.0}, 3)
    with pytest.raises(SpecError, match="outside 1 … 5"):
        recommender.for_history({"3": 1e300}, 3)


def test_ratings_are_clipped_as_in_evaluation_and_ranked_by_what_is_not(runs):
    recommender = Recommender(runs["mf"].fold())
    recommender.model.item_bias_ = recommender.model.item_bias_ * 50
    trained, *_ = users(recommender)
    (found,) = recommender.for_users(trained[:1], 50)
    scores = [one.score for one in found.items]
    assert scores == sorted(scores, reverse=True) and max(scores) > 5 and min(scores) < 1
    assert [one.rating for one in found.items] == pytest.approx(np.clip(scores, 1, 5), abs=1e-4)
    assert {one.std for one in found.items} == {None}


def test_an_unknown_user_is_ranked_by_popularity_and_told_ratings(runs):
    (found,) = Recommender(runs["mf"].fold()).for_users(["nobody"], 5)
    (popular,) = Recommender(runs["popular"].fold()).for_users(["nobody"], 5)
    assert [one.score for one in found.items] == [one.score for one in popular.items]
    assert all(one.score > 5 and 1 <= one.rating <= 5 for one in found.items)
    assert {one.rating for one in popular.items} == {None}


def test_a_model_of_ratings_needs_the_rating_of_each_item_of_a_history(runs):
    with pytest.raises(SpecError, match='item "3" has no value'):
        Recommender(runs["mf"].fold()).for_history({"3": None}, 3)
    liked = Recommender(runs["als"].fold())
    assert liked.for_history({"3": None}, 3) == liked.for_history({"3": 5.0}, 3)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Recommender:
    """Liked items alone, of which a fifth are held out, so that training knows nothing of them."""
    filters = [{"name": "core", "users": 2}, {"name": "min-value", "value": 4, "binarise": True}]
    data = {"name": "synthetic", "users": 60, "items": 50, "interactions": 1500}
    spec = {
        "name": "prepared",
        "dataset": data | {"prepare": filters},
        "split": {"name": "item-holdout"},
        "model": MODELS["als"],
    }
    store = Store(tmp_path_factory.mktemp("prepared"))
    spec = ExperimentSpec.model_validate(spec)
    return Recommender(experiment.train(spec, store, SILENT, argv=[]).fold())


def warm(recommender: Recommender) -> list[str]:
    counts = recommender.model.item_counts_
    return [recommender.catalog.items[i] for i in np.flatnonzero(counts)]


def cold(recommender: Recommender) -> list[str]:
    counts = recommender.model.item_counts_
    return [recommender.catalog.items[i] for i in np.flatnonzero(counts == 0)]


def test_a_history_by_hand_goes_through_the_filters_of_the_run(prepared):
    low, high = warm(prepared)[:2]
    mixed = prepared.for_history({low: 1.0, high: 5.0}, 50)
    assert mixed.note == (
        f"min-value (value 4, binarise True) drops 1 of 2 items of the history: {low}"
    )
    alone = prepared.for_history({high: 4.0}, 50)
    assert alone.note is None
    # What was disliked is not recommended either, though it says nothing to the model.
    assert mixed.items == [one for one in alone.items if one.item != low]
    assert prepared.for_history({high: None}, 50) == alone


def test_a_history_of_which_nothing_is_left_gets_the_popular_list(prepared):
    low, unknown = warm(prepared)[0], cold(prepared)[0]
    (popular,) = prepared.for_users(["nobody"], 50)
    for history in ({low: 1.0}, {unknown: 5.0}, {low: 1.0, unknown: None}):
        found = prepared.for_history(history, 50)
        assert "nothing is left of it: these are the most popular items" in found.note
        assert found.items == [one for one in popular.items if one.item not in history]


def test_an_item_that_training_knew_nothing_of_is_like_no_other(prepared):
    assert prepared.similar(cold(prepared)[0], 3) == [] and not prepared.knows(cold(prepared)[0])
    assert len(prepared.similar(warm(prepared)[0], 3)) == 3 and prepared.knows(warm(prepared)[0])


def test_a_similarity_of_zero_is_none(prepared, monkeypatch):
    places, scores = np.array([[1, 2, 3]], np.int32), np.array([[0.5, 0, -0.1]], np.float32)
    monkeypatch.setattr(prepared.model, "similar_items", lambda index, k: (places, scores))
    assert [one.score for one in prepared.similar(warm(prepared)[0], 3)] == pytest.approx(
        [0.5, -0.1]
    )


def test_titles(runs):
    recommender = Recommender(runs["als"].fold())
    assert recommender.title("3") != "3"


def test_a_model_without_factors_says_so(runs):
    recommender = Recommender(runs["popular"].fold())
    for ask in (lambda: recommender.similar("3", 2), lambda: recommender.factors(2)):
        with pytest.raises(SpecError, match="popular has no"):
            ask()


def test_a_user_of_whom_the_model_can_make_nothing_is_told_that_the_list_is_popular(runs):
    recommender = Recommender(runs["als"].fold())
    user = users(recommender)[0][0]
    assert recommender.for_users([user], 5)[0].note is None
    recommender.model.is_cold = lambda index: np.ones(len(index), np.bool_)
    found = recommender.for_users([user], 5)[0]
    assert found.note is not None and "als can make nothing" in found.note
