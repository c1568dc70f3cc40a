"""The ten best unseen items of every user, against implicit's ``recommend`` with the same factors.

The second case has random factors and 72 random seen items a user. The matrix product alone, in
blocks that stay in the cache and on the threads of ours, is what any exact method has to do first.
"""

from __future__ import annotations

from statistics import median
from typing import Any

import numpy as np

from benchmarks import _roofline
from benchmarks._data import SEED, matrix, pairs
from benchmarks._measure import Row, in_turn, timed
from recsys_cli import threads
from recsys_cli.data import CSR, Float32, csr
from recsys_cli.models import MODELS
from recsys_cli.seeding import generator

TOP, SEEN = 10, 72
#: Users, and items, of a block of the bare product: the quickest of those tried, from 64 to all.
_TILE = 512


def run(quick: bool) -> list[Row]:
    """Return every case against implicit and against the product alone."""
    data = pairs("1m")
    model: Any = MODELS.get("als")(factors=64)
    model.fit(data.split.train, rng=generator(SEED, "model"))
    rows = _rows(f"{data.name}, als of 64 factors", model, data.split.train.csr, quick)
    shape = (2000, 5000, 64) if quick else (20_000, 26_744, 128)
    name = "random, {:,} users × {:,} items, {} factors".format(*shape)
    return rows + _rows(name, *_random(*shape), quick)


def _random(n_users: int, n_items: int, factors: int) -> tuple[Any, CSR]:
    rng = generator(SEED, "recommend")
    user = np.repeat(np.arange(n_users, dtype=np.int32), SEEN)
    item = rng.integers(n_items, size=len(user), dtype=np.int32)
    arrays = {
        "user_factors": rng.standard_normal((n_users, factors), np.float32),
        "item_factors": rng.standard_normal((n_items, factors), np.float32),
        "user_counts": np.full(n_users, SEEN),
        "item_counts": np.bincount(item, minlength=n_items),
    }
    als = MODELS.get("als")
    seen = csr(user, item, np.ones(len(user), np.float32), (n_users, n_items))
    return als.from_arrays(als(factors=factors).config, arrays), seen


def _rows(name: str, model: Any, seen: CSR, quick: bool) -> list[Row]:
    users, library = np.arange(seen.n_rows, dtype=np.int32), _library(model)
    user_items = matrix(seen)
    lists: dict[str, Any] = {}
    factors = model.user_factors_, model.item_factors_

    def ours() -> None:
        lists["ours"], _ = model.recommend(users, TOP, exclude=seen)

    def peer() -> None:
        lists["peer"], _ = library.recommend(users, user_items, N=TOP)

    with threads.single_blas():
        found = in_turn(
            {
                "ours": lambda: timed(ours),
                "peer": lambda: timed(peer),
                "product": lambda: timed(lambda: _product(*factors)),
            },
            2 if quick else 7,
        )
    seconds = {side: measures["fit"] for side, measures in found.items()}
    same = {"share of list places with the same item": [np.mean(lists["ours"] == lists["peer"])]}
    versus = f"implicit recommend, {threads.count()} threads, BLAS 1"
    product = f"matrix product alone, {threads.count()} threads, BLAS 1 (the bound)"
    memory = {side: median(measures["memory"]) for side, measures in found.items()}
    asked = (len(users), seen.n_cols, model.config.factors, median(seconds["ours"]))
    return [
        Row(
            name,
            seconds["ours"],
            seconds["peer"],
            versus,
            same,
            faster=2,
            memory=[memory["ours"], memory["peer"]],
            bound=_roofline.product(*asked),
        ),
        Row(
            name,
            seconds["ours"],
            seconds["product"],
            product,
            memory=[memory["ours"], memory["product"]],
        ),
    ]


def _library(model: Any) -> Any:
    from implicit.cpu.als import AlternatingLeastSquares

    with threads.single_blas():
        library = AlternatingLeastSquares(factors=model.config.factors, num_threads=threads.count())
    library.user_factors = model.user_factors_
    library.item_factors = model.item_factors_
    return library


def _product(users: Float32, items: Float32) -> None:
    def block(start: int, stop: int) -> None:
        for first in range(0, len(items), _TILE):
            users[start:stop] @ items[first : first + _TILE].T

    threads.map_blocks(block, len(users), _TILE)
