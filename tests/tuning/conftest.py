"""A small search, and a way to run it."""

from __future__ import annotations

from typing import Any

import pytest

from recsys_cli.listener import SILENT
from recsys_cli.runs import Store
from recsys_cli.spec import ExperimentSpec
from recsys_cli.tuning import Tuned, tune

SMALL = {"name": "synthetic", "users": 60, "items": 50, "interactions": 1500}
FOLDS = {"name": "k-fold", "k": 3, "validation": 0.1}
RATINGS = {
    "split": FOLDS,
    "model": {"name": "mf", "factors": 4, "epochs": 3},
    "evaluation": {"metrics": ["rmse"]},
}


def spec(space: dict[str, Any], **blocks: Any) -> ExperimentSpec:
    search = {"metric": "ndcg@10", "space": space, "trials": 3} | blocks.pop("search", {})
    return ExperimentSpec.model_validate(
        {
            "name": "x",
            "dataset": SMALL,
            "split": {"name": "leave-last", "n": 1, "validation": 1},
            "model": {"name": "als", "factors": 4, "epochs": 6},
            "search": search,
        }
        | blocks
    )


@pytest.fixture
def search(tmp_path):
    store = Store(tmp_path / "runs")

    def run(asked: ExperimentSpec, **options: Any) -> tuple[Tuned, Store]:
        return tune(asked, store, SILENT, argv=["recsys"], **options), store

    return run
