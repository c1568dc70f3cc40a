"""Who rated what, when and how: rows drawn from the world, a block of users at a time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from recsys_cli import threads
from recsys_cli.data import Float32, Int32, Int64
from recsys_cli.loaders._synthetic_world import LENGTH, START, World
from recsys_cli.seeding import generator

BLOCK_CELLS = 500_000
"""Pairs of user and item looked at in one block; bounds the memory."""
MEAN = 2.6
"""Expected rating without biases and taste; the mean of the ratings is higher, for what appeals is
seen more."""
SITTING_ROWS, SITTING_SECONDS = 30, 6 * 3600
"""Mean number of ratings in one sitting, and its longest duration."""
PATIENCE = 1.0
"""How loosely the order of a user's ratings follows the drift of popularity and taste."""


class Columns(NamedTuple):
    """Rows as parallel arrays: ``user_idx``, ``item_idx``, ``value``, ``timestamp``."""

    user_idx: Int32
    item_idx: Int32
    value: Float32
    timestamp: Int64


def make_rows(world: World, noise: float, seed: int) -> Columns:
    """Draw all rows, in order of time; those of one second in order of the user."""
    block = max(1, BLOCK_CELLS // len(world.item_bias))

    def work(start: int, stop: int) -> Columns:
        rng = generator(seed, f"synthetic-rows-{start // block}")
        return _block(world, np.arange(start, stop), noise, rng)

    with threads.single_blas():
        parts = threads.map_blocks(work, len(world.activity), block)
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    del parts
    order = _time_order(columns[3])
    return Columns(*(column[order] for column in columns))


def _block(world: World, users: Int64, noise: float, rng: np.random.Generator) -> Columns:
    user = np.repeat(users, world.activity[users])
    item = _seen(world, users, rng)
    second = _seconds(world, users, rng)
    item = _arrange(world, user, item, rng)
    mean = MEAN + world.appeal(user, item, 2 * second / LENGTH - 1)
    value = np.clip(np.rint(mean + noise * rng.normal(size=len(user))), 1, 5)
    return Columns(
        user.astype(np.int32), item.astype(np.int32), value.astype(np.float32), START + second
    )


def _seen(world: World, users: Int64, rng: np.random.Generator) -> Int64:
    """Return the items that each user meets first, as many as he rates, user by user.

    Meetings are independent Poisson processes: the first n distinct items are a sample without
    replacement with probabilities proportional to the rates.
    """
    met = world.waiting(users)
    met *= rng.standard_exponential(size=met.shape)
    found = [
        np.argpartition(row, n - 1)[:n] for row, n in zip(met, world.activity[users], strict=True)
    ]
    return np.concatenate([np.sort(items) for items in found])


def _seconds(world: World, users: Int64, rng: np.random.Generator) -> Int64:
    """Return the second of each row from START, user by user and ascending: a few sittings each.

    The first sitting is at the user's arrival; the others follow, most of them soon after.
    """
    counts = world.activity[users]
    sittings = 1 + rng.poisson(counts / SITTING_ROWS)
    arrival = np.repeat(world.arrival[users] * (LENGTH - SITTING_SECONDS), sittings)
    later = (LENGTH - SITTING_SECONDS - arrival) * rng.random(len(arrival)) ** 4
    first = np.cumsum(sittings) - sittings
    later[first] = 0
    sitting = np.repeat(first, counts) + (
        rng.random(counts.sum()) * np.repeat(sittings, counts)
    ).astype(np.int64)
    within = np.minimum(900 * rng.standard_exponential(len(sitting)), SITTING_SECONDS - 1)
    second = (arrival + later)[sitting] + within
    packed = np.repeat(np.arange(len(users)) * LENGTH, counts) + second.astype(np.int64)
    packed.sort()
    seconds: Int64 = packed % LENGTH
    return seconds


def _arrange(world: World, user: Int64, item: Int64, rng: np.random.Generator) -> Int64:
    """Return each user's items in the order rated: the later, the more drift favours them."""
    favour = world.trend[item] + np.einsum("nf,nf->n", world.shifts[user], world.traits[item])
    return item[np.lexsort((favour + PATIENCE * rng.normal(size=len(item)), user))]


def _time_order(seconds: Int64) -> Int64:
    """Return the stable order of Unix seconds; the row is packed beside them (faster to sort)."""
    bits = len(seconds).bit_length()
    packed = ((seconds - START) << bits) | np.arange(len(seconds))
    packed.sort()
    return packed & ((1 << bits) - 1)
