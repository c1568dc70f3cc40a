"""Record what LensKit says of rankings.json: ``python tests/metrics/make_fixtures_lenskit.py``.

In an environment of its own: ``pip install lenskit==2025.8.1``. Numbers of lists are the means of
``RunAnalysis.list_summary``, which fills what is missing with the metric's default.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from lenskit.data import ItemList, ItemListCollection, from_interactions_df
from lenskit.metrics import (
    MAE,
    NDCG,
    RMSE,
    Hit,
    ListGini,
    MeanPopRank,
    Precision,
    Recall,
    RecipRank,
    RunAnalysis,
)
from lenskit.metrics.ranking import AveragePrecision

HERE = Path(__file__).parent / "fixtures"
CUTOFFS = [1, 3, 10, 15]


def analysis(world: dict) -> RunAnalysis:
    """Return all metrics, each by the name that the convention has for it."""
    train = pd.DataFrame(world["train"], columns=["user_id", "item_id"]).drop_duplicates()
    data = from_interactions_df(train)
    found = RunAnalysis()
    for k in CUTOFFS:
        for metric in (NDCG, Precision, Recall, RecipRank, Hit, AveragePrecision):
            found.add_metric(metric(k))
        found.add_metric(NDCG(k, gain="rating"), f"NDCG@{k}, gain=rating")
        found.add_metric(MeanPopRank(data, n=k))
        found.add_metric(ListGini(k, items=world["n_items"]))
    return found


def collection(lists: list[ItemList]) -> ItemListCollection:
    found = ItemListCollection(["user_id"])
    for user, items in enumerate(lists):
        found.add(items, user_id=user)
    return found


def rated(world: dict) -> dict[str, float]:
    frame = pd.DataFrame(world["rated"], columns=["user", "item", "rating", "score"])
    lists = [
        ItemList(rows["item"].values, scores=rows["score"].values, rating=rows["rating"].values)
        for _, rows in frame.groupby("user")
    ]
    asked = RunAnalysis(RMSE(), MAE())
    result = asked.measure(collection(lists), collection(lists))
    return dict(result.list_summary()["mean"])


def values(world: dict) -> dict[str, float]:
    lists = [ItemList(np.array(found, np.int32), ordered=True) for found in world["lists"]]
    test = [
        ItemList(
            np.array([i for i, _ in found], np.int32), rating=np.array([float(v) for _, v in found])
        )
        for found in world["relevant"]
    ]
    result = analysis(world).measure(collection(lists), collection(test))
    found = dict(result.list_summary()["mean"]) | rated(world)
    whole = result.global_metrics()
    found |= {f"ListGini@{k}": whole[f"ListGini@{k}"] for k in CUTOFFS}
    return {name: float(value) for name, value in found.items()}


if __name__ == "__main__":
    worlds = json.loads((HERE / "rankings.json").read_text())
    found = {"peer": f"LensKit {version('lenskit')}", "worlds": [values(one) for one in worlds]}
    (HERE / "lenskit.json").write_text(json.dumps(found, indent=1) + "\n")
