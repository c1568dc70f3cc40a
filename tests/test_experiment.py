from __future__ import annotations

import gc
import json
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recsys_cli import experiment, folding
from recsys_cli.data import Interactions
from recsys_cli.errors import Diverged, SpecError, SplitMismatch
from recsys_cli.listener import SILENT, Listener
from recsys_cli.runs import Store
from recsys_cli.spec import ExperimentSpec
from recsys_cli.specfile import load
from recsys_cli.splitters._base import Splitter

SMALL = {"name": "synthetic", "users": 60, "items": 50, "interactions": 1500}


def spec(**blocks: Any) -> ExperimentSpec:
    return ExperimentSpec.model_validate(
        {
            "name": "x",
            "dataset": SMALL,
            "split": {"name": "leave-last", "validation": 1},
            "model": {"name": "popular"},
        }
        | blocks
    )


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "runs")


class Notes(Listener):
    def __init__(self) -> None:
        self.notes: list[str] = []
        self.stages: list[tuple[str, int, int | None]] = []

    def note(self, text: str) -> None:
        self.notes.append(text)

    def progress(self, label: str, done: int, total: int | None) -> None:
        self.stages.append((label, done, total))


def test_the_record_of_a_run_says_what_happened(store):
    notes = Notes()
    asked = spec(dataset={**SMALL, "prepare": [{"name": "min-value", "value": 4}]})
    run = experiment.train(asked, store, notes, argv=["recsys", "train"])
    record = run.record
    assert record["argv"] == ["recsys", "train"] and record["seed"] == 42
    assert record["fingerprints"]["spec"] == asked.fingerprint
    assert set(record["stages"]) == {"prepare", "fit/1"}
    (receipt,) = record["prepare"]
    assert receipt["before"]["rows"] == 1500 > receipt["after"]["rows"]
    assert record["dataset"]["synthetic"] is True
    assert notes.notes[0].startswith("synthetic: 1,500 interactions of 60 users")
    assert notes.notes[1].startswith("min-value value=4")
    assert run.metrics is None


def test_evaluating_says_what_was_asked_and_how_far_it_is(store):
    run = experiment.train(spec(), store, SILENT, argv=[])
    notes = Notes()
    found = experiment.evaluate(run, notes)
    assert run.metrics is not None
    assert run.metrics["metrics"]["ndcg@10"]["value"] == found["1"].metrics["ndcg@10"].value
    assert notes.notes[-3].startswith("Evaluating fold 1: 60 users (0 cold), ")
    assert " of 60 lists are cut among items of the same score: " in notes.notes[-2]
    assert notes.notes[-1].startswith("Leakage audit: ")
    assert notes.stages[-2:] == [("evaluate", 0, 60), ("evaluate", 60, 60)]


def test_folds_are_summed_up(store):
    asked = spec(split={"name": "k-fold", "k": 3}, model={"name": "bias"})
    run = experiment.train(asked, store, SILENT, argv=[])
    found = experiment.evaluate(run, SILENT)
    assert run.fold_names == ("1", "2", "3") == tuple(found)
    values = [one.metrics["ndcg@10"].value for one in found.values()]
    assert run.metrics is not None
    summary = run.metrics["metrics"]["ndcg@10"]
    assert summary["value"] == pytest.approx(np.mean(values))
    assert summary["std"] == pytest.approx(np.std(values, ddof=1))


def test_one_fold_is_held_at_a_time(store, monkeypatch):
    """Its interactions take as much as the data: those of a fold that is done are let go."""
    alive: weakref.WeakSet[Interactions] = weakref.WeakSet()
    found = []

    def watched(splitter, *given, _whole=Splitter._divided):
        split = _whole(splitter, *given)
        alive.add(split.train)
        return split

    def counting(work):
        def counted(*args, **more):
            found.append(len(alive))
            return work(*args, **more)

        return counted

    monkeypatch.setattr(Splitter, "_divided", watched)
    monkeypatch.setattr(folding, "_train_fold", counting(folding._train_fold))
    monkeypatch.setattr(experiment, "Evaluator", counting(experiment.Evaluator))
    gc.disable()  # a cycle would keep a fold until there are many
    try:
        run = experiment.train(spec(split={"name": "k-fold"}), store, SILENT, argv=[])
        experiment.evaluate(run, SILENT)
    finally:
        gc.enable()
    assert found == [1] * 10


def test_what_a_fit_found_is_in_the_record_and_told(store):
    class Notes(Listener):
        def note(self, text: str) -> None:
            told.append(text)

    told: list[str] = []
    members = [{"name": "als", "factors": 2, "epochs": 1}, {"name": "popular"}]
    asked = spec(model={"name": "ensemble", "models": members})
    run = experiment.train(asked, store, Notes(), argv=[])
    weights = run.fold().model_arrays()["weights"]
    assert run.record["findings"] == {
        "1": dict(zip(["weight of als", "weight of popular"], weights.tolist(), strict=True))
    }
    assert f"Fold 1: weight of als {weights[0]:.3g}, weight of popular {weights[1]:.3g}." in told


def test_another_split_is_refused(store, monkeypatch):
    run = experiment.train(spec(split={"name": "random"}), store, SILENT, argv=[])
    split = Splitter.split
    monkeypatch.setattr(
        Splitter, "split", lambda self, data, _rng: split(self, data, np.random.default_rng(99))
    )
    with pytest.raises(SplitMismatch, match="fold 1 is not the split"):
        experiment.evaluate(run, SILENT)
    assert run.metrics is None


def test_lists_are_kept_when_asked_for(store):
    run = experiment.train(spec(evaluation={"save_lists": True}), store, SILENT, argv=[])
    experiment.evaluate(run, SILENT)
    lists = run.fold().recommendations()
    assert lists is not None
    assert set(lists) == {"user", "rank", "item", "score"}
    assert lists["rank"].max() == 10 and len(set(lists["user"])) == 60


def test_a_failure_leaves_a_failed_run(store):
    with pytest.raises(Diverged):
        experiment.train(spec(model={"name": "mf", "lr": 1e6}), store, SILENT, argv=[])
    (listed,) = store.runs()
    assert listed.status == "failed"


@pytest.mark.parametrize(
    ("blocks", "where"),
    [
        ({"split": {"name": "leave-last"}, "train": {"monitor": "ndcg@10"}}, "train.monitor"),
        ({"split": {"name": "leave-last"}, "train": {"refit": True}}, "train.refit"),
        ({"evaluation": {"metrics": ["mae"]}}, "evaluation.metrics"),
        ({"train": {"monitor": "rmse"}}, "train.monitor"),
        ({"train": {"monitor": "ndcg@10"}}, "train.monitor"),
        (
            {"model": {"name": "als", "epochs": 3}, "train": {"monitor": "ndcg@10", "every": 4}},
            "train.every",
        ),
    ],
)
def test_parts_that_do_not_fit_are_refused_before_anything_is_done(store, blocks, where):
    with pytest.raises(SpecError) as raised:
        experiment.train(spec(**blocks), store, SILENT, argv=[])
    assert raised.value.where == where
    assert store.ids() == []


def test_the_seed_moves_the_split_and_never_the_data(store):
    runs = [
        experiment.train(spec(seed=seed, split={"name": "random"}), store, SILENT, argv=[])
        for seed in (1, 1, 2)
    ]
    prints = [json.loads((run.path / "run.json").read_text())["fingerprints"] for run in runs]
    assert prints[0] == prints[1]
    assert prints[0]["data"] == prints[2]["data"]
    assert prints[0]["split"] != prints[2]["split"]


def test_the_sample_is_read_as_its_spec_says(monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[1])
    dataset = experiment.prepare(load(Path("configs/other/csv.yaml")), SILENT).dataset
    data = dataset.interactions
    assert (len(data), data.n_users, data.n_items, data.scale) == (1000, 40, 60, (1, 5))
    assert (data.users[0], data.items[0], data.value[0]) == ("21", "50", 3)
    assert data.timestamp is not None and data.timestamp[0] == 873_286_741
    assert dataset.titles is not None and dataset.titles[-1] != "60"
