"""A split as large as one likes, with features, and factors to answer with: all made up."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from benchmarks._data import SEED
from recsys_cli.data import Features, IdMap, Int64, Interactions, SideFeatures, Split
from recsys_cli.models import MODELS
from recsys_cli.seeding import generator

#: Users made at a time, so that making them takes little memory.
_BLOCK = 8192
_GENRES = [f"genre {i}" for i in range(19)]


class Shape(NamedTuple):
    """How large a split is; ``interactions`` are drawn, of which repeated ones are dropped."""

    users: int
    items: int
    interactions: int
    factors: int


class MadeUp(NamedTuple):
    """A split of ratings from 1 to 5, features of its users and items, and a model of it."""

    split: Split
    features: SideFeatures
    model: Any


def made_up(shape: Shape) -> MadeUp:
    """Return the same split each time: few items have most interactions, few users make most.

    A tenth of the interactions is held out, of every user at least one that is rated 5.
    """
    rng = generator(SEED, "made up")
    users, items = (IdMap(map(str, range(n))) for n in shape[:2])
    key, test = drawn_pairs(shape, rng)
    user, item = (part.astype(np.int32) for part in np.divmod(key, shape.items))
    value = rng.integers(1, 6, len(key)).astype(np.float32)
    value[np.flatnonzero(test)[np.unique(user[test], return_index=True)[1]]] = 5
    whole = Interactions(users, items, user, item, value, scale=(1, 5))
    split = Split(whole.take(~test), whole.take(test))
    return MadeUp(split, _features(users, items, rng), _model(shape, split, rng))


def drawn_pairs(shape: Shape, rng: np.random.Generator) -> tuple[Int64, Any]:
    """Return one number for each pair of a user and an item, ascending, and which are held out."""
    drawn = rng.lognormal(0, 1, shape.users)
    drawn = np.maximum(20, drawn / drawn.sum() * shape.interactions).astype(np.int64)
    chance = np.cumsum(1 / (np.arange(shape.items) + 10.0) ** 0.9)
    name = rng.permutation(shape.items)
    found = []
    for start in range(0, shape.users, _BLOCK):
        user = np.repeat(
            np.arange(shape.users)[start : start + _BLOCK], drawn[start : start + _BLOCK]
        )
        item = name[np.searchsorted(chance, rng.random(len(user)) * chance[-1])]
        key = np.sort(user * shape.items + item)
        found.append(key[np.append(True, key[1:] > key[:-1])])
    key = np.concatenate(found)
    test = rng.random(len(key)) < 0.1
    test[np.searchsorted(key, np.arange(shape.users) * shape.items)] = True
    return key, test


def _features(users: IdMap, items: IdMap, rng: np.random.Generator) -> SideFeatures:
    gender = [("female", "male")[i] for i in rng.integers(0, 2, len(users)).tolist()]
    has = rng.random((len(items), len(_GENRES))) < 0.1
    genre = [tuple(name for name, one in zip(_GENRES, row, strict=True) if one) for row in has]
    return SideFeatures(Features(users, {"gender": gender}), Features(items, {}, {"genre": genre}))


def _model(shape: Shape, split: Split, rng: np.random.Generator) -> Any:
    als = MODELS.get("als")
    arrays: dict[str, Any] = {
        "user_factors": rng.standard_normal((shape.users, shape.factors), np.float32),
        "item_factors": rng.standard_normal((shape.items, shape.factors), np.float32),
        "user_counts": split.train.user_counts,
        "item_counts": split.train.item_counts,
    }
    return als.from_arrays(als(factors=shape.factors).config, arrays)
