"""What the evaluator would hand to a metric, from plain lists and sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from recsys_cli.data import Features, SideFeatures, csr
from recsys_cli.metrics import parse
from recsys_cli.metrics._base import CatalogueMetric, RankingMetric
from recsys_cli.metrics._context import Context, Weights
from recsys_cli.metrics._ranked import Ranked
from tests.conftest import interactions


@dataclass
class World:
    """Lists of item indices by user, and all that metrics may ask of the data.

    ``relevant`` holds a value an item, ``train`` and ``seen`` are pairs of user and item, and an
    item or user without labels has an empty tuple or text.
    """

    lists: list[list[int]]
    relevant: list[Mapping[int, float]]
    n_items: int
    train: list[tuple[int, int]] = field(default_factory=list)
    seen: list[set[int]] = field(default_factory=list)
    genres: Sequence[tuple[str, ...]] = ()
    genders: Sequence[str] = ()
    candidates: Sequence[int] | None = None

    @property
    def n_users(self) -> int:
        return len(self.lists)

    def open(self) -> list[int]:
        """Return the candidates: by default the items with a training interaction."""
        counts = self.counts()
        found = [i for i in range(self.n_items) if counts[i]]
        return found if self.candidates is None else list(self.candidates)

    def counts(self) -> list[int]:
        return [sum(i == item for _, i in self.train) for item in range(self.n_items)]


def ranked(world: World) -> Ranked:
    """Return the lists of a world with their context."""
    depth = max(map(len, world.lists), default=0) or 1
    items = np.full((world.n_users, depth), -1, np.int32)
    for row, found in enumerate(world.lists):
        items[row, : len(found)] = found
    return Ranked(items, context(world), np.full(world.n_users, 0.5))


def context(world: World) -> Context:
    """Return what is known of the users and items of a world, which lists it has."""
    shape = (world.n_users, world.n_items)
    train = interactions([(u, i, 1.0) for u, i in world.train], shape)
    candidates = np.zeros(world.n_items, bool)
    candidates[world.open()] = True
    users = Features(train.users, {"gender": list(world.genders)}) if world.genders else None
    items = Features(train.items, multilabel={"genre": list(world.genres)})
    return Context(
        users=np.arange(world.n_users, dtype=np.int32),
        relevant=matrix(world.relevant, shape),
        seen=matrix([dict.fromkeys(known, 1.0) for known in _seen(world)], shape),
        seen_at=np.arange(world.n_users),
        candidates=candidates,
        train=train,
        weigh=lambda: weights(world),
        features=SideFeatures(users, items if world.genres else None),
    )


def weights(world: World) -> Weights:
    """Return weights of 2 for each relevant item, and for an irrelevant one held out a user."""
    n = [len(row) for row in world.relevant]
    row = np.repeat(np.arange(world.n_users), [count + 1 for count in n])
    n_open = np.full(world.n_users, 2 * world.n_items)
    return Weights(np.full(len(row), 2.0), row, np.full(sum(n), 2.0), n_open)


def _seen(world: World) -> list[set[int]]:
    return world.seen or [set() for _ in world.lists]


def matrix(rows: Sequence[Mapping[int, float]], shape: tuple[int, int]):
    """Return the CSR of a mapping of columns to values a row."""
    found = [(u, i, value) for u, row in enumerate(rows) for i, value in row.items()]
    row, column, value = zip(*found, strict=True) if found else ((), (), ())
    return csr(
        np.array(row, np.int32), np.array(column, np.int32), np.array(value, np.float32), shape
    )


def per_user(name: str, data: Ranked) -> np.ndarray:
    _, metric, k = parse(name)
    assert isinstance(metric, RankingMetric | CatalogueMetric)
    return metric.per_user(data, k or 0)


def total(name: str, data: Ranked) -> float:
    _, metric, k = parse(name)
    if isinstance(metric, CatalogueMetric):
        return metric.total(data, k or 0)
    return float(np.nanmean(per_user(name, data)))
