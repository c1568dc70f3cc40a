"""Record what RecBole says of rankings.json: ``python tests/metrics/make_fixtures_recbole.py``.

In an environment of its own (RecBole 1.2.1 needs an old numpy): ``pip install --no-deps
recbole==1.2.1``, then ``pip install torch colorlog==4.7.2 colorama==0.4.4 texttable psutil tqdm
pyyaml tabulate thop tensorboard plotly scikit-learn "pandas<2.1" "numpy==1.23.5"``.

Items are numbered from 1, for 0 is the padding item. It fills the places of a short list.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from recbole.evaluator import metrics
from recbole.evaluator.collector import Collector, DataStruct

HERE = Path(__file__).parent / "fixtures"
CUTOFFS = [1, 3, 10, 15]
NAMES = ["Hit", "MRR", "Precision", "NDCG", "Recall", "MAP", "ItemCoverage", "ShannonEntropy"]
NAMES += ["GiniIndex", "AveragePopularity", "TailPercentage"]
CONFIG = {"metric_decimal_place": 16, "topk": CUTOFFS, "device": "cpu", "metrics": ["GAUC"]}


def structure(world: dict) -> DataStruct:
    depth = max(CUTOFFS)
    items = [[i + 1 for i in found] + [0] * (depth - len(found)) for found in world["lists"]]
    wanted = [{i + 1 for i, _ in found} for found in world["relevant"]]
    rows = [
        [int(i in want) for i in found] + [len(want)]
        for found, want in zip(items, wanted, strict=True)
    ]
    data = DataStruct()
    data.set("rec.items", torch.tensor(items))
    data.set("rec.topk", torch.tensor(rows))
    data.set("data.num_items", world["n_items"] + 1)
    data.set("data.count_items", Counter(i + 1 for _, i in world["train"]))
    data.set("rec.score", torch.tensor([row[3] for row in world["rated"]]))
    data.set("data.label", torch.tensor([float(row[2]) for row in world["rated"]]))
    return data


def gauc(world: dict, config: dict) -> dict[str, float]:
    """Return the GAUC over all candidates; nothing where a relevant item is none."""
    open_ = set(world["candidates"])
    if any(i not in open_ for found in world["relevant"] for i, _ in found):
        return {}
    scores = torch.full((len(world["lists"]), world["n_items"] + 1), -np.inf)
    for user, row in enumerate(world["scores"]):
        seen = {i for one, i in world["train"] if one == user}
        for item in open_ - seen:
            scores[user, item + 1] = row[item]
    pairs = [(user, i + 1) for user, found in enumerate(world["relevant"]) for i, _ in found]
    collector = Collector(config)
    collector.eval_batch_collect(scores, None, *map(torch.tensor, zip(*pairs, strict=True)))
    return metrics.GAUC(config).calculate_metric(collector.get_data_struct())


def values(world: dict) -> dict[str, float]:
    config = defaultdict(lambda: None, CONFIG, eval_args={"mode": "full"})
    data, found = structure(world), {}
    for name in [*NAMES, "RMSE", "MAE"]:
        found |= getattr(metrics, name)(config).calculate_metric(data)
    found |= gauc(world, config)
    return {name: float(value) for name, value in found.items()}


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    worlds = json.loads((HERE / "rankings.json").read_text())
    found = {"peer": f"RecBole {version('recbole')}", "worlds": [values(one) for one in worlds]}
    (HERE / "recbole.json").write_text(json.dumps(found, indent=1) + "\n")
