"""Make a run of as many users as one likes, without training: factors and interactions are drawn.

Called as a program, so that what it takes to make them is not held by the process that measures.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks._made_up import Shape, made_up
from recsys_cli.runs import Catalog, Store
from recsys_cli.spec import ExperimentSpec

NAME = "large"


def save(folder: Path, shape: Shape) -> None:
    """Save an als run of this shape as the first run of a store, titles and history included."""
    made = made_up(shape)
    spec = ExperimentSpec.model_validate(
        {
            "name": NAME,
            "dataset": {"name": "synthetic"},
            "split": {"name": "random"},
            "model": {"name": "als", "factors": shape.factors},
        }
    )
    train = made.split.train
    with Store(folder).create(NAME, argv=[], seed=0, spec_document=spec.document()) as recorder:
        fold = recorder.fold()
        fold.save_model(spec.model.describe(), made.model.arrays())
        titles = [f"Item number {item}" for item in train.items.ids]
        fold.save_catalog(Catalog(train.users, train.items, titles, train.csr, scale=train.scale))


if __name__ == "__main__":
    save(Path(sys.argv[1]), Shape(*map(int, sys.argv[2:])))
