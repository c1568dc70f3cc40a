"""Biased matrix factorisation by SGD, against surprise's SVD and libmf.

Factors, epochs, learning rate, L2 weight and the spread of the random start are surprise's
defaults for ours and for surprise; a random tenth of the ratings is held out. Surprise runs on one
thread and knows no other way, so it stands against ours on one thread and on all. A fit is the
whole call; the training set that surprise needs is built beforehand.

Libmf runs in an environment of its own, where it is compiled for this processor with the flags
named in the table (its own build has no vectors at all). It has the same factors, epochs and
threads, and no biases; its steps are AdaGrad's, so its learning rate and L2 weight are those of
its documentation's example. Its fit begins with a matrix of users, items and ratings.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Any

from benchmarks import _rating, _roofline
from benchmarks._data import SEED, Named, ratings
from benchmarks._libmf import LibMF
from benchmarks._measure import Row, in_turn, timed
from benchmarks._peers import Surprise
from recsys_cli import threads
from recsys_cli.data import Interactions
from recsys_cli.models import MODELS
from recsys_cli.seeding import generator

FACTORS, EPOCHS, LR, REG, INIT = 100, 20, 0.005, 0.02, 0.1
#: The ratio to surprise to reach: on one thread, and on all.
AIMS = {False: 8.0, True: 14.0}
_REASON = (
    "a step takes about 50 ns on one thread: 14 beside its rows, 20 for the product and 20 for the "
    "update. Vectors half as wide, two users' steps in turn and item groups that fit the nearest "
    "cache were tried and changed it by at most 5%. Two threads were 1.2 to 1.8 times as fast as "
    "one, and ratings are dealt into blocks by one thread"
)
LIBMF_RATES = {"eta": 0.1, "lambda_p2": 0.05, "lambda_q2": 0.05}


def run(quick: bool) -> list[Row]:
    """Return a whole fit on each dataset, on one thread and on all."""
    sizes = {"100k": 2} if quick else {"100k": 5, "1m": 5}
    rows = [row for size, repeats in sizes.items() for row in _rows(ratings(size), repeats)]
    return rows + _libmf(ratings("100k" if quick else "1m"), 2 if quick else 5)


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
        _row(data, n, found[f"ours {n}"], found["peer"], peer.versus, quality, AIMS[n > 1])
        for n in counts
    ]


def _libmf(data: Named, repeats: int) -> list[Row]:
    """Return the fit on all threads beside libmf's."""
    model, n = _ours(), threads.available()
    settings = {"k": FACTORS, "nr_iters": EPOCHS, "nr_threads": n, **LIBMF_RATES}
    with LibMF(data.split, **settings) as peer:
        sides = {"ours": lambda: _fit(model, data.split.train, n), "peer": peer.fit}
        found = in_turn(sides, repeats)
        quality = {"rmse": [_rating.ours(data.split, model), peer.quality()]}
    return [_row(data, n, found["ours"], found["peer"], peer.versus, quality, 1.2)]


def _row(
    data: Named,
    n: int,
    ours: dict[str, list[float]],
    peer: dict[str, list[float]],
    versus: str,
    quality: dict[str, list[Any]],
    aim: float,
) -> Row:
    train = data.split.train
    with threads.use(n):
        # A rating reads and writes the rows of a user and of an item.
        bound = _roofline.sgd(train, FACTORS, 2, median(ours["fit"]) / EPOCHS)
    return Row(
        f"{data.name}, {FACTORS} factors, fit of {EPOCHS} epochs, {n} thread{'s' if n > 1 else ''}",
        ours["fit"],
        peer["fit"],
        versus,
        quality,
        faster=aim,
        memory=[median(ours["memory"]), median(peer["memory"])],
        bound=bound,
        reason=_REASON,
    )


def _ours() -> Any:
    regs = {f"reg_{name}": REG for name in ("user", "item", "user_bias", "item_bias")}
    steps = {"factors": FACTORS, "epochs": EPOCHS, "lr": LR, "lr_decay": 1.0}
    return MODELS.get("mf")(solver="sgd", nu=1.0, init_std=INIT, **steps, **regs)


def _fit(model: Any, train: Interactions, count: int) -> dict[str, float]:
    with threads.use(count):
        return timed(lambda: model.fit(train, rng=generator(SEED, "model")))
