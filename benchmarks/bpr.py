"""BPR against implicit's, at equal samples: each epoch draws as many pairs as there are positives.

All ratings are positives, and the last of each user is held out. Factors, epochs, learning rate, L2
weight and threads are the same, and negatives uniform. Implicit's threads race, so its figures of
quality change from run to run; ours are the same at any number of threads. An epoch is the median
of all but the first of a fit; a fit contains the set-up.
"""

from __future__ import annotations

from statistics import median
from typing import Any

from benchmarks import _ranking, _roofline
from benchmarks._data import SEED, Named, matrix, pairs
from benchmarks._measure import Clock, Row, in_turn
from recsys_cli import threads
from recsys_cli.models import MODELS
from recsys_cli.seeding import generator

FACTORS, LR, REG = 64, 0.05, 0.01


def run(quick: bool) -> list[Row]:
    """Return an epoch and a whole fit."""
    data, epochs = pairs("1m"), 5 if quick else 40
    ours, peer = _Ours(data, epochs), _Implicit(data, epochs)
    found = in_turn({"ours": ours.fit, "peer": peer.fit}, 2 if quick else 5)
    # A pair reads and writes the rows of a user and of two items.
    bound = _roofline.sgd(ours.train, FACTORS, 3, median(found["ours"]["epoch"]))
    ndcg = [
        _ranking.ours(data.split, ours.model),
        _ranking.implicit(data.split, peer.model, peer.positives),
    ]
    return [
        Row(
            f"{data.name}, {FACTORS} factors, {what}",
            found["ours"][measure],
            found["peer"][measure],
            f"implicit BPR, {threads.count()} threads, BLAS 1",
            {"ndcg@10": ndcg},
            faster=2.5,
            memory=[median(found[side]["memory"]) for side in ("ours", "peer")],
            bound=bound if measure == "epoch" else "",
        )
        for measure, what in (("epoch", "one epoch"), ("fit", f"fit of {epochs} epochs"))
    ]


class _Ours:
    """Our model, fitted anew at each turn; the last one is judged."""

    def __init__(self, data: Named, epochs: int) -> None:
        self.train = data.split.train
        regs = {"reg_user": REG, "reg_item": REG, "reg_bias": REG}
        self.model: Any = MODELS.get("bpr")(factors=FACTORS, epochs=epochs, lr=LR, **regs)

    def fit(self) -> dict[str, float]:
        clock = Clock()
        self.model.fit(self.train, rng=generator(SEED, "model"), on_epoch=clock.tick)
        return clock.read()


class _Implicit:
    """The peer by its public interface."""

    def __init__(self, data: Named, epochs: int) -> None:
        self.epochs = epochs
        self.positives = matrix(data.split.train.csr)

    def fit(self) -> dict[str, float]:
        from implicit.cpu.bpr import BayesianPersonalizedRanking

        with threads.single_blas():
            self.model = BayesianPersonalizedRanking(
                factors=FACTORS,
                learning_rate=LR,
                regularization=REG,
                iterations=self.epochs,
                num_threads=threads.count(),
                random_state=SEED,
            )
            clock = Clock()
            self.model.fit(self.positives, show_progress=False, callback=clock.tick)
            return clock.read()
