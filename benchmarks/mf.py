"""Biased matrix factorisation by SGD, against surprise's SVD.

Factors, epochs, learning rate, L2 weight and the spread of the random start are surprise's
defaults for both; a random tenth of the ratings is held out. Surprise runs on one thread and knows
no other way, so it stands against ours on one thread and on all. A fit is the whole call; the
training set that surprise needs is built beforehand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks._data import SEED, Named, ratings
from benchmarks._measure import Row, in_turn, timed
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
    model, peer = _ours(), _Surprise(data.split.train)
    counts = sorted({1, threads.available()})
    sides: dict[str, Callable[[], dict[str, float]]] = {
        f"ours {n}": lambda n=n: _fit(model, data.split.train, n)  # type: ignore[misc]
        for n in counts
    }
    found = in_turn({**sides, "peer": peer.fit}, repeats)
    quality = {"rmse": [_rmse(model, data.split.test), peer.rmse(data.split.test)]}
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


def _rmse(model: Any, test: Interactions) -> float:
    predicted = np.clip(model.predict(test.user_idx, test.item_idx), 1, 5)
    return float(np.sqrt(np.mean((predicted.astype(np.float64) - test.value) ** 2)))


class _Surprise:
    """The peer by its public interface."""

    def __init__(self, train: Interactions) -> None:
        import pandas as pd
        from surprise import Dataset, Reader

        columns = {"user": train.user_idx, "item": train.item_idx, "rating": train.value}
        data = Dataset.load_from_df(pd.DataFrame(columns), Reader(rating_scale=(1, 5)))
        self.train = data.build_full_trainset()

    def fit(self) -> dict[str, float]:
        from surprise import SVD

        rates = {"lr_all": LR, "reg_all": REG, "init_std_dev": INIT}
        self.model = SVD(n_factors=FACTORS, n_epochs=EPOCHS, random_state=SEED, **rates)
        return timed(lambda: self.model.fit(self.train))

    def rmse(self, test: Interactions) -> float:
        from surprise import accuracy

        columns = (test.user_idx.tolist(), test.item_idx.tolist(), test.value.tolist())
        asked = list(zip(*columns, strict=True))
        return float(accuracy.rmse(self.model.test(asked), verbose=False))
