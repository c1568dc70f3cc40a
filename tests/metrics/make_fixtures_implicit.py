"""Record what implicit says of rankings.json: ``python tests/metrics/make_fixtures_implicit.py``.

In an environment of its own: ``pip install implicit==0.7.3``. The model is one that returns the
lists of the file, -1 past their ends.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
from implicit.evaluation import ranking_metrics_at_k
from scipy.sparse import csr_matrix

HERE = Path(__file__).parent / "fixtures"
CUTOFFS = [1, 3, 10, 15]


class Given:
    """Recommends lists that are known."""

    def __init__(self, lists: list[list[int]]) -> None:
        self.lists = lists

    def recommend(self, users, user_items, N: int = 10, **options):
        rows = [(self.lists[user] + [-1] * N)[:N] for user in users]
        return np.array(rows, np.int32), None


def matrix(pairs: list[tuple[int, int]], shape: tuple[int, int]) -> csr_matrix:
    rows, columns = zip(*pairs, strict=True)
    return csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape)


def values(world: dict) -> dict[str, float]:
    shape = (len(world["lists"]), world["n_items"])
    train = matrix([tuple(pair) for pair in world["train"]], shape)
    test = matrix([(u, i) for u, found in enumerate(world["relevant"]) for i, _ in found], shape)
    model, found = Given(world["lists"]), {}
    for k in CUTOFFS:
        named = ranking_metrics_at_k(model, train, test, K=k, show_progress=False)
        found |= {f"{name} (K={k})": value for name, value in named.items()}
    return found


if __name__ == "__main__":
    worlds = json.loads((HERE / "rankings.json").read_text())
    found = {"peer": f"implicit {version('implicit')}", "worlds": [values(one) for one in worlds]}
    (HERE / "implicit.json").write_text(json.dumps(found, indent=1) + "\n")
