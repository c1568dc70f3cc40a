"""ALS to one training loss, ours and implicit's, on any data: what the jobs of ALS share."""

from __future__ import annotations

from statistics import median
from typing import Any

from benchmarks import _roofline
from benchmarks._data import SEED, matrix
from benchmarks._measure import Clock, Row, in_turn, weighed
from recsys_cli import threads
from recsys_cli.data import Interactions
from recsys_cli.models import MODELS
from recsys_cli.models._als import objective, strengths
from recsys_cli.seeding import generator

REG, ALPHA, EPOCHS = 0.015, 1.0, 15
#: Part of a loss by which the one that ours keeps count of may differ.
_ROUNDING = 1e-4
#: Seconds of one run of implicit's below which there are five, and above which there is one.
_SHORT, _LONG = 10.0, 120.0


def row(
    name: str, train: Interactions, factors: int, aim: float, repeats: int | None = None
) -> Row:
    """Return the row of one number of factors; what reaches the loss is timed to its end."""
    peer = Implicit(train, factors)
    first = weighed(peer.fit)
    ours = Ours(train, factors, peer.loss())
    sides = {"ours": ours.fit, "peer": peer.fit}
    many = _repeats(first["fit"]) if repeats is None else repeats
    if many > 1:
        found = in_turn(sides, many)
    else:
        found = in_turn({"ours": ours.fit, "peer": lambda: first}, 1, warm_up=False)
    if (loss := ours.loss()) > ours.target * (1 + _ROUNDING):
        raise SystemExit(f"{name}, {factors} factors: ours stays above the loss, at {loss:,.0f}")
    quality: dict[str, list[Any]] = {
        "training loss": [loss, ours.target],
        "epochs": [ours.epochs, EPOCHS],
        "s an epoch": [median(found[side]["epoch"]) for side in sides],
    }
    return Row(
        f"{name}, {factors} factors",
        found["ours"]["fit"],
        found["peer"]["fit"],
        f"implicit ALS, CG, {threads.count()} threads, BLAS 1",
        quality,
        faster=aim,
        memory=[median(found[side]["memory"]) for side in sides],
        bound=_roofline.als(train, factors, median(found["ours"]["epoch"])),
    )


def _repeats(seconds: float) -> int:
    return 5 if seconds < _SHORT else 3 if seconds < _LONG else 1


class Ours:
    """Our model, fitted anew at each turn until it reaches the loss; the last one is judged."""

    def __init__(self, train: Interactions, factors: int, target: float) -> None:
        self.train, self.target, self.epochs = train, target, 0
        config = {"reg": REG, "alpha": ALPHA, "epochs": 4 * EPOCHS}
        self.model: Any = MODELS.get("als")(factors=factors, **config)

    def fit(self) -> dict[str, float]:
        clock = Clock()

        def on_epoch(_: Any, epoch: int, loss: float | None) -> bool:
            clock.tick()
            self.epochs = epoch
            return loss is not None and loss <= self.target

        self.model.fit(self.train, rng=generator(SEED, "model"), on_epoch=on_epoch)
        return clock.read()

    def loss(self) -> float:
        known = strengths(self.train.csr, ALPHA)
        return objective(known, self.model.user_factors_, self.model.item_factors_, REG)


class Implicit:
    """The peer by its public interface; it takes confidences, 1 + alpha · value, as they are."""

    def __init__(self, train: Interactions, factors: int) -> None:
        self.factors = factors
        self.known = strengths(train.csr, ALPHA)
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
