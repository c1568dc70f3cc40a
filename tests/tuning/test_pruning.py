"""The bar: medians of earlier trials, by epoch and by fold; what it stops, and what it leaves."""

from __future__ import annotations

import json

import pytest

from recsys_cli import experiment
from recsys_cli.listener import SILENT
from recsys_cli.pruning import Bar, Objective, Progress, bar, objective
from recsys_cli.reproduction import reproduce
from recsys_cli.runs import Store
from recsys_cli.tuning import Budget, plan
from tests.tuning.conftest import FOLDS, RATINGS, spec


def test_medians_are_of_the_best_so_far_and_ended_trials_stay():
    curves = [[(1, 0.1), (2, 0.3)], [(1, 0.2), (2, 0.2), (3, 0.6)], [(1, 0.0), (2, 0.1), (3, 0.4)]]
    found = bar("ndcg@10", [Progress({"1": curve}, {"1": curve[-1][1]}) for curve in curves])
    assert found.epochs == {"1": [(1, 0.1), (2, 0.2), (3, 0.4)]}
    assert found.folds == {}  # after the last fold there is nothing to save
    assert found.stops("1", 3, 3, 0.39) and not found.stops("1", 3, 3, 0.4)
    assert not found.stops("1", 2, 3, 0.0)  # too early to judge
    assert found.stops("1", 9, 50, 0.39)  # the others have ended; their best counts


def test_an_error_is_held_to_be_low_and_folds_to_their_mean():
    values = [{"1": 1.0, "2": 3.0}, {"1": 2.0, "2": 2.0}, {"1": 4.0, "2": 1.0}]
    found = bar("rmse", [Progress({"1": [], "2": []}, one) for one in values])
    assert found.folds == {"1": 2.0} and found.epochs == {}
    assert found.ends({"1": 2.1}) and not found.ends({"1": 2.0})
    assert not found.ends({"1": 9.0, "2": 9.0})
    assert not found.stops("1", 9, 9, 99.0)


def test_an_objective_goes_through_json():
    asked = Objective("ndcg@10", {"id": "a"}, Bar(True, {"1": [(1, 0.5), (2, 0.7)]}, {"1": 0.5}))
    back = objective(json.loads(json.dumps(asked.document())))
    assert back.metric == "ndcg@10" and back.mark == {"id": "a"} and back.bar is not None
    assert back.bar.stops("1", 3, 1, 0.4) and not back.bar.stops("1", 3, 1, 0.5)
    assert objective(json.loads(json.dumps(Objective("rmse").document()))) == Objective("rmse")


@pytest.fixture
def slow_and_fast():
    """Ten learning rates: eight that learn and, among the later ones, two that hardly move."""
    space = {"model.lr": {"choice": [1e-6, 2e-6, *(0.01 + n / 1000 for n in range(8))]}}
    model = {"name": "mf", "factors": 4, "epochs": 12}
    blocks = RATINGS | {"model": model}
    search = {"metric": "rmse", "trials": 10, "prune": True}
    for seed in range(99):
        asked = spec(space, **blocks, search=search, seed=seed)
        drawn = [one.settings["model.lr"] for one in plan(asked, 10, seed)]
        if min(drawn.index(1e-6), drawn.index(2e-6)) >= 4:
            return asked
    raise AssertionError


def test_a_bad_trial_stops_early_is_ranked_last_and_can_be_evaluated(search, slow_and_fast):
    found, store = search(slow_and_fast)
    pruned = [one for one in found.trials if one.pruned]
    assert {1e-6, 2e-6} <= {one.settings["model.lr"] for one in pruned}
    whole = [one for one in found.trials if not one.pruned]
    assert found.trials == whole + pruned and len(whole) >= 4
    for one in pruned:
        run = store.find(one.run)
        mark = run.record["search"]["pruned"]
        assert run.fold_names[-1] == mark["fold"]
        assert len(run.fold(mark["fold"]).history) == (mark["epoch"] or 12)
        assert mark["epoch"] is not None or mark["fold"] != "3"
    run = store.find(pruned[0].run)
    assert set(experiment.evaluate(run, SILENT)) == set(run.fold_names)
    # What is pruned changes nothing of those that are not.
    everything, _ = search(
        slow_and_fast.model_copy(
            update={"search": slow_and_fast.search.model_copy(update={"prune": False})}
        )
    )
    values = {one.number: one.value for one in everything.trials}
    assert all(values[one.number] == one.value for one in whole)


def test_a_model_without_epochs_is_stopped_between_folds(search):
    space = {"model.reg": {"log": [0.001, 1e4]}}
    asked = spec(space, model={"name": "ease"}, split=FOLDS, search={"trials": 12, "prune": True})
    found, store = search(asked)
    folds = {one.number: len(store.find(one.run).fold_names) for one in found.trials}
    pruned = {one.number for one in found.trials if one.pruned}
    assert pruned and all((folds[number] < 3) == (number in pruned) for number in folds)
    assert min(pruned) > 4


def test_fewer_than_four_make_no_bar(search, slow_and_fast):
    found, _ = search(slow_and_fast, budget=Budget(3))
    assert not any(one.pruned for one in found.trials)


EPOCHS = Bar(False, {"1": [(1, -1.0)], "seed-1": [(1, -1.0)]}, {})
BETWEEN = Bar(False, {}, {"1": -1.0, "seed-1": -1.0})


@pytest.mark.parametrize(
    ("blocks", "missed", "pruned"),
    [
        ({}, EPOCHS, {"fold": "1", "epoch": 3}),
        ({"split": {"name": "random", "validation": 0.1}}, EPOCHS, {"fold": "1", "epoch": 3}),
        ({"seeds": [1, 2, 3]}, EPOCHS, {"fold": "seed-1", "epoch": 3}),
        ({"seeds": [1, 2, 3]}, BETWEEN, {"fold": "seed-1", "epoch": None}),
    ],
)
def test_a_pruned_trial_is_evaluated_read_and_reproduced(tmp_path, blocks, missed, pruned):
    model = {"name": "mf", "factors": 4, "epochs": 12}
    split = {"split": {"name": "random", "validation": 0.1}} if "seeds" in blocks else {}
    asked = RATINGS | {"model": model, "train": {"monitor": "rmse"}} | split | blocks
    plain = spec({"model.lr": {"choice": [0.1]}}, **asked).model_copy(update={"search": None})
    store, judged = Store(tmp_path), Objective("rmse", {}, missed)
    run = experiment.train(plain, store, SILENT, argv=[], objective=judged)
    assert run.record["search"]["pruned"] == pruned and len(run.fold_names) == 1
    experiment.evaluate(run, SILENT)
    run = store.find(run.id)
    assert run.fold().metrics == run.metrics and run.fold().per_user()["rmse"].size
    again = reproduce(run, SILENT, argv=[])
    assert again.verdict == "identical" and again.arrays and again.metrics == 1
