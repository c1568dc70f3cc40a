"""Biased matrix factorisation by SGD, against surprise's SVD.

Factors, epochs, learning rate, L2 weight and the spread of the random start are surprise's
defaults for both; a random tenth of the ratings is held out. Surprise runs on one thread and knows
no other way, so it stands against ours on one thread and on all. A fit is the whole call; the
training set that surprise needs is built beforehand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks import _rating
from benchmarks._data import SEED, Named, ratings
from benchmarks._measure import Row, in_turn, timed
from benchmarks._peers import Surprise
from recsys_cli import threads
from recsys_cli.data import Interactions
from recsys_cli.models import MODELS
from recsys_cli.seeding import generator

FACTORS, EPOCHS, LR, REG, INIT = 100, 20, 0.005, 0.02, 0.1


def run(quick: bool) -> list[Row]:
    """Return a whole fit on each dataset, on one thread and on all."""
    sizes = {"100k": 2} if quick else {"100k": 7, "1m": 3}
    return [row for size, repeats in sizes.items() for row in _rows(ratings(size), repeats)]


def _rows(data: Named, repeats: int) -> list[Row]:
    rates = {"lr_all": LR, "reg_all": REG, "init_std_dev": INIT, "random_state": SEED}
    peer = Surprise(data.split, "SVD", n_factors=FACTORS, n_epochs=EPOCHS, **rates)
    model = _ours()
    counts = sorted({1, threads.available()})
    sides: dict[str, Callable[[], dict[str, float]]] = {
        f"ours {n}": lambda n=n: _fit(model, data.split.train, n)  # type: ignore[misc]
        for n in counts
    }
    found = in_turn({**sides, "peer": peer.fit}, repeats)
    quality = {"rmse": [_rating.ours(data.split, model), peer.quality()]}
    return [
        Row(
            f"{data.name}, {FACTORS} factors, fit of {EPOCHS} epochs, "
            f"{n} thread{'s' if n > 1 else ''}",
            found[f"ours {n}"]["fit"],
            found["peer"]["fit"],
            "surprise SVD, 1 thread",
            quality,
            faster=1,
        )
        for n in counts
    ]


def _ours() -> Any:
    regs = {f"reg_{name}": REG for name in ("user", "item", "user_bias", "item_bias")}
    steps = {"factors": FACTORS, "epochs": EPOCHS, "lr": LR, "lr_decay": 1.0}
    return MODELS.get("mf")(solver="sgd", nu=1.0, init_std=INIT, **steps, **regs)


def _fit(model: Any, train: Interactions, count: int) -> dict[str, float]:
    with threads.use(count):
        return timed(lambda: model.fit(train, rng=generator(SEED, "model")))
