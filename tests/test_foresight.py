"""What a run is foreseen to need, by what of its spec needs it."""

from __future__ import annotations

import pytest

from recsys_cli import foresight, threads
from recsys_cli.errors import OutOfResources
from recsys_cli.loaders import LOADERS
from recsys_cli.memory import GIB, MIB
from recsys_cli.models import MODELS
from recsys_cli.models._size import Size
from recsys_cli.spec import ExperimentSpec
from recsys_cli.specfile import from_document

SIZE = Size(users=20_000, items=8_000, pairs=400_000)


@pytest.fixture(scope="module")
def dataset():
    return LOADERS.get("synthetic")(users=300, items=300, interactions=5_000).load()


def spec(metric: str = "ndcg@10", split: str = "leave-last", **blocks) -> ExperimentSpec:
    evaluation = {"metrics": [metric]} | blocks.pop("evaluation", {})
    plain = {"name": "a", "dataset": {"name": "synthetic"}, "model": {"name": "popular"}}
    return from_document(plain | {"split": {"name": split}, "evaluation": evaluation} | blocks)


def scores(metric: str, size: Size, model: str = "item-knn") -> int:
    return foresight._scores(MODELS.get(model)(), spec(metric), size, [metric])


def test_the_gramian_of_slim_is_counted_up_to_what_is_held_of_it() -> None:
    slim = MODELS.get("slim")()
    for items, gramian in ((8_000, 4 * 8_000**2), (30_000, GIB)):
        size = SIZE._replace(items=items)
        assert 0 <= slim.fit_bytes(size) - 5 * slim.stored_bytes(size) // 2 - gramian < 100 * MIB


@pytest.mark.parametrize("name", ["als", "implicit-als", "hybrid", "bayesian-mf"])
def test_matrices_of_all_factors_are_counted(name: str) -> None:
    few, many = (
        MODELS.get(name)(factors=factors).fit_bytes(Size(300, 300, 5_000))
        for factors in (1_000, 2_000)
    )
    assert many - few > 3 * (2_000**2 - 1_000**2) * 8


def test_more_factors_than_any_memory_holds_are_refused_before_a_fit(dataset) -> None:
    model = {"name": "als", "factors": 100_000}
    with pytest.raises(OutOfResources, match="training als would need about") as caught:
        foresight.require(spec(model=model), dataset)
    assert "lower model.factors" in str(caught.value)


def test_threads_that_have_nothing_to_score_are_not_counted() -> None:
    few, found = Size(300, 300, 5_000), []
    for count in (1, 2, 32):
        with threads.use(count):
            found.append([scores("ndcg@10", size) for size in (few, SIZE)])
    assert found[0][0] == found[1][0] == found[2][0]  # all users are one block
    one, two, many = (of_many for _, of_many in found)
    assert one < two < many < 17 * one  # of 8,192 users at a time a block has 524


def test_who_is_not_asked_for_lists_needs_no_scores() -> None:
    assert scores("rmse", SIZE) < 20 * MIB < SIZE.block * 3 < scores("ndcg@10", SIZE)


def test_lists_of_items_are_no_longer_than_users_meet_others() -> None:
    item_knn = MODELS.get("item-knn")(target="implicit", neighbours=1_000)
    lists = [item_knn.stored_bytes(SIZE._replace(met=met)) for met in (None, 8_000 * 10, 8_000**3)]
    assert lists[0] == lists[2] == lists[1] + 8 * 8_000 * 990


def test_whole_rows_of_scores_are_counted_where_they_are_asked_for() -> None:
    for metric in ("auc", "ndcg@256"):
        assert scores(metric, SIZE, "als") > SIZE.block > scores("ndcg@10", SIZE, "als") - 9 * MIB


def test_candidates_are_counted_as_they_are_drawn_and_kept() -> None:
    sampled = spec(evaluation={"candidates": {"sampled": 100}})
    kept, drawn = foresight._candidates(sampled, SIZE)
    assert drawn > 4 * kept == 4 * 8 * 100 * SIZE.users
    assert foresight._candidates(spec(), SIZE) == (0, 0)


def test_a_file_of_candidates_is_counted_by_its_length(tmp_path) -> None:
    path = tmp_path / "lists.csv"
    path.write_text("user,item\n" + "123456,789\n" * 1_000)
    kept, read = foresight._candidates(spec(evaluation={"candidates": {"file": str(path)}}), SIZE)
    assert 8_000 < kept < 12_000 < 250_000 < read


def test_lists_that_are_saved_take_more() -> None:
    model, metrics = MODELS.get("als")(), ["ndcg@100"]
    plain, saved = (
        foresight._scores(model, spec(evaluation={"save_lists": save}), SIZE, metrics)
        for save in (False, True)
    )
    assert saved - plain > 100 * 100 * SIZE.users


def test_validation_is_counted_with_its_lists_and_scores() -> None:
    model, watched = MODELS.get("als")(), spec(train={"monitor": "auc"})
    assert foresight._watched(model, spec(), SIZE, 0) == 0
    held = foresight._watched(model, watched, SIZE, 0)
    assert held > model.stored_bytes(SIZE) + SIZE.block
    assert foresight._watched(model, watched, SIZE, 9) == held + 9


def test_new_users_are_counted_where_they_are_folded_in() -> None:
    model = MODELS.get("mf")(factors=2_000)
    assert foresight._new_users(model, spec(split="user-holdout"), SIZE) > 100 * MIB
    assert foresight._new_users(model, spec(), SIZE) == 0


def test_an_ensemble_counts_the_votes_of_its_members() -> None:
    models = [{"name": "als"}, {"name": "bpr"}]
    for blend, blocks in (("linear", 3), ("z-score", 5), ("rank", 9)):
        made = MODELS.get("ensemble")(models=models, blend=blend)
        assert made.score_bytes(SIZE) == blocks * SIZE.block


def test_an_ensemble_counts_one_fit_at_a_time_and_what_the_others_learned() -> None:
    one, other = (MODELS.get("als")(factors=factors) for factors in (8, 64))
    members = [{"name": "als", "factors": factors} for factors in (8, 64)]
    made = MODELS.get("ensemble")(models=members, weights=[1, 1])
    assert made.fit_bytes(SIZE) == one.stored_bytes(SIZE) + other.fit_bytes(SIZE)
