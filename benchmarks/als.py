"""ALS on implicit feedback to the training loss that implicit has after 15 epochs.

Implicit is by its conjugate gradient solver. All pairs are positives of strength 1: those of
MovieLens 1M, the last of each user held out, and ten million made-up ones of 138,493 users and
26,744 items. Both minimise the same objective with the same factors, confidence, L2 weight and
threads, each from its own random start. Ours stops after the epoch in which it reaches the loss
that implicit has at its end; the losses in the table are computed from the factors of both by one
function. The times are those of the whole fit, which for ours begins with unsorted rows and for
implicit with a finished matrix. A run of more than two minutes is made once, without a warm-up.

The last row is our own: by what power of the factors the time of an epoch grows.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from statistics import median
from typing import Any

from benchmarks._als import ALPHA, REG, row
from benchmarks._data import SEED, pairs
from benchmarks._measure import Clock, Row, in_turn
from benchmarks._positives import positives
from recsys_cli.data import Interactions
from recsys_cli.models import MODELS
from recsys_cli.seeding import generator

FACTORS = (64, 128, 256)
USERS, ITEMS = 138_493, 26_744
_FEW, _MANY = 128, 512


def run(quick: bool) -> list[Row]:
    """Return a row for each dataset and number of factors, and the growth with factors."""
    data = pairs("100k" if quick else "1m")
    if quick:
        return [row(data.name, data.split.train, 64, aim=3)]
    rows = [row(data.name, data.split.train, k, aim=3) for k in FACTORS]
    rows += large(10_000_000)
    return [*rows, _growth(data.name, data.split.train)]


def large(pairs: int, factors: Sequence[int] = FACTORS, repeats: int | None = None) -> list[Row]:
    """Return a row for each number of factors on made-up pairs."""
    train = positives(USERS, ITEMS, pairs)
    name = f"{len(train):,} made-up pairs"
    return [row(name, train, k, 3, repeats) for k in factors]


def _growth(name: str, train: Interactions) -> Row:
    """Return the exponent by which an epoch grows from few factors to many."""
    found = in_turn({str(k): lambda k=k: _fit(train, k) for k in (_FEW, _MANY)}, 3)  # type: ignore[misc]
    few, many = (found[str(k)]["epoch"] for k in (_FEW, _MANY))
    powers = [log(b / a) / log(_MANY / _FEW) for a, b in zip(few, many, strict=True)]
    return Row(
        f"{name}, growth of an epoch from {_FEW} factors to {_MANY}",
        powers,
        quality={"s an epoch, few / many": [median(few), median(many)]},
        within=1.6,
        unit="exponent",
        memory=[median(found[str(_MANY)]["memory"])],
    )


def _fit(train: Interactions, factors: int) -> dict[str, float]:
    model: Any = MODELS.get("als")(factors=factors, reg=REG, alpha=ALPHA, epochs=4)
    clock = Clock()
    model.fit(train, rng=generator(SEED, "model"), on_epoch=clock.tick)
    return clock.read()
