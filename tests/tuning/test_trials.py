"""Random search: what a trial is, what it is worth, what the best spec trains."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from recsys_cli import experiment
from recsys_cli.errors import DataError, Diverged, NotFound, SpecError
from recsys_cli.listener import SILENT, Listener
from recsys_cli.models.als import ALS
from recsys_cli.runs import Store
from recsys_cli.spec import ExperimentSpec
from recsys_cli.specfile import loads
from recsys_cli.tuning import Tuned, plan, told, tune
from tests.tuning.conftest import FOLDS, RATINGS, SMALL, spec


def test_a_trial_is_a_run_and_its_value_the_validation_metric_of_its_model(search):
    found, store = search(spec({"model.reg": {"log": [0.01, 10.0]}}))
    assert store.ids() == ["x-trial-1", "x-trial-2", "x-trial-3"]
    values = [trial.value for trial in found.trials]
    assert values == sorted(values, reverse=True)
    for trial in found.trials:
        run = store.find(trial.run)
        assert run.metrics is None  # the test part was not looked at
        assert run.record["validation"] == {"1": {"ndcg@10": trial.value}}
        assert run.spec_document["model"]["reg"] == trial.settings["model.reg"]
        curve = [line["ndcg@10"] for line in run.fold().history]
        assert trial.value == max(curve) and trial.epochs == [1 + int(np.argmax(curve))]


def test_the_best_spec_trains_what_the_best_trial_did(search):
    found, store = search(spec({"model.reg": {"log": [0.01, 10.0]}}))
    written = found.written()
    best = loads(written)
    assert best == found.spec and best.name == "x" and best.search is None
    assert f"of {found.trials[0].run}" in written and "model.reg: log [0.01, 10.0]" in written
    run = experiment.train(best, store, SILENT, argv=[])
    ours, theirs = (one.fold().model_arrays() for one in (run, store.find(found.trials[0].run)))
    assert all((ours[name] == theirs[name]).all() for name in theirs)


def test_more_trials_begin_with_the_same_ones(search):
    asked = spec({"model.factors": {"int": [2, 9]}, "model.alpha": {"float": [1.0, 9.0]}})
    few, many = plan(asked, 2, 5), plan(asked, 4, 5)
    assert many[:2] == few and plan(asked, 2, 6) != few
    assert len(plan(spec({"model.factors": {"choice": [2, 3]}}), 9, 1)) == 2


def test_the_mean_over_the_first_folds_and_lower_is_better_for_an_error(search):
    asked = spec(
        {"model.lr": {"choice": [0.02, 1e-6]}},
        search={"metric": "rmse", "folds": 2},
        **RATINGS,
    )
    found, store = search(asked)
    assert found.trials[0].value < found.trials[1].value
    run = store.find(found.trials[0].run)
    assert run.fold_names == ("1", "2")
    values = [one["rmse"] for one in run.record["validation"].values()]
    assert found.trials[0].value == pytest.approx(np.mean(values))
    assert set(experiment.evaluate(run, SILENT)) == {"1", "2"}


def test_a_model_without_epochs_is_measured_after_the_fit(search):
    asked = spec({"dataset.interactions": {"choice": [900, 1200]}}, model={"name": "popular"})
    found, store = search(asked)
    assert found.spec.train.monitor is None
    documents = [store.find(one.run).spec_document for one in found.trials]
    assert {one["dataset"]["interactions"] for one in documents} == {900, 1200}
    assert found.trials[0].value != found.trials[1].value
    assert found.trials[0].epochs == []


class Notes(Listener):
    def __init__(self) -> None:
        self.told: list[str] = []

    def note(self, text: str) -> None:
        self.told.append(text)


@pytest.mark.parametrize(
    ("space", "cautioned"),
    [
        ({"dataset.interactions": {"choice": [900, 1200]}}, True),
        ({"model.half_life": {"choice": [1.0, 2.0]}}, False),
    ],
)
def test_that_searched_data_make_values_hard_to_compare_is_told_first(tmp_path, space, cautioned):
    notes, asked = Notes(), spec(space, model={"name": "popular"})
    tune(asked, Store(tmp_path / "runs"), notes, argv=["recsys"])
    assert notes.told[0].startswith("2 trials, by ndcg@10")
    assert notes.told[1].startswith("Searching dataset.interactions may change") == cautioned


@pytest.mark.parametrize("split", [{"name": "leave-last", "n": 1, "validation": 1}, FOLDS])
def test_more_folds_than_the_split_has_are_refused_before_anything_trains(search, split, tmp_path):
    folds = split.get("k", 1)
    asked = spec(POINTS, split=split, search={"folds": folds + 1})
    with pytest.raises(
        SpecError, match=rf"search\.folds: is {folds + 1}, and the split has {folds}"
    ):
        search(asked)
    assert Store(tmp_path / "runs").ids() == []
    found, store = search(spec(POINTS, split=split, search={"folds": folds, "trials": 1}))
    assert len(store.find(found.trials[0].run).record["validation"]) == folds


def test_a_model_that_only_averages_is_not_stopped_by_chance(search):
    model = {"name": "bayesian-mf", "factors": 2, "epochs": 12, "burn_in": 2}
    space = {"model.factors": {"choice": [2]}}
    found, store = search(spec(space, **RATINGS | {"model": model}, search={"metric": "rmse"}))
    assert found.spec.train.monitor is None
    assert len(store.find(found.trials[0].run).fold("1").history) == 12


def test_what_the_spec_says_of_training_is_kept():
    space = {"model.reg": {"choice": [0.1]}}
    document = spec(space).document()
    del document["train"]
    parts = {"monitor": None}, {"monitor": "hit@5"}, {"patience": 2, "refit": True}
    specs = [ExperimentSpec.model_validate(document | {"train": train}) for train in parts]
    made = [plan(one, 1, 0)[0].spec.train for one in specs]
    assert [one.monitor for one in made] == [None, "hit@5", "ndcg@10"]
    assert made[2].patience == 2 and made[2].refit


def test_a_trial_is_never_refitted_on_what_it_is_judged_by(search):
    asked = spec({"model.reg": {"choice": [0.1]}}, train={"refit": True})
    found, store = search(asked)
    assert found.spec.train.refit
    assert store.find(found.trials[0].run).spec_document["train"]["refit"] is False


def test_one_that_diverges_is_worst_and_all_is_an_error(search):
    space = {"model.lr": {"choice": [0.01, 1e6]}}
    asked = spec(space, search={"metric": "rmse"}, **RATINGS)
    found, store = search(asked)
    assert found.trials[0].settings == {"model.lr": 0.01}
    last = found.trials[-1]
    assert last.value is None and last.run in store.ids()
    with pytest.raises(Diverged, match="every trial failed, the last: x-trial-3: "):
        search(spec({"model.lr": {"choice": [1e6]}}, search={"metric": "rmse"}, **RATINGS))


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException, factors: int = 5) -> None:
    """Let als with so many factors fail."""
    train = ALS._train

    def fail(self: ALS, *rest: Any) -> Any:
        if self.config.factors == factors:
            raise error
        return train(self, *rest)

    monkeypatch.setattr(ALS, "_train", fail)


POINTS = {"model.factors": {"choice": [4, 5, 6]}}


def test_a_point_that_the_data_cannot_serve_is_a_failed_trial(search, monkeypatch):
    failing(monkeypatch, DataError("no inverse", where="here", hint="raise reg"))
    found, _ = search(spec(POINTS))
    *sound, last = found.trials
    assert last.settings == {"model.factors": 5} and last.error == "here: no inverse"
    assert last.value is None and all(one.error is None for one in sound)
    assert told(last, "ndcg@10").startswith(f"Trial {last.number} ({last.run}): failed: here: no i")


def test_filters_that_leave_nothing_are_a_failed_trial_where_they_are_searched(search):
    prepare = [{"name": "min-value", "value": 4}], [{"name": "min-value", "value": 99}]
    space = {"dataset.prepare": {"choice": list(prepare)}}
    found, _ = search(spec(space, model={"name": "popular"}))
    assert [one.value is None for one in found.trials] == [False, True]
    assert found.trials[1].run is None
    nothing = spec(POINTS, dataset=SMALL | {"prepare": prepare[1]})
    with pytest.raises(DataError) as raised:
        search(nothing)
    assert "every trial" not in str(raised.value)


@pytest.mark.parametrize("error", [NotFound("oh", where="here"), KeyboardInterrupt()])
def test_what_stops_the_search_leaves_the_best_so_far(search, monkeypatch, error):
    points = [one.settings["model.factors"] for one in plan(spec(POINTS), 3, 42)]
    failing(monkeypatch, error, points[-1])
    kept: list[Tuned] = []
    with pytest.raises(type(error)) as raised:
        search(spec(POINTS), keep=kept.append)
    assert isinstance(error, KeyboardInterrupt) or "x-trial-3: here: oh" in str(raised.value)
    assert [len(one.trials) for one in kept] == [1, 2]
    assert loads(kept[1].written()).model.factors == kept[1].trials[0].settings["model.factors"]


def test_a_search_block_matters_to_a_search_alone(search, tmp_path):
    asked = spec(POINTS, split={"name": "random"}, search={"metric": "rmse"})
    assert experiment.train(asked, Store(tmp_path), SILENT, argv=[]).id == "x-1"
    with pytest.raises(SpecError, match=r"search\.metric: needs a validation part"):
        search(asked)


@pytest.mark.parametrize(
    ("blocks", "says"),
    [
        (
            {"model": {"name": "mf"}, "split": {"name": "random"}},
            "search.metric: needs a validation part",
        ),
        ({"search": {"metric": "rmse"}}, "search.metric: rmse needs predicted ratings"),
        ({"train": {"monitor": "ndcg@10", "every": 5}}, "model.epochs=2: train.every: is 5"),
    ],
)
def test_what_cannot_be_searched_is_told_before_anything_runs(search, tmp_path, blocks, says):
    with pytest.raises(SpecError, match=says):
        search(spec({"model.epochs": {"choice": [6, 7, 2]}}, **blocks))
    assert not (tmp_path / "runs").exists()


def test_a_spec_without_a_search_is_told(search):
    document = spec({"model.reg": {"choice": [0.1]}}).document()
    del document["search"]
    with pytest.raises(SpecError, match="says nothing to search"):
        search(ExperimentSpec.model_validate(document))


def test_a_long_name_still_makes_a_sound_run(search):
    _, store = search(spec({"model.reg": {"choice": [0.1]}}, name="x" * 64))
    assert experiment.evaluate(store.find(), SILENT)
