"""Record what RecTools says of rankings.json: ``python tests/metrics/make_fixtures_rectools.py``.

In an environment of its own: ``pip install rectools==0.19.0``. Users without a recommendation have
no row in its table of recommendations.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from rectools.metrics import (
    MAP,
    MRR,
    NDCG,
    AvgRecPopularity,
    CatalogCoverage,
    CoveredUsers,
    HitRate,
    IntraListDiversity,
    MeanInvUserFreq,
    PairwiseHammingDistanceCalculator,
    Precision,
    Recall,
    Serendipity,
    SufficientReco,
    calc_metrics,
)

HERE = Path(__file__).parent / "fixtures"
CUTOFFS = [1, 3, 10, 15]


def asked(k: int, distance: PairwiseHammingDistanceCalculator) -> dict:
    return {
        f"HitRate(k={k})": HitRate(k=k),
        f"MRR(k={k})": MRR(k=k),
        f"Precision(k={k})": Precision(k=k),
        f"Precision(k={k}, r_precision=True)": Precision(k=k, r_precision=True),
        f"Recall(k={k})": Recall(k=k),
        f"NDCG(k={k})": NDCG(k=k),
        f"NDCG(k={k}, divide_by_achievable=True)": NDCG(k=k, divide_by_achievable=True),
        f"MAP(k={k})": MAP(k=k),
        f"MAP(k={k}, divide_by_k=True)": MAP(k=k, divide_by_k=True),
        f"CatalogCoverage(k={k})": CatalogCoverage(k=k),
        f"CatalogCoverage(k={k}, normalize=True)": CatalogCoverage(k=k, normalize=True),
        f"SufficientReco(k={k})": SufficientReco(k=k),
        f"CoveredUsers(k={k})": CoveredUsers(k=k),
        f"AvgRecPopularity(k={k})": AvgRecPopularity(k=k),
        f"AvgRecPopularity(k={k}, normalize=True)": AvgRecPopularity(k=k, normalize=True),
        f"MeanInvUserFreq(k={k})": MeanInvUserFreq(k=k),
        f"Serendipity(k={k})": Serendipity(k=k),
        f"IntraListDiversity(k={k}), Hamming": IntraListDiversity(k, distance),
    }


def values(world: dict) -> dict[str, float]:
    lists = enumerate(world["lists"])
    rows = [(user, i, rank) for user, found in lists for rank, i in enumerate(found, 1)]
    test = [(user, i) for user, found in enumerate(world["relevant"]) for i, _ in found]
    ones = [[int(label in found) for label in range(5)] for found in world["labels"]]
    distance = PairwiseHammingDistanceCalculator(pd.DataFrame(ones))
    found = {}
    for k in CUTOFFS:
        found |= calc_metrics(
            asked(k, distance),
            reco=pd.DataFrame(rows, columns=["user_id", "item_id", "rank"]),
            interactions=pd.DataFrame(test, columns=["user_id", "item_id"]),
            prev_interactions=pd.DataFrame(world["train"], columns=["user_id", "item_id"]),
            catalog=world["candidates"],
        )
    return {name: float(value) for name, value in found.items()}


if __name__ == "__main__":
    worlds = json.loads((HERE / "rankings.json").read_text())
    found = {"peer": f"RecTools {version('rectools')}", "worlds": [values(one) for one in worlds]}
    (HERE / "rectools.json").write_text(json.dumps(found, indent=1) + "\n")
