"""Pairs of a spec and a size for the recipe of memory."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np

from recsys_cli.models import MODELS

#: What models made of other models need.
MEMBERS = {
    "models": [{"name": "content"}, {"name": "als", "epochs": 1}],
    "cold": {"name": "content"},
    "warm": {"name": "als", "epochs": 1},
}
#: Interactions, users and items of files that are made.
FILES = {
    "small": (200_000, 5_000, 1_000),
    "tall": (500_000, 200_000, 2_000),
    "wide": (500_000, 10_000, 50_000),
    "square": (1_500_000, 30_000, 8_000),
    "dense": (4_000_000, 20_000, 4_000),
    "named": (1_500_000, 30_000, 8_000),
    "broad": (400_000, 20_000, 8_000),
    "crowd": (400_000, 100_000, 5_000),
}
#: Files that are read and nothing else; the ids of "named" are words.
READ = ["square.csv.gz", "square.parquet", "square.csv", "named.parquet"]
READ += ["named.csv", "named.csv.gz", "dense.csv.gz", "dense.parquet"]
ML_1M = {"name": "movielens", "size": "1m"}
DEFAULT = {"name": "synthetic"}
MADE = {"name": "synthetic", "users": 50_000, "items": 5_000, "interactions": 1_000_000}
FEW = {"name": "synthetic", "users": 300, "items": 300, "interactions": 5_000}
ALS = {"name": "als", "factors": 16, "epochs": 1}
BPR = {"name": "bpr", "factors": 16, "epochs": 1}
LISTED = {"metrics": ["ndcg@10"], "candidates": {"sampled": 50}}
RATED = {"evaluation": {"metrics": ["rmse"]}}
FOLDS = {"name": "k-fold", "k": 5}
HOLDOUT = {"name": "user-holdout"}

#: A dataset (of FILES by name), whether it is read for the first time, a model and what else.
PAIRS: list[tuple[Any, bool, dict[str, Any], dict[str, Any]]] = [
    ("square", True, {"name": "als", "factors": 64, "epochs": 1}, {}),
    (DEFAULT, False, {"name": "bpr", "epochs": 2}, {}),
    ("tall", False, {"name": "als", "factors": 128, "epochs": 1}, {}),
    ("tall", False, {"name": "mf", "factors": 128, "epochs": 1}, {}),
    ("tall", True, {"name": "bpr", "factors": 256, "epochs": 1}, {}),
    ("tall", False, {"name": "svd", "factors": 64}, {}),
    ("wide", False, {"name": "als", "factors": 256, "epochs": 1}, {}),
    ("wide", True, {"name": "rp3beta"}, {}),
    ("wide", False, {"name": "implicit-cosine"}, {}),
    ("dense", False, {"name": "als", "factors": 32, "epochs": 1}, {}),
    ("dense", True, {"name": "popular"}, {}),
    ("dense", False, {"name": "mf", "factors": 32, "epochs": 1}, {}),
    ("dense", False, {"name": "bpr", "factors": 32, "epochs": 1}, {}),
    ("dense", False, {"name": "bias"}, {}),
    ("dense", False, {"name": "item-knn", "target": "implicit"}, {}),
    ("square", False, {"name": "item-knn"}, {}),
    ("square", False, {"name": "user-knn", "target": "implicit"}, {}),
    ("square", False, {"name": "implicit-als", "factors": 64, "epochs": 1}, {}),
    ("square", False, {"name": "implicit-lmf", "factors": 64, "epochs": 1}, {}),
    ("square", False, {"name": "svdpp", "factors": 64, "epochs": 1}, {}),
    ("square", False, {"name": "timesvdpp", "factors": 32, "epochs": 1}, {}),
    (ML_1M, False, {"name": "ease"}, {}),
    (ML_1M, True, {"name": "als", "epochs": 3}, {"train": {"monitor": "ndcg@10"}}),
    (ML_1M, False, {"name": "surprise-svd", "epochs": 1}, {"evaluation": {"metrics": ["rmse"]}}),
    (ML_1M, False, {"name": "mf", "epochs": 2}, {"evaluation": {"metrics": ["rmse", "auc"]}}),
    (ML_1M, False, {"name": "bayesian-mf", "epochs": 6, "burn_in": 2}, {}),
    (ML_1M, False, {"name": "slim"}, {"train": {"refit": True}}),
    ("square", False, {"name": "ease"}, {}),
    (MADE, False, {"name": "hybrid", "epochs": 1}, {}),
    (MADE, False, {"name": "content"}, {}),
    ("broad", False, {"name": "slim", "l1": 5.0}, {}),
    ("crowd", False, ALS, {"evaluation": LISTED}),
    ("broad", False, ALS, {"evaluation": {"metrics": ["ndcg@1000"]}}),
    ("broad", False, {"name": "mf", "factors": 32, "epochs": 1}, {"split": FOLDS}),
    ("broad", False, {"name": "mf", "factors": 512, "epochs": 1}, {"split": HOLDOUT}),
    ("crowd", False, {"name": "surprise-nmf", "factors": 200, "epochs": 1}, RATED),
    ("broad", False, {"name": "ensemble", "weights": [1, 1], "models": [ALS, BPR]}, {}),
    ("small", False, {"name": "ensemble", "blend": "rank", "models": [BPR, ALS]}, {}),
    ("broad", False, {"name": "item-knn"}, {}),
    ("broad", False, {"name": "user-knn"}, {}),
    (FEW, False, {"name": "als", "factors": 2000, "epochs": 1}, {}),
    (FEW, False, {"name": "hybrid", "factors": 2000, "epochs": 1}, {}),
    (FEW, False, {"name": "bayesian-mf", "factors": 500, "epochs": 4, "burn_in": 1}, RATED),
]


def write(path: Path, size: tuple[int, int, int]) -> None:
    """Write a file of about so many interactions, each user and item some of them."""
    import pyarrow as pa
    from pyarrow import csv, parquet

    (n, users, items), rng = size, np.random.default_rng(7)
    item = (items * rng.random(n) ** 2).astype(np.int64)
    keys = np.unique(np.arange(n) % users * items + item)
    rng.shuffle(keys)
    times = rng.integers(10**9, 2 * 10**9, len(keys))
    columns = {"user": keys // items, "item": keys % items, "timestamp": times}
    if path.name.startswith("named"):
        columns |= {
            id_: f"the-{id_}-" + columns[id_].astype(str).astype(object) for id_ in ("user", "item")
        }
    table = pa.table(columns | {"rating": rng.integers(1, 6, len(keys))})
    if path.suffix == ".parquet":
        parquet.write_table(table, path)
        return
    text = pa.BufferOutputStream()
    csv.write_csv(table, text)
    data = text.getvalue().to_pybytes()
    path.write_bytes(gzip.compress(data, 1) if path.suffix == ".gz" else data)


def made(name: str, folder: Path) -> Path:
    """Return one of FILES with some suffix, made if it is not there."""
    path = folder / name
    if not path.exists():
        write(path, FILES[name.split(".")[0]])
    return path


def of_model(name: str) -> dict[str, Any]:
    """Return the document of a model of any kind, on data of a moderate size."""
    small = {"factors": 32, "epochs": 3, "burn_in": 1} | MEMBERS
    fields = MODELS.get(name).Config.model_fields
    model = {"name": name} | {key: value for key, value in small.items() if key in fields}
    dataset = {"name": "synthetic", "users": 10_000, "items": 2_000, "interactions": 300_000}
    return {"name": "model", "dataset": dataset, "split": {"name": "random"}, "model": model}


def spec(seed: int, folder: Path) -> dict[str, Any]:
    """Return the document of a pair, whose file is made in a folder if it is not there."""
    dataset, _, model, more = PAIRS[seed]
    if isinstance(dataset, str):
        path = made(f"{dataset}.csv", folder)
        dataset = {"name": "delimited", "path": str(path), "timestamp": "timestamp"}
        dataset["scale"] = [1, 5]
    split = {"name": "leave-last", "validation": 1 if "train" in more else 0}
    found = {"name": "pair", "dataset": dataset, "split": split, "model": model} | more
    return {"evaluation": {"metrics": ["ndcg@10", "recall@10"]}} | found
