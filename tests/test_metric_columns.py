"""A metric that names a column works from spec to run folder, or is refused before training."""

from __future__ import annotations

import json
from typing import Any

import pytest

from recsys_cli import experiment
from recsys_cli.errors import SpecError
from recsys_cli.listener import SILENT
from recsys_cli.models.als import ALS
from recsys_cli.pruning import Objective
from recsys_cli.runs import Store
from recsys_cli.spec import ExperimentSpec


def spec(**blocks: Any) -> ExperimentSpec:
    return ExperimentSpec.model_validate(
        {
            "name": "x",
            "dataset": {"name": "synthetic", "users": 60, "items": 50, "interactions": 1500},
            "split": {"name": "leave-last", "validation": 1},
            "model": {"name": "als", "epochs": 2, "factors": 4},
        }
        | blocks
    )


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "runs")


def test_the_run_folder_holds_the_metric_by_its_full_name(store):
    names = ["calibration:genre@5", "exposure-ratio:genre@5", "diversity@5"]
    asked = spec(evaluation={"metrics": names}, train={"monitor": "diversity@5"})
    run = experiment.train(
        asked, store, SILENT, argv=[], objective=Objective("calibration:genre@5")
    )
    assert run.record["best_epochs"]["1"]["monitor"] == "diversity@5"
    assert 0 <= run.record["validation"]["1"]["calibration:genre@5"] < 5
    experiment.evaluate(run, SILENT)
    written = json.loads((run.path / "metrics.json").read_text())
    assert list(written["metrics"]) == names
    assert set(names) < set(run.fold("1").per_user())


@pytest.mark.parametrize(
    ("blocks", "objective", "message"),
    [
        ({"evaluation": {"metrics": ["exposure-gap:gener@5"]}}, None, "evaluation.metrics: exp"),
        ({"train": {"monitor": "recall-gap:sex@5"}}, None, "train.monitor: recall-gap: no column"),
        ({}, Objective("calibration:gener@5"), "search.metric: calibration: no column"),
    ],
)
def test_an_unknown_column_is_refused_before_training(
    store, monkeypatch, blocks, objective, message
):
    monkeypatch.setattr(ALS, "fit", None)
    with pytest.raises(SpecError, match=message):
        experiment.train(spec(**blocks), store, SILENT, argv=[], objective=objective)
    assert not store.runs()
