"""What the data lack for the evaluation of a spec is told before anything is trained."""

from __future__ import annotations

from typing import Any

import pytest

from recsys_cli import experiment
from recsys_cli.errors import DataError, NotFound
from recsys_cli.listener import SILENT
from recsys_cli.runs import Store
from recsys_cli.spec import ExperimentSpec
from tests.test_leakage import SMALL


def spec(**evaluation: Any) -> ExperimentSpec:
    parts = {"name": "x", "dataset": SMALL, "split": {"name": "random"}, "model": {"name": "mf"}}
    return ExperimentSpec.model_validate(parts | {"evaluation": evaluation})


WEIGHED = {"metrics": ["snips-recall@5"], "propensity": {"source": "weights"}}


@pytest.mark.parametrize(
    ("evaluation", "error", "says"),
    [
        (WEIGHED, DataError, "the data have no weights"),
        ({"metrics": ["ips-dcg@5"]}, DataError, "all held-out interactions are relevant"),
        (
            {"metrics": ["ips-dcg@5"], "relevant": {"min_value": 1}},
            DataError,
            "all held-out interactions are relevant",
        ),
        ({"relevant": {"min_value": 5.5}}, DataError, "no interaction has a value above 5"),
        ({"candidates": {"file": "none.csv"}}, NotFound, "no such file"),
    ],
)
def test_what_no_split_can_mend_is_refused_before_training(tmp_path, evaluation, error, says):
    store = Store(tmp_path)
    with pytest.raises(error, match=says):
        experiment.train(spec(**evaluation), store, SILENT, argv=[])
    assert not store.ids()


@pytest.mark.parametrize(
    "evaluation",
    [
        {"metrics": ["ndcg@5"], "propensity": {"source": "weights"}},
        {"metrics": ["snips-recall@5"]},
        {"metrics": ["snips-dcg@5"], "relevant": {"min_value": 4}},
        {"metrics": ["rmse"], "relevant": {"min_value": 9}},
        {"relevant": {"min_value": 5}},
    ],
)
def test_what_the_metrics_do_not_ask_for_is_not_demanded(evaluation, tmp_path):
    run = experiment.train(spec(**evaluation), Store(tmp_path), SILENT, argv=[])
    assert run.record["status"] == "complete"
