"""Small random worlds, and changes of them that leave what they mean as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from recsys_cli.data import CSR, Features, IdMap, Interactions, SideFeatures, Split
from recsys_cli.models._base import Model, ModelConfig


@dataclass(frozen=True)
class World:
    """A split whose users and items are known by numbers that outlive every change of their ids.

    ``users`` and ``items`` hold the number of each index; -1 of one that was added. ``copies`` says
    which users are copies of those of the same number.
    """

    split: Split
    features: SideFeatures
    users: np.ndarray
    items: np.ndarray
    copies: np.ndarray


def world(rng: np.random.Generator) -> World:
    """Return ratings without repeats, split in two to four parts; some users and items are cold."""
    n_users, n_items = int(rng.integers(8, 24)), int(rng.integers(7, 18))
    cells = rng.permutation(n_users * n_items)[: int(n_users * n_items * rng.uniform(0.3, 0.8))]
    user, item = (column.astype(np.int32) for column in np.divmod(cells, n_items))
    part = rng.choice(3, len(cells), p=rng.choice([[0.6, 0.4, 0], [0.5, 0.3, 0.2]]))
    part[np.isin(user, rng.choice(n_users, int(rng.integers(0, 3))))] = 1
    part[np.isin(item, rng.choice(n_items, int(rng.integers(0, 3)))) & (part == 0)] = 1
    strangers = np.isin(user, rng.choice(n_users, int(rng.integers(0, 4)) * int(rng.integers(2))))
    part[strangers & (part != 1)] = 3
    part[:2], part[2:4] = 0, 1  # neither part is empty
    rows = Interactions(
        users=IdMap(f"u{i}" for i in range(n_users)),
        items=IdMap(f"i{i}" for i in range(n_items)),
        user_idx=user,
        item_idx=item,
        value=rng.integers(2, 11, len(cells)).astype(np.float32) / 2,
        timestamp=rng.permutation(len(cells)).astype(np.int64) * 3600 + 10**9,
        scale=(1, 5),
    )
    train, test, validation, history = (rows.take(np.flatnonzero(part == p)) for p in range(4))
    split = Split(
        train, test, validation if len(validation) else None, history if len(history) else None
    )
    return World(
        split,
        SideFeatures(_people(rng, rows.users), _things(rng, rows.items)),
        np.arange(n_users),
        np.arange(n_items),
        np.zeros(n_users, bool),
    )


def _people(rng: np.random.Generator, ids: IdMap) -> Features:
    gender = ["F", "M", *rng.choice(["F", "M", ""], len(ids)).tolist()][: len(ids)]
    return Features(ids, {"gender": gender})


def _things(rng: np.random.Generator, ids: IdMap) -> Features:
    labels = [f"g{label}" for label in range(5)]
    genre = [tuple(rng.choice(labels, rng.integers(1, 4), replace=False)) for _ in ids.ids]
    return Features(ids, multilabel={"genre": genre})


def _mapped(world: World, users: IdMap, items: IdMap, change: Callable[..., Any]) -> Split:
    parts = {
        name: replace(part, users=users, items=items, **change(part))
        for name, part in world.split.parts().items()
    }
    return replace(world.split, **parts)


def _taken(features: Features, ids: IdMap, order: np.ndarray) -> Features:
    def of(columns: dict[str, Any]) -> dict[str, Any]:
        return {name: [values[at] for at in order] for name, values in columns.items()}

    return Features(ids, of(features.categorical), of(features.multilabel))


def relabelled(world: World, rng: np.random.Generator, *, keep_items: bool) -> World:
    """Other ids, and another order of users and, unless told otherwise, of items."""
    by_user = rng.permutation(len(world.users))
    by_item = np.arange(len(world.items)) if keep_items else rng.permutation(len(world.items))
    users = IdMap(f"{at * 7919}é" for at in range(len(by_user)))
    items = IdMap(f"-{at:x}" for at in range(len(by_item)))
    to_user, to_item = (np.argsort(order).astype(np.int32) for order in (by_user, by_item))

    def change(part: Interactions) -> dict[str, Any]:
        return {"user_idx": to_user[part.user_idx], "item_idx": to_item[part.item_idx]}

    sides = world.features
    assert sides.users is not None and sides.items is not None
    return World(
        _mapped(world, users, items, change),
        SideFeatures(_taken(sides.users, users, by_user), _taken(sides.items, items, by_item)),
        world.users[by_user],
        world.items[by_item],
        world.copies[by_user],
    )


def shuffled(world: World, rng: np.random.Generator) -> World:
    """The rows of each part in another order; no two have the same time."""
    parts = world.split.parts()
    mixed = {name: part.take(rng.permutation(len(part))) for name, part in parts.items()}
    return replace(world, split=replace(world.split, **mixed))


def with_idle(world: World, rng: np.random.Generator, *, items: bool) -> World:
    """Users, and items unless told otherwise, whom no row names, at the end of the ids."""
    more_users, more_items = int(rng.integers(1, 5)), int(rng.integers(0, 4)) * items
    return _extended(world, rng, np.full(more_users, -1), np.full(more_items, -1))


def with_copies(world: World, rng: np.random.Generator, of: np.ndarray) -> World:
    """Copies of some users, with all their rows."""
    wider = _extended(world, rng, world.users[of], np.empty(0, int))
    parts = {}
    for name, part in wider.split.parts().items():
        rows = [np.flatnonzero(part.user_idx == user) for user in of]
        new = [np.full(len(at), len(world.users) + n, np.int32) for n, at in enumerate(rows)]
        every = np.concatenate([np.arange(len(part)), *rows])
        user_idx = np.concatenate([part.user_idx, *new])
        parts[name] = replace(part.take(every), user_idx=user_idx)
    sides = wider.features
    assert sides.users is not None
    order = np.concatenate([np.arange(len(world.users)), of])
    people = _taken(sides.users, sides.users.ids, order)
    split = replace(wider.split, **parts)
    return replace(wider, split=split, features=SideFeatures(people, sides.items))


def _extended(
    world: World, rng: np.random.Generator, more: np.ndarray, things: np.ndarray
) -> World:
    train, sides = world.split.train, world.features
    users = IdMap([*train.users.ids, *(f"more{n}" for n in range(len(more)))])
    items = IdMap([*train.items.ids, *(f"more{n}" for n in range(len(things)))])
    assert sides.users is not None and sides.items is not None
    gender = sides.users.categorical["gender"] + _people(rng, users).categorical["gender"]
    genre = [*sides.items.multilabel["genre"], *_things(rng, items).multilabel["genre"]]
    return World(
        _mapped(world, users, items, lambda part: {}),
        SideFeatures(
            Features(users, {"gender": gender[: len(users)]}),
            Features(items, multilabel={"genre": genre[: len(items)]}),
        ),
        np.concatenate([world.users, more]),
        np.concatenate([world.items, things]),
        np.concatenate([world.copies, more >= 0]),
    )


class Given(Model[ModelConfig]):
    """Scores that follow from what a user is known for, by the items' numbers; never a tie.

    Summed in float64 over the items in order of their numbers, so that no change of a world moves a
    bit of them.
    """

    feedback = "explicit"
    predicts_ratings = True
    known_: np.ndarray

    def __init__(self, world: World) -> None:
        super().__init__()
        self._items = world.items

    def _train(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> Iterator[float | None]:
        self._fold_in(train.csr)
        yield 0.0

    def _fold_in(self, history: CSR) -> None:
        self.known_ = np.zeros((history.n_rows, 1 + max(64, history.n_cols)))
        self.known_[history.row_of(), self._items[history.indices]] = history.data

    def is_cold(self, user_idx: np.ndarray) -> np.ndarray:
        return np.zeros(len(user_idx), bool)

    def _score(self, user_idx: np.ndarray) -> np.ndarray:
        weights = np.random.default_rng(5).normal(size=(65, 65))
        weights[-1] += np.random.default_rng(6).normal(size=65)
        known = self.known_[user_idx].copy()
        known[:, -1] = 1
        scores = np.stack([(known * weights[:, item]).sum(axis=1) for item in self._items], axis=1)
        return scores.astype(np.float32)

    def predict(
        self, user_idx: np.ndarray, item_idx: np.ndarray, timestamp: np.ndarray | None = None
    ) -> np.ndarray:
        return 3 + self._score(user_idx)[np.arange(len(user_idx)), item_idx] / 4
