"""A small search, and a way to run it."""

from __future__ import annotations

from pathlib import Path
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


def of_files(folder: Path) -> tuple[dict[str, Path], dict[str, Any]]:
    """Return files of ratings, items and candidates by name, and the blocks of a spec of them."""
    lines = {
        "ratings": ["user,item", *(f"u{n % 20},i{n * 7 % 31}" for n in range(300))],
        "items": ["id,kind", *(f"i{n},{n % 3}" for n in range(31))],
        "candidates": ["user,item", *(f"u{u},i{i}" for u in range(20) for i in range(31))],
    }
    files = {name: folder / f"{name}.csv" for name in lines}
    for name, path in files.items():
        path.write_text("\n".join(lines[name]))
    named = {name: str(path) for name, path in files.items()}
    items = {"path": named["items"], "categorical": ["kind"]}
    dataset = {"name": "delimited", "path": named["ratings"], "rating": None, "items": items}
    candidates = {"file": named["candidates"]}
    return files, {
        "dataset": dataset,
        "split": {"name": "random", "test": 0.2, "validation": 0.1},
        "evaluation": {"metrics": ["ndcg@10"], "candidates": candidates},
    }


def shorten(file: Path) -> None:
    """Take the last two rows off a file."""
    file.write_text("\n".join(file.read_text().split("\n")[:-2]))


@pytest.fixture
def search(tmp_path):
    store = Store(tmp_path / "runs")

    def run(asked: ExperimentSpec, **options: Any) -> tuple[Tuned, Store]:
        return tune(asked, store, SILENT, argv=["recsys"], **options), store

    return run
