"""Several seeds in one spec: each is the experiment that ``seed`` alone would be."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from recsys_cli import experiment
from recsys_cli.errors import DataError
from recsys_cli.fingerprint import digest
from recsys_cli.listener import SILENT
from recsys_cli.runs import Run, Store
from recsys_cli.spec import ExperimentSpec
from recsys_cli.tuning import tune
from tests.test_experiment import Notes

SMALL = {"name": "synthetic", "users": 60, "items": 50, "interactions": 1500}
K_FOLD = {"name": "k-fold", "k": 2, "validation": 0.1}


def spec(**blocks: Any) -> ExperimentSpec:
    parts = {
        "name": "x",
        "dataset": SMALL,
        "split": {"name": "random", "validation": 0.1},
        "model": {"name": "als", "factors": 4, "epochs": 2},
        "evaluation": {"metrics": ["ndcg@10"]},
    }
    return ExperimentSpec.model_validate(parts | blocks)


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "runs")


def ran(asked: ExperimentSpec, store: Store) -> Run:
    run = experiment.train(asked, store, SILENT, argv=[])
    experiment.evaluate(run, SILENT)
    return run


def same_bits(one: Run, fold: str, other: Run, its: str | None = None) -> bool:
    arrays, others = one.fold(fold).model_arrays(), other.fold(its).model_arrays()
    return all(np.array_equal(arrays[name], others[name]) for name in others)


def test_each_seed_gives_the_bits_of_a_spec_with_that_seed(store):
    run = ran(spec(seeds=[11, 2]), store)
    assert run.fold_names == ("seed-2", "seed-11")
    for seed in (2, 11):
        alone = ran(spec(seed=seed), store)
        name, metrics = f"seed-{seed}", alone.metrics or {}
        assert same_bits(run, name, alone)
        prints = run.record["fingerprints"]["split"]
        assert prints[name] == alone.record["fingerprints"]["split"]["1"]
        assert run.fold(name).metrics["metrics"] == metrics["metrics"]
    assert not same_bits(run, "seed-2", run, "seed-11")
    assert run.fold().name == "seed-2"


def test_metrics_are_summed_up_over_the_seeds(store):
    run = ran(spec(seeds=[1, 2, 3]), store)
    folds = run.metrics["folds"]
    values = [fold["metrics"]["ndcg@10"]["value"] for fold in folds.values()]
    summary = run.metrics["metrics"]["ndcg@10"]
    assert summary["value"] == pytest.approx(np.mean(values))
    assert summary["std"] == pytest.approx(np.std(values, ddof=1)) and summary["std"] > 0


def test_seeds_times_folds(store):
    run = ran(spec(seeds=[1, 2], split=K_FOLD), store)
    assert run.fold_names == tuple(f"seed-{s}-fold-{f}" for s in (1, 2) for f in (1, 2))
    alone = ran(spec(seed=2, split=K_FOLD), store)
    assert same_bits(run, "seed-2-fold-2", alone, "2")


def test_data_are_prepared_once_with_the_seed_of_the_spec(store):
    sample = {**SMALL, "prepare": [{"name": "sample-users", "users": 30}]}
    many, alone, other = (
        experiment.train(spec(dataset=sample, **seeds), store, SILENT, argv=[])
        for seeds in ({"seeds": [1, 2], "seed": 7}, {"seed": 7}, {"seed": 1})
    )
    prints = [run.record["fingerprints"]["data"] for run in (many, alone, other)]
    assert prints[0] == prints[1] != prints[2]


def test_a_split_that_draws_nothing_is_the_same_for_every_seed(store):
    run = experiment.train(spec(seeds=[1, 2], split={"name": "leave-last"}), store, SILENT, argv=[])
    assert len(set(run.record["fingerprints"]["split"].values())) == 1
    assert not same_bits(run, "seed-1", run, "seed-2")


def test_a_search_trains_on_every_seed(store):
    space = {"metric": "ndcg@10", "space": {"model.factors": {"choice": [2, 4]}}}
    found = tune(spec(seeds=[1, 2], search=space), store, SILENT, argv=[])
    record = store.find(found.trials[0].run).record
    assert set(record["validation"]) == {"seed-1", "seed-2"}


def test_specs_without_seeds_keep_their_fingerprint_and_others_differ():
    plain, strict = spec(), spec(split={"name": "random", "validation": 0.1, "strict_time": True})
    # As it was computed before there were seeds and strict_time.
    before = {k: v for k, v in plain.document().items() if k not in ("name", "search", "seeds")}
    del before["split"]["strict_time"]
    del before["evaluation"]["propensity"]
    assert plain.fingerprint == digest(before)
    assert strict.fingerprint == plain.fingerprint
    assert spec(seeds=[1, 2]).fingerprint != plain.fingerprint
    assert spec(seeds=[1, 2]).fingerprint != spec(seeds=[1, 3]).fingerprint


@pytest.mark.parametrize("seeds", [[], [1], [1, 1], [1, -1], [1, True], 3])
def test_seeds_that_are_none_are_refused(seeds):
    with pytest.raises(ValidationError):
        spec(seeds=seeds)


def test_the_audit_of_every_fold_is_kept_with_its_metrics(store):
    run = ran(spec(seeds=[1, 2]), store)
    for name in run.fold_names:
        leakage = {one["name"]: one for one in run.fold(name).metrics["leakage"]}
        assert leakage["precedes_own"]["count"] > 0
        assert leakage["precedes_own"]["severity"] == "expected"
        assert leakage["duplicates"] | {"says": ""} == {
            "name": "duplicates",
            "says": "",
            "severity": "none",
            "count": 0,
            "of": 300,
        }


def test_what_is_severe_is_said_when_evaluating(store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [f"u{user},i{item},{item}" for user in range(8) for item in range(6)]
    (tmp_path / "log.csv").write_text("\n".join(["user,item,time", *rows, *rows]))
    data = {"name": "delimited", "path": "log.csv", "rating": None, "timestamp": "time"}
    split = {"name": "random", "repeats": True}
    asked = spec(dataset=data, split=split, model={"name": "popular"})
    run, notes = experiment.train(asked, store, SILENT, argv=[]), Notes()
    # Every pair is there twice: most test rows are copies of training rows.
    experiment.evaluate(run, notes)
    said = [note for note in notes.notes if note.startswith("Leakage audit: ")]
    assert len(said) == 1 and "repeat user, item, value and time" in said[0]
    assert "(severe)" in said[0]


def test_strict_time_refuses_before_training(store):
    split = {"name": "leave-last", "strict_time": True}
    with pytest.raises(DataError, match="precede a training one"):
        experiment.train(spec(split=split), store, SILENT, argv=[])
    (listed,) = store.runs()
    assert listed.status == "failed" and not list(store.root.glob("**/model.safetensors"))
    assert json.loads((store.root / listed.id / "run.json").read_text())["failure"]
