"""Neighbours of items, against implicit's cosine, and of users, against surprise's KNNBaseline.

Items: the 100 nearest of each by the cosine of their columns, over made-up pairs with as many users
and items as MovieLens 20M. Implicit counts an item among its own neighbours, so it keeps 101; its
input is a finished matrix, ours are pairs. The quality is the share of ours that are among
implicit's.

Users: a random tenth of the ratings is predicted from the 40 nearest users who rated the item, by
Pearson's correlation around the baseline, shrunk, as surprise has it. Surprise computes a table of
users × users in its fit and asks it rating by rating; ours finds neighbours when it predicts. So
the time is that of a fit and of all predictions together. Surprise looks among all users, and so
does the first row; the second looks among each user's 100 nearest only, which is quicker and less
exact. Surprise runs on one thread and knows no other way.
"""

from __future__ import annotations

from statistics import median
from typing import Any

import numpy as np

from benchmarks._data import SEED, Named, ratings
from benchmarks._measure import Row, in_turn, timed
from benchmarks._ours import Predictor
from benchmarks._peers import Implicit, Surprise
from benchmarks._positives import positives
from recsys_cli.data import Interactions, Split
from recsys_cli.models import MODELS
from recsys_cli.seeding import generator

NEIGHBOURS, K, SHRINKAGE, REG_USER, REG_ITEM = 100, 40, 100, 15.0, 10.0


def run(quick: bool) -> list[Row]:
    """Return the neighbours of items, and the predictions from users'."""
    shape = (10_000, 5_000, 500_000) if quick else (138_493, 26_744, 10_000_000)
    users = _of_users(ratings("100k"), 1) if quick else _of_users(ratings("1m"), 3)
    return [_of_items(*shape, 3), *users]


def _of_items(users: int, items: int, pairs: int, repeats: int) -> Row:
    train = positives(users, items, pairs)
    model: Any = MODELS.get("item-knn")(target="implicit", neighbours=NEIGHBOURS, lists="history")
    peer = Implicit(Split(train, train), "nearest_neighbours.CosineRecommender", K=NEIGHBOURS + 1)
    sides = {
        "ours": lambda: timed(lambda: model.fit(_fresh(train), rng=generator(SEED, "model"))),
        "peer": peer.fit,
    }
    found = in_turn(sides, repeats)
    return Row(
        f"{users:,} users × {items:,} items, {len(train):,} pairs, "
        f"{NEIGHBOURS} neighbours of each item",
        found["ours"]["fit"],
        found["peer"]["fit"],
        peer.versus,
        {"share of the same neighbours": [_same(model._similarity, peer.model.similarity)]},
        faster=2,
        memory=[median(found[side]["memory"]) for side in sides],
    )


def _fresh(train: Interactions) -> Interactions:
    """Return the pairs without the matrix that was made of them before."""
    return train.take(np.ones(len(train), np.bool_))


def _same(ours: Any, theirs: Any) -> float:
    keys = [
        np.repeat(np.arange(len(lists.indptr) - 1), np.diff(lists.indptr)) * ours.n_cols
        + lists.indices
        for lists in (ours, theirs)
    ]
    return float(np.isin(*keys).mean())


def _of_users(data: Named, repeats: int) -> list[Row]:
    everyone = data.split.train.n_users
    ours = {n: _ours(data, n) for n in (everyone, NEIGHBOURS)}
    how = {"name": "pearson_baseline", "shrinkage": SHRINKAGE, "user_based": True}
    peer = Surprise(data.split, "KNNBaseline", k=K, verbose=False, sim_options=how)
    sides = {str(n): lambda one=one: _both(one) for n, one in ours.items()}
    found = in_turn({**sides, "peer": lambda: _both(peer)}, repeats)
    rmse = peer.quality()
    return [
        Row(
            f"{data.name}, fit and {len(data.split.test):,} predictions, from {words} users",
            found[str(n)]["fit"],
            found["peer"]["fit"],
            peer.versus,
            {"rmse": [ours[n].quality(), rmse]},
            faster=20,
            memory=[median(found[side]["memory"]) for side in (str(n), "peer")],
        )
        for n, words in ((everyone, "all"), (NEIGHBOURS, f"the {NEIGHBOURS} nearest"))
    ]


def _ours(data: Named, neighbours: int) -> Predictor:
    regs = {"reg_user": REG_USER, "reg_item": REG_ITEM, "shrinkage": float(SHRINKAGE)}
    plain = {"k": K, "amplification": 1.0, "damping": 0.0}
    return Predictor(data, "user-knn", neighbours=neighbours, **plain, **regs)


def _both(side: Predictor | Surprise) -> dict[str, float]:
    return {"fit": side.fit()["fit"] + side.answer()["fit"]}
