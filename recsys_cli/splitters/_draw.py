"""Drawing rows at random, and ranking them within their user."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from recsys_cli import threads
from recsys_cli.data import Bool, Int32, Int64, order_by

Share = Annotated[float, Field(gt=0, lt=1)]
ShareOrNone = Annotated[float, Field(ge=0, lt=1)]
#: Rows looked at together.
_BLOCK = 1 << 18


def draw(among: Bool, share: float, rng: np.random.Generator) -> Bool:
    """Return a mask of ``round(share * n)`` rows drawn from the n that ``among`` marks."""
    rows = np.flatnonzero(among)
    drawn = np.zeros(len(among), np.bool_)
    drawn[rng.permutation(rows)[: round(share * len(rows))]] = True
    return drawn


def draw_validation(test: Bool, share: float, rng: np.random.Generator) -> Bool | None:
    """Return a mask of a share of the rows not in ``test``; None when the share is 0."""
    return draw(~test, share, rng) if share else None


def cut_by_share(times: Int64, share: float) -> int:
    """Return the time at which the latest ``round(share * n)`` rows begin, one at the least."""
    at = max(0, len(times) - max(1, round(share * len(times))))
    return int(np.partition(times, at)[at])


def rows_after(order: Int64, group: Int32) -> Int64:
    """Return, for each row, how many rows of its group come later in ``order``, int64 (n,)."""
    by_group = order[order_by(group[order])]
    counts = np.bincount(group)
    after = np.empty(len(group), np.int64)
    after[by_group] = np.repeat(np.cumsum(counts), counts) - 1 - np.arange(len(group))
    return after


def latest(times: Int64, group: Int32, count: int) -> tuple[Int64, Int64]:
    """Return rows, each group's ``count`` latest among them, and how many of its group come later.

    Rows of one second keep the order of the source. A group's rows are dealt into ``count`` sets:
    at least ``count`` rows are as late as the earliest of the sets' latest, and only these need to
    be put in order.
    """
    n_sets = (int(group.max()) + 1) * count
    if n_sets >= len(times):
        return np.arange(len(times)), rows_after(order_by(times), group)
    dealt = group
    if count > 1:
        dealt = group.astype(np.int64) * count + np.arange(len(times)) % count

    def last(start: int, stop: int) -> Int64:
        found, here = np.full(n_sets, np.iinfo(np.int64).min), dealt[start:stop]
        # A group's rows often stand together: a run of them is quicker than as many rows.
        runs = np.flatnonzero(np.concatenate(([True], here[1:] != here[:-1])))
        latest_of, rows = times[start:stop], here
        if 2 * len(runs) < len(here):
            latest_of, rows = np.maximum.reduceat(latest_of, runs), here[runs]
        np.maximum.at(found, rows, latest_of)
        return found

    def late(start: int, stop: int) -> Int64:
        return np.flatnonzero(times[start:stop] >= least[group[start:stop]]) + start

    sets = np.maximum.reduce(threads.map_blocks(last, len(times), max(_BLOCK, len(times) // 4)))
    least = sets.reshape(-1, count).min(axis=1)
    near = np.concatenate(threads.map_blocks(late, len(times), _BLOCK))
    return near, rows_after(order_by(times[near]), group[near])
