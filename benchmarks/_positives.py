"""Positives as many as one likes, quickly made and in little memory: all made up."""

from __future__ import annotations

import numpy as np

from benchmarks._data import SEED
from recsys_cli import threads
from recsys_cli.data import IdMap, Interactions
from recsys_cli.seeding import generator

#: Users made at a time; fixed, so that the pairs are the same on any number of threads.
_BLOCK = 8192
#: Pairs drawn for each that is kept, as some are drawn twice.
_DRAWN = 1.07


def positives(users: int, items: int, pairs: int) -> Interactions:
    """Return about so many pairs of strength 1, user by user, none of them twice.

    Few items have most pairs, and few users make most, at least 5 each.
    """
    drawn = generator(SEED, "positives").lognormal(0, 1, users)
    drawn = np.maximum(5, drawn / drawn.sum() * _DRAWN * pairs).astype(np.int64)
    chance = np.cumsum(1 / (np.arange(items) + 10.0) ** 0.9)
    name = generator(SEED, "names").permutation(items)
    user_idx, item_idx = np.empty((2, int(drawn.sum())), np.int32)
    starts = np.concatenate(([0], np.cumsum(drawn)))

    def block(start: int, stop: int) -> tuple[int, int]:
        rng = generator(SEED, f"positives {start}")
        user = np.repeat(np.arange(start, stop), drawn[start:stop])
        item = name[np.searchsorted(chance, rng.random(len(user)) * chance[-1])]
        key = np.sort(user * items + item)
        key = key[np.append(True, key[1:] > key[:-1])]
        here = slice(starts[start], starts[start] + len(key))
        user_idx[here], item_idx[here] = np.divmod(key, items)
        return here.start, here.stop

    end = 0
    for start, stop in threads.map_blocks(block, users, _BLOCK):
        for index in (user_idx, item_idx):
            index[end : end + stop - start] = index[start:stop]
        end += stop - start
    ones = np.ones(end, np.float32)
    ids = (IdMap(map(str, range(n))) for n in (users, items))
    return Interactions(*ids, user_idx[:end], item_idx[:end], ones)
