"""Several models with one budget: searched, tested once, ranked, and every pair compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from recsys_cli import experiment, leaderboard
from recsys_cli.comparison import compare
from recsys_cli.errors import SpecError
from recsys_cli.leaderboard import Leaderboard
from recsys_cli.listener import SILENT
from recsys_cli.runs import Store, remove
from recsys_cli.spec import ExperimentSpec, SearchSpec
from recsys_cli.tuning import Budget, Tuned
from tests.tuning.conftest import of_files, shorten

METRICS = {"metrics": ["recall@10", "ndcg@10"]}
SEARCHES: dict[str, tuple[dict[str, Any], dict[str, Any] | None]] = {
    "als": ({"name": "als", "epochs": 5}, {"model.reg": {"log": [0.01, 10.0]}}),
    "ease": ({"name": "ease"}, {"model.reg": {"choice": [1.0, 100.0]}}),
    "popular": ({"name": "popular"}, None),
}


def spec(name: str, /, **blocks: Any) -> ExperimentSpec:
    model, space = SEARCHES[name]
    search = {"search": {"metric": "ndcg@10", "trials": 3, "space": space}} if space else {}
    split = {"name": "leave-last", "n": 1, "validation": 1}
    dataset = {"name": "synthetic", "users": 300, "items": 60, "interactions": 6000}
    head = {"name": name, "dataset": dataset, "split": split, "evaluation": METRICS}
    return ExperimentSpec.model_validate(head | {"model": model} | search | blocks)


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "runs")


@pytest.fixture
def compete(store) -> Callable[..., Leaderboard]:
    def run(**options: Any) -> Leaderboard:
        specs = [spec(name) for name in SEARCHES]
        return leaderboard.compete(specs, store, SILENT, argv=["recsys"], **options)

    return run


def test_the_best_of_each_is_tested_once_and_ranked_by_the_searched_metric(compete, store):
    kept: list[Tuned] = []
    board = compete(budget=Budget(4), keep=kept.append)
    names = [place.run.record["name"] for place in board.places]
    values = [place.run.metrics["metrics"]["ndcg@10"]["value"] for place in board.places]
    assert sorted(names) == sorted(SEARCHES) and values == sorted(values, reverse=True)
    tuned = {place.run.record["name"]: place.tuned for place in board.places}
    assert [tuned[name] and len(tuned[name].trials) for name in SEARCHES] == [4, 2, None]
    assert [one.spec.name for one in kept] == ["als"] * 4 + ["ease"] * 2
    for place in board.places:
        if place.tuned is not None:
            assert place.run.spec_document == place.tuned.spec.document()
    tested = [id_ for id_ in store.ids() if store.find(id_).metrics is not None]
    assert tested == ["als-1", "ease-1", "popular-1"]  # no trial was


def test_better_than_is_what_comparing_all_pairs_shows(compete):
    board = compete(budget=Budget(2))
    runs = [place.run for place in board.places]
    rows = compare(runs, all_pairs=True, metrics=["ndcg@10"])
    assert rows == board.comparisons and sum(row.p_value is not None for row in rows) == 3
    shown = {(r.against, r.run) for r in rows if r.p_adjusted is not None and r.p_adjusted < 0.05}
    assert shown  # else this would show nothing
    ids = {run.record["name"]: run.id for run in runs}
    for place in board.places:
        assert {(place.run.id, ids[name]) for name in place.above} == {
            pair for pair in shown if pair[0] == place.run.id
        }


def test_resumed_it_trains_nothing_again(compete, store):
    first = compete(budget=Budget(2))
    ids = store.ids()
    again = compete(budget=Budget(2), resume=True)
    assert store.ids() == ids
    assert [place.run.id for place in again.places] == [place.run.id for place in first.places]
    assert again.comparisons == first.comparisons


def test_resumed_it_shows_the_metrics_of_the_specs_whatever_was_asked_since(compete, store):
    first = compete(budget=Budget(2))
    experiment.evaluate(store.find("ease"), SILENT, metrics=["recall@5"])
    again = compete(budget=Budget(2), resume=True)
    assert again.comparisons == first.comparisons


@pytest.mark.parametrize("changed", ["items", "candidates"])
def test_resumed_it_takes_no_run_of_other_features_or_candidates(store, tmp_path, changed):
    files, blocks = of_files(tmp_path)
    specs = [spec("ease", **blocks), spec("popular", **blocks)]

    def ids(**options: Any) -> set[str]:
        board = leaderboard.compete(specs, store, SILENT, argv=[], budget=Budget(1), **options)
        return {place.run.id for place in board.places}

    assert ids() == ids(resume=True) == {"ease-1", "popular-1"}
    remove(store, store.ids("ease-trial"))
    shorten(files[changed])
    assert ids(resume=True) == {"ease-2", "popular-2"}


def test_data_of_their_own_are_told():
    space = {"dataset.interactions": {"choice": [3000, 6000]}}
    other = spec("als", search={"metric": "ndcg@10", "trials": 3, "space": space})
    with pytest.raises(SpecError, match=r"search\.space\.dataset\.interactions: would give each"):
        leaderboard.check([other, spec("ease")], 3)


@pytest.mark.parametrize(
    ("blocks", "trials", "says"),
    [
        ({"split": {"name": "leave-last", "n": 2, "validation": 1}}, 3, "ease: split: is not that"),
        ({"evaluation": {"metrics": ["ndcg@10"]}}, 3, "ease: evaluation: is not that of als"),
        ({"seed": 7}, 3, "ease: seed: is not that of als"),
        ({"train": {"refit": True}}, 3, r"ease: train\.refit: is not that of als"),
        ({"name": "als"}, 3, "name: als: two specs have this name"),
        ({"trials": 9}, None, r"search\.trials: differs between the specs\n--trials gives"),
        ({"metric": "recall@10"}, 3, r"search\.metric: differs between the specs"),
        ({"method": "grid"}, 3, r"search\.method: differs between the specs"),
        ({"folds": 1}, 3, r"search\.folds: differs between the specs"),
    ],
)
def test_what_cannot_be_held_against_each_other_is_told(blocks, trials, says):
    changed = {k: v for k, v in blocks.items() if k in SearchSpec.model_fields}
    other = spec("ease", **{k: v for k, v in blocks.items() if k not in changed})
    assert other.search is not None
    other = other.model_copy(update={"search": other.search.model_copy(update=changed)})
    with pytest.raises(SpecError, match=says):
        leaderboard.check([spec("als"), other], trials)


def test_as_many_trials_for_all_make_up_for_what_the_specs_say():
    other = spec("ease")
    assert other.search is not None
    other = other.model_copy(update={"search": other.search.model_copy(update={"trials": 9})})
    assert leaderboard.check([spec("als"), other], 5) == "ndcg@10"


@pytest.mark.parametrize(
    ("specs", "says"),
    [
        (["popular"], "search: none of the specs has one"),
        (["als", "ease"], r"evaluation\.metrics: has no ndcg@10, by which"),
    ],
)
def test_a_leaderboard_needs_a_search_and_its_metric(specs, says):
    made = [spec(name, evaluation={"metrics": ["recall@10"]}) for name in specs]
    with pytest.raises(SpecError, match=says):
        leaderboard.check(made, 3)
