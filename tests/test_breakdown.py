"""Breakdowns of a run small enough to work out by hand, and of one that was evaluated."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recsys_cli import experiment
from recsys_cli.breakdown import Breakdown, Part, breakdown, worst
from recsys_cli.breakdown._groups import _parts
from recsys_cli.data import IdMap
from recsys_cli.errors import NotFound, SpecError
from recsys_cli.listener import SILENT
from recsys_cli.runs import Catalog, EvaluatedFold, Recorder, Run, Store
from recsys_cli.spec import ExperimentSpec
from recsys_cli.statistics import mean
from tests.runs.conftest import SPEC, matrix

USERS = ["a", "b", "c", "d", "e"]
#: Items in each user's history: 3, 1, 0, 2 and 1 of them.
HISTORY = [[0, 2, 4], [1], [], [0, 1], [0]]
#: Of 20 interactions item 0 holds half: it is the head; 1 and 2 are mid, 3 and 4 the tail, 5 new.
COUNTS = np.array([10, 5, 3, 1, 1, 0])
#: user, item, relevant, rank (0: not in the list of three), rating, prediction.
PAIRS = [
    (0, 1, True, 1, 4.0, 3.0),
    (0, 3, True, 0, 5.0, 4.0),
    (1, 0, True, 2, 4.0, 4.0),
    (2, 0, True, 1, 5.0, 3.0),
    (2, 5, True, 0, 4.0, 2.0),
    (3, 3, True, 3, 5.0, 4.5),
    (3, 1, False, 2, 1.0, 3.0),  # in the user's history
    (4, 2, False, 0, 2.0, 2.0),  # the user has no relevant item
]
METRICS = ["recall@3", "ndcg@3", "rmse", "auc", "coverage@3"]
PER_USER = {
    "user": USERS,
    "relevant": np.array([2, 1, 2, 1, 0]),
    "pairs": np.array([2, 1, 2, 2, 1]),
    "recall@3": np.array([0.5, 1.0, 0.5, 1.0, np.nan]),
    "ndcg@3": np.array([0.6, 0.63, 0.61, 0.5, np.nan]),
    "rmse": np.array([1.0, 0.0, 2.0, math.sqrt(4.25 / 2), 0.0]),
    "auc": np.array([0.5, 0.9, 0.7, 0.6, np.nan]),
    "coverage@3": np.zeros(5),
}


def evaluated(metrics: Sequence[str] = METRICS, **changed: Any) -> EvaluatedFold:
    columns = list(zip(*PAIRS, strict=True))
    dtypes = [np.int32, np.int32, bool, np.int32, np.float32, np.float32]
    names = ["user_idx", "item_idx", "relevant", "rank", "value", "predicted"]
    return EvaluatedFold(
        {"metrics": {name: {"value": 0.5, "users": 5} for name in metrics}},
        PER_USER | changed,
        pairs={
            name: np.array(column, dtype)
            for name, column, dtype in zip(names, columns, dtypes, strict=True)
        },
    )


def fill(recorder: Recorder, fold: str | None) -> None:
    part = recorder.fold(fold)
    part.save_model({"name": "popular"}, {"item_counts": COUNTS, "user_counts": np.zeros(5, int)})
    items = IdMap([f"i{i}" for i in range(6)])
    known = matrix(HISTORY, 6)
    part.save_catalog(Catalog(users=IdMap(USERS), items=items, titles=None, known=known))


def train(root: Path, *folds: str | None) -> Run:
    with Store(root).create("x", argv=[], seed=1, spec_document=SPEC) as recorder:
        for fold in folds or (None,):
            fill(recorder, fold)
    return Store(root).find("x")


@pytest.fixture
def run(tmp_path) -> Run:
    made = train(tmp_path)
    made.commit_evaluation({"1": evaluated()})
    return made


def values(found: Breakdown, metric: str) -> dict[str, float | None]:
    return {part.group: part.value for part in found.parts if part.metric == metric}


def part(found: Breakdown, metric: str, group: str) -> Part:
    (one,) = [one for one in found.parts if (one.metric, one.group) == (metric, group)]
    return one


def test_by_popularity_each_relevant_item_is_in_the_group_of_its_item(run):
    found = breakdown(run, "popularity")
    assert values(found, "recall@3") == {"head": 1.0, "mid": 1.0, "tail": 0.5, "new": 0.0}
    # b has the head's item at rank 2, c at rank 1; d has the tail's at rank 3 and a not at all
    assert values(found, "ndcg@3") == pytest.approx(
        {"head": (1 / math.log2(3) + 1) / 2, "mid": 1.0, "tail": 0.25, "new": 0.0}
    )
    head, tail = part(found, "recall@3", "head"), part(found, "recall@3", "tail")
    assert (head.users, head.pairs, head.share) == (2, 2, pytest.approx(2 / 6))
    assert (head.low, head.high, tail.low, tail.high) == (10, 10, 1, 1)
    assert part(found, "recall@3", "mid").ci95 is None  # one user
    assert tail.ci95 == mean(np.array([0.0, 1.0])).interval(0, 1)


def test_a_rating_metric_counts_every_pair_of_the_group(run):
    found = breakdown(run, "popularity", metrics=["rmse"])
    squares = {"head": (0 + 4) / 2, "mid": (1 + 4 + 0) / 3, "tail": (1 + 0.25) / 2, "new": 4.0}
    assert values(found, "rmse") == pytest.approx({g: math.sqrt(s) for g, s in squares.items()})
    assert part(found, "rmse", "mid").pairs == 3 and part(found, "rmse", "mid").users == 3
    assert sum(one.share for one in found.parts) == pytest.approx(1)


def test_metrics_of_whole_lists_are_left_out_and_said_so(run):
    found = breakdown(run, "popularity")
    assert set(found.left_out) == {"auc", "coverage@3"}
    assert set(breakdown(run, "activity").left_out) == {"coverage@3"}
    with pytest.raises(SpecError, match="auc is about whole lists"):
        breakdown(run, "popularity", metrics=["auc"])


def test_by_activity_a_user_counts_where_its_history_puts_it(run):
    found = breakdown(run, "activity")
    assert values(found, "recall@3") == {"0": 0.5, "1": 1.0, "2": 1.0, "3": 0.5}
    ones = part(found, "recall@3", "1")
    assert (ones.users, ones.share, ones.pairs) == (1, 0.25, None)  # e has no relevant item
    assert (ones.low, ones.high) == (1, 1)
    # rmse: b and e share the group, with the pairs (4, 4) and (2, 2)
    assert part(found, "rmse", "1").users == 2 and part(found, "rmse", "1").value == 0


def test_cold_and_warm_users(run):
    found = breakdown(run, "cold", metrics=["recall@3", "rmse"])
    assert values(found, "recall@3") == pytest.approx({"warm": 2.5 / 3, "cold": 0.5})
    assert part(found, "rmse", "cold").value == pytest.approx(2.0)
    assert part(found, "rmse", "warm").value == pytest.approx(math.sqrt((1 + 1 + 0.25 + 4) / 6))


def test_a_group_without_a_user_has_no_value_rather_than_not_a_number(run):
    found = breakdown(run, "repeat")
    assert values(found, "recall@3") == {"first": 0.75, "repeat": None}
    empty = part(found, "recall@3", "repeat")
    assert (empty.users, empty.pairs, empty.share, empty.ci95) == (0, 0, 0, None)
    # the one repeated pair is d's item 1, rated 1 and predicted 3
    assert part(found, "rmse", "repeat").value == 2.0


def test_tenths_never_part_equal_values_and_may_be_empty():
    value = np.array([1.0] * 15 + list(range(2, 17)))
    tenths = list(_parts(value))
    assert [len(one.rows) for one in tenths] == [15, 0, 0, 0, 0, 3, 3, 3, 3, 3]
    assert (tenths[0].low, tenths[0].high, tenths[1].low) == (1, 1, None)
    assert (tenths[9].low, tenths[9].high) == (14, 16)
    assert sorted(np.concatenate([one.rows for one in tenths])) == list(range(30))


def test_folds_are_averaged_over_those_that_have_the_group(tmp_path):
    run = train(tmp_path, "a", "b")
    changed = np.array([0.1, 0.2, np.nan, 0.4, np.nan])
    summary = {"metrics": {name: {"value": 0.5} for name in METRICS}}
    run.commit_evaluation({"a": evaluated(), "b": evaluated(**{"recall@3": changed})}, summary)
    found = breakdown(run, "activity", metrics=["recall@3"])
    assert values(found, "recall@3") == pytest.approx({"0": 0.5, "1": 0.6, "2": 0.7, "3": 0.3})
    assert part(found, "recall@3", "1").users == 1 and part(found, "recall@3", "1").share == 2 / 7
    alone = breakdown(run, "activity", metrics=["recall@3"], fold="b")
    assert values(alone, "recall@3") == pytest.approx({"0": None, "1": 0.2, "2": 0.4, "3": 0.1})


def test_the_worst_users_are_those_with_more_to_find_among_equals(tmp_path):
    run = train(tmp_path)
    zeros = np.array([0.0, 0.0, 0.0, 1.0, np.nan])
    relevant = np.array([1, 3, 2, 1, 0])
    run.commit_evaluation({"1": evaluated(**{"recall@3": zeros, "relevant": relevant})})
    found = worst(run, k=4)
    assert [one["user"] for one in found.users] == ["b", "c", "a", "d"]
    assert (found.metric, found.tied, found.of) == ("recall@3", 3, 4)
    assert found.users[0]["history"] == 1 and found.users[0]["relevant"] == 3
    assert [one["user"] for one in worst(run, metric="rmse", k=2).users] == ["c", "d"]
    with pytest.raises(SpecError, match="coverage@3 is about the lists of all users together"):
        worst(run, metric="coverage@3")


def test_a_metric_that_the_run_lacks_gets_a_suggestion(run):
    with pytest.raises(SpecError, match='no metric "recal@3"\ndid you mean "recall@3"'):
        breakdown(run, "activity", metrics=["recal@3"])


def test_a_run_without_its_pairs_or_without_evaluation_says_what_to_do(tmp_path):
    run = train(tmp_path)
    with pytest.raises(NotFound, match="not evaluated yet\nrecsys evaluate x-1"):
        breakdown(run, "activity")
    bare = evaluated()
    run.commit_evaluation({"1": EvaluatedFold(bare.document, bare.per_user)})
    assert breakdown(run, "activity").parts
    with pytest.raises(NotFound, match=r"pairs were not kept(.|\n)*recsys evaluate"):
        breakdown(run, "popularity")


def synthetic(root: Path, **blocks: Any) -> Run:
    small = {"name": "synthetic", "users": 60, "items": 50, "interactions": 1500}
    document = {"name": "x", "dataset": small, "model": {"name": "popular"}}
    spec = ExperimentSpec.model_validate(document | blocks)
    run = experiment.train(spec, Store(root), SILENT, argv=[])
    experiment.evaluate(run, SILENT)
    return run


ALL = {"metrics": ["recall@5", "precision@5", "hit@5", "ndcg@5"], "save_lists": True}


def test_the_pairs_that_an_evaluation_keeps_are_those_of_its_lists(tmp_path):
    run = synthetic(tmp_path, split={"name": "random", "test": 0.3}, evaluation=ALL)
    fold = run.fold()
    pairs, lists = fold.pairs(), fold.recommendations()
    assert pairs is not None and lists is not None
    ids = fold.catalog
    rank = {
        (user, item): rank
        for user, item, rank in zip(lists["user"], lists["item"], lists["rank"], strict=True)
    }
    expected = [
        rank.get((ids.users[user], ids.items[item]), 0)
        for user, item in zip(pairs["user_idx"], pairs["item_idx"], strict=True)
    ]
    assert pairs["rank"].tolist() == expected and 0 < np.count_nonzero(expected) < len(expected)
    assert pairs["relevant"].all()
    per_user = np.bincount(pairs["user_idx"])
    assert per_user[per_user > 0].tolist() == fold.per_user()["relevant"].tolist()


def test_groups_that_part_the_users_average_to_the_whole(tmp_path):
    run = synthetic(tmp_path, split={"name": "random", "test": 0.3}, evaluation=ALL)
    assert run.metrics is not None
    found = breakdown(run, "activity")
    for name, entry in run.metrics["metrics"].items():
        parts = [one for one in found.parts if one.metric == name]
        assert len(parts) == 10 and sum(one.users for one in parts) == entry["users"]
        whole = sum(one.share * one.value for one in parts if one.value is not None)
        assert whole == pytest.approx(entry["value"])


def test_a_group_of_all_pairs_has_the_values_of_the_run(tmp_path):
    evaluation = {**ALL, "metrics": [*ALL["metrics"], "mrr@5", "map@5", "recall-capped@5"]}
    run = synthetic(tmp_path, split={"name": "random", "test": 0.3}, evaluation=evaluation)
    assert run.metrics is not None
    found = {one.metric: one for one in breakdown(run, "repeat").parts if one.group == "first"}
    for name, entry in run.metrics["metrics"].items():
        assert found[name].value == pytest.approx(entry["value"], abs=1e-12)
        assert found[name].ci95 == pytest.approx(entry["ci95"])
    assert found["map@5"].share == 1


def test_ratings_repeated_by_the_split_are_told_apart(tmp_path):
    file = tmp_path / "own.csv"
    rows = [f"u{u},i{(u + step) % 7},{1 + step % 5},{step}" for u in range(9) for step in range(9)]
    file.write_text("user,item,rating,time\n" + "\n".join(rows) + "\n")
    run = synthetic(
        tmp_path / "runs",
        dataset={"name": "delimited", "path": str(file), "timestamp": "time"},
        split={"name": "leave-last", "n": 3, "repeats": True},
        model={"name": "bias"},
        evaluation={"metrics": ["rmse", "recall@3"]},
    )
    found = breakdown(run, "repeat")
    # of the last three of nine steps over seven items, two are met before
    assert (part(found, "rmse", "first").pairs, part(found, "rmse", "repeat").pairs) == (9, 18)
    assert part(found, "recall@3", "first").pairs == 9
    assert part(found, "recall@3", "repeat").value is None
