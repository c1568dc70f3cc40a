"""A store, and a way to fill it with small runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recsys_cli.data import CSR, IdMap
from recsys_cli.runs import Catalog, EvaluatedFold, Recorder, Run, Store

SPEC = {
    "name": "als",
    "seed": 42,
    "dataset": {"name": "synthetic"},
    "model": {"name": "als", "factors": 2, "reg": 1e-05},
    "recommend": {"users": ["196", "1e-3", "no", "0123", "é"]},
}
CONFIG = {"name": "als", "factors": 2}
N_USERS, N_ITEMS = 5, 7


def arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "user_factors": rng.normal(size=(N_USERS, 2)).astype(np.float32),
        "item_factors": np.asfortranarray(rng.normal(size=(N_ITEMS, 2)).astype(np.float32)),
        "mean": np.asarray(np.float32(3.5)),
        "user_counts": np.array([2, 1, 0, 3, 1]),
        "item_counts": np.array([1, 1, 1, 1, 1, 1, 1]),
    }


def matrix(rows: list[list[int]], n_cols: int = N_ITEMS) -> CSR:
    items = np.array([item for row in rows for item in row], np.int32)
    ends = np.cumsum([0, *map(len, rows)]).astype(np.int64)
    return CSR(ends, items, (items + 1).astype(np.float32), n_cols)


def catalog() -> Catalog:
    return Catalog(
        users=IdMap(["1", "2", "03", "3", "nö"]),
        items=IdMap([f"i{i}" for i in range(N_ITEMS)]),
        titles=[f"Title {i}" for i in range(N_ITEMS)],
        known=matrix([[0, 3], [2], [], [1, 4, 6], [5]]),
        validation=matrix([[1], [], [], [0, 5], []]),
    )


def fill(recorder: Recorder, fold: str | None = None) -> None:
    part = recorder.fold(fold)
    for epoch in (1, 2):
        part.epoch({"epoch": epoch, "loss": np.float32(1 / epoch), "seconds": 0.1})
    part.save_model(CONFIG, arrays())
    part.save_catalog(catalog())


def train(store: Store, name: str = "als", folds: tuple[str | None, ...] = (None,)) -> Run:
    with store.create(name, argv=["recsys"], seed=42, spec_document=SPEC) as recorder:
        for fold in folds:
            fill(recorder, fold)
    return store.find(recorder.id)


def evaluated(value: float = 0.5, users: int = 3) -> EvaluatedFold:
    return EvaluatedFold(
        document={"metrics": {"ndcg@10": {"value": value, "users": users}}},
        per_user={"user": [str(i) for i in range(users)], "ndcg@10": np.full(users, value)},
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs")
