"""ALS on implicit feedback, against implicit's conjugate gradient solver.

All ratings are positives of strength 1, and the last of each user is held out. Both minimise the
same objective with the same factors, epochs, confidence, L2 weight and threads, each from its own
random start; the loss is computed from the factors of both by one function. An epoch is the median
of all but the first of a fit; a fit contains the set-up, which for ours begins with unsorted rows
and for implicit with a finished matrix.
"""

from __future__ import annotations

from typing import Any

from benchmarks import _ranking
from benchmarks._data import SEED, Named, matrix, pairs
from benchmarks._measure import Clock, Row, in_turn
from recsys_cli import threads
from recsys_cli.models import MODELS
from recsys_cli.models._als import objective, strengths
from recsys_cli.seeding import generator

REG, ALPHA, EPOCHS = 0.015, 1.0, 15


def run(quick: bool) -> list[Row]:
    """Return an epoch and a whole fit at each number of factors."""
    data = pairs("1m")
    return [row for k in ((64,) if quick else (64, 128)) for row in _rows(data, k, quick)]


def _rows(data: Named, factors: int, quick: bool) -> list[Row]:
    ours, peer = _Ours(data, factors), _Implicit(data, factors)
    found = in_turn({"ours": ours.fit, "peer": peer.fit}, 2 if quick else 5)
    target, split = peer.loss(), data.split
    reached = [epoch for epoch, loss in enumerate(ours.losses, 1) if loss <= target]
    quality: dict[str, list[Any]] = {
        "training loss": [ours.loss(), target],
        "epochs to the latter": [min(reached, default=None), EPOCHS],
        "ndcg@10": [
            _ranking.ours(split, ours.model),
            _ranking.implicit(split, peer.model, peer.confidence),
        ],
    }
    return [
        Row(
            f"{data.name}, {factors} factors, {what}",
            found["ours"][measure],
            found["peer"][measure],
            f"implicit ALS, CG, {threads.count()} threads, BLAS 1",
            quality,
            faster=1,
        )
        for measure, what in (("epoch", "one epoch"), ("fit", f"fit of {EPOCHS} epochs"))
    ]


class _Ours:
    """Our model, fitted anew at each turn; the last one is judged."""

    def __init__(self, data: Named, factors: int) -> None:
        self.train = data.split.train
        config = {"reg": REG, "alpha": ALPHA, "epochs": EPOCHS}
        self.model: Any = MODELS.get("als")(factors=factors, **config)
        self.losses: list[float] = []

    def fit(self) -> dict[str, float]:
        self.losses.clear()
        clock = Clock()

        def on_epoch(_: Any, __: int, loss: float | None) -> bool:
            self.losses.append(loss or 0.0)
            return clock.tick()

        self.model.fit(self.train, rng=generator(SEED, "model"), on_epoch=on_epoch)
        return clock.read()

    def loss(self) -> float:
        known = strengths(self.train.csr, ALPHA)
        return objective(known, self.model.user_factors_, self.model.item_factors_, REG)


class _Implicit:
    """The peer by its public interface; it takes confidences, 1 + alpha · value, as they are."""

    def __init__(self, data: Named, factors: int) -> None:
        self.factors = factors
        self.known = strengths(data.split.train.csr, ALPHA)
        self.confidence = matrix(self.known._replace(data=self.known.data + 1))

    def fit(self) -> dict[str, float]:
        from implicit.cpu.als import AlternatingLeastSquares

        with threads.single_blas():
            self.model = AlternatingLeastSquares(
                factors=self.factors,
                regularization=REG,
                iterations=EPOCHS,
                num_threads=threads.count(),
                random_state=SEED,
            )
            clock = Clock()
            self.model.fit(self.confidence, show_progress=False, callback=clock.tick)
            return clock.read()

    def loss(self) -> float:
        return objective(self.known, self.model.user_factors, self.model.item_factors, REG)
