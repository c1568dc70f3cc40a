"""SLIM, against scikit-learn's elastic net, item by item.

Both minimise the same objective, the squared error of an item's column plus an L1 and an L2 weight,
over weights of at least 0. Scikit-learn gets the matrix as it likes it best, dense and by columns,
with the Gramian computed beforehand, untimed, and its coordinate descent is called directly, which
leaves out the checks and copies that the estimator makes for each item; a pool keeps all threads at
work, each with a copy of both matrices that is made beforehand. It solves a sample of the items,
evenly spread over popularity, and its time is multiplied up to all of them. Ours is a whole fit,
Gramian and all. The objective is that of the sample, computed from the weights of both by one
function.
"""

from __future__ import annotations

from statistics import median

import numpy as np

from benchmarks._data import Named, pairs
from benchmarks._measure import Row, in_turn, timed
from benchmarks._ours import Ranker
from recsys_cli import threads
from recsys_cli.data import Float64

L1, L2 = 5.0, 30.0
#: One item in so many is solved by the peer.
_STEP = 20


def run(quick: bool) -> list[Row]:
    """Return a whole fit."""
    data = pairs("100k" if quick else "1m")
    ours, peer = Ranker(data, "slim", l1=L1, l2=L2), _ElasticNet(data)
    found = in_turn({"ours": ours.fit, "peer": peer.fit}, 1 if quick else 3)
    weights = ours.model._sparse.rows(np.arange(data.split.train.n_items)).dense()
    own = peer.objective(weights[:, peer.items].T.astype(np.float64))
    n = threads.count()
    return [
        Row(
            f"{data.name}, l1 {L1:g}, l2 {L2:g}, fit",
            found["ours"]["fit"],
            [peer.scale * seconds for seconds in found["peer"]["fit"]],
            f"scikit-learn enet_path, Gramian given, {n} thread{'s' if n > 1 else ''}, from "
            f"{len(peer.items)} of {data.split.train.n_items:,} items",
            {"objective of these items": [own, peer.objective(peer.weights)]},
            faster=20,
            memory=[median(found[side]["memory"]) for side in ("ours", "peer")],
        )
    ]


class _ElasticNet:
    """The peer on a sample of items; ``weights`` float64 (items in the sample, n_items)."""

    def __init__(self, data: Named) -> None:
        known = data.split.train.csr
        self.x = np.asfortranarray(known.dense(), dtype=np.float64)
        self.x[self.x > 0] = 1
        self.gram = self.x.T @ self.x
        popular = np.argsort(-self.gram.diagonal(), kind="stable")
        self.items = np.sort(popular[_STEP // 2 :: _STEP])
        self.scale = known.n_cols / len(self.items)
        self.weights: Float64 = np.zeros((len(self.items), known.n_cols))

    def fit(self) -> dict[str, float]:
        spread = -(-len(self.items) // threads.count())
        copies = [
            (self.x.copy(order="F"), self.gram.copy()) for _ in range(0, len(self.items), spread)
        ]

        def block(start: int, stop: int) -> None:
            x, gram = copies[start // spread]
            for at in range(start, stop):
                self.weights[at] = _solve(x, gram, self.items[at])

        with threads.single_blas():
            return timed(lambda: threads.map_blocks(block, len(self.items), spread))

    def objective(self, weights: Float64) -> float:
        """Return the sum over the sample of ``½ |x_j - X w|² + l1 |w|₁ + ½ l2 |w|²``."""
        miss = self.x[:, self.items] - self.x @ weights.T
        return float((miss**2).sum() / 2 + L1 * np.abs(weights).sum() + L2 * (weights**2).sum() / 2)


def _solve(x: Float64, gram: Float64, item: int) -> Float64:
    """Return the weights of an item, which is taken out of both matrices meanwhile."""
    from sklearn.linear_model import enet_path

    column, known = x[:, item].copy(), gram[item].copy()
    x[:, item] = gram[item] = gram[:, item] = 0
    met = known.copy()
    met[item] = 0
    weight = (L1 + L2) / len(x)
    penalty = {"alphas": [weight], "l1_ratio": L1 / (L1 + L2), "positive": True}
    given = {"precompute": gram, "Xy": met, "copy_X": False, "check_input": False}
    _, found, _ = enet_path(x, column, **penalty, **given)
    x[:, item], gram[item], gram[:, item] = column, known, known
    weights: Float64 = found[:, 0]
    return weights
