"""Draw the rankings that peers are asked about: ``python tests/metrics/make_fixtures_rankings.py``.

Needs numpy alone. Four worlds: full lists; short and empty lists with ratings as gains and cold
relevant items; items that nobody trained on among the candidates; one relevant item a user. Known,
relevant and recommended items are drawn apart from one another; popularity is skewed and pairs
repeat, so that counting users is not counting interactions.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent / "fixtures"
USERS, ITEMS, DEPTH = 16, 40, 10
#: Shortest list, most relevant items, whether cold ones are relevant, whether all are candidates.
KINDS = [(DEPTH, 6, False, False), (0, 14, True, False), (3, 6, False, True), (5, 1, False, False)]


def world(rng: np.random.Generator, shortest: int, relevant: int, cold: bool, every: bool) -> dict:
    odds = 1 / np.arange(1, ITEMS + 1)
    odds[rng.permutation(ITEMS)[:6]] = 0
    train = [
        [user, int(item)]
        for user in range(USERS)
        for item in rng.choice(ITEMS, rng.integers(2, 9), p=odds / odds.sum())
    ]
    trained = {item for _, item in train}
    candidates = list(range(ITEMS)) if every else sorted(trained)
    wanted, lists = [], []
    for user in range(USERS):
        seen = {item for one, item in train if one == user}
        new = [i for i in candidates if i not in seen]
        asked = [i for i in range(ITEMS) if i not in seen] if cold else new
        found = rng.choice(asked, min(len(asked), int(rng.integers(1, relevant + 1))), False)
        wanted.append([[int(i), int(rng.integers(1, 6))] for i in found])
        lists.append(rng.permutation(new)[: rng.integers(shortest, DEPTH + 1)].tolist())
    rated = [[u, i, v, int(rng.integers(0, 48)) / 8] for u in range(USERS) for i, v in wanted[u]]
    return {
        "n_items": ITEMS,
        "train": train,
        "candidates": candidates,
        "relevant": wanted,
        "lists": lists,
        "scores": rng.integers(0, 6, (USERS, ITEMS)).tolist(),
        "labels": [np.flatnonzero(rng.random(5) < 0.3).tolist() for _ in range(ITEMS)],
        "rated": rated,
    }


if __name__ == "__main__":
    rng = np.random.default_rng(4)
    worlds = [world(rng, *kind) for kind in KINDS]
    lines = ",\n".join(json.dumps(one, separators=(",", ":")) for one in worlds)
    (HERE / "rankings.json").write_text(f"[\n{lines}\n]\n")
