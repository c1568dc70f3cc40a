"""Make one interaction of those that repeat a user and item."""

from __future__ import annotations

from typing import Literal

import numpy as np

from recsys_cli.data import Float64, Int64, Interactions
from recsys_cli.errors import DataError
from recsys_cli.prepare._base import Filter, FilterConfig, Selection


class DuplicatesConfig(FilterConfig):
    """Parameters of :class:`Duplicates`."""

    keep: Literal["first", "last", "mean", "sum", "error"] = "last"
    """Which value stands for all of a pair's: the earliest, the latest, their mean or their sum;
    ``error`` refuses data that repeat a pair."""


class Duplicates(Filter[DuplicatesConfig]):
    """Keep one row of each user and item.

    Order is that of the timestamps where there are any, and of the source where they are equal or
    absent. ``mean`` and ``sum`` keep the latest row and restate its value. Where rows have weights,
    the mean is weighted and its weight is the sum of theirs, so that the squared error has the same
    minimum as before; ``sum`` keeps the latest row's weight. A sum is no rating: the scale is
    dropped.
    """

    @property
    def hindsight(self) -> str | None:
        """All but ``first`` and ``error`` drop a row for the sake of a later one."""
        if self.config.keep in ("first", "error"):
            return None
        return "an interaction gives way to a later one of its pair, be that of the test part"

    def select(self, data: Interactions, rng: np.random.Generator) -> Selection:
        """Return one row a pair; draws nothing.

        Raises
        ------
        DataError
            If ``keep`` is ``error`` and a pair is repeated.
        """
        if not data.n_repeated:
            return Selection(np.arange(len(data)))
        if self.config.keep == "error":
            raise _refusal(data)
        order, first = _grouped(data)
        if self.config.keep == "first":
            return Selection(np.sort(order[first]))
        last = order[np.append(first[1:], len(order)) - 1]
        if self.config.keep == "last":
            return Selection(np.sort(last))
        return self._restated(data, order, first, last)

    def _restated(self, data: Interactions, order: Int64, first: Int64, last: Int64) -> Selection:
        place, value = np.argsort(last), data.value[order].astype(np.float64)
        if self.config.keep == "sum":
            total: Float64 = np.add.reduceat(value, first)
            return Selection(last[place], total[place].astype(np.float32))
        weight = np.ones(len(data)) if data.weight is None else data.weight[order].astype(float)
        evidence = np.add.reduceat(weight, first)
        mean = np.add.reduceat(value * weight, first) / evidence
        return Selection(
            last[place],
            mean[place].astype(np.float32),
            data.scale,
            None if data.weight is None else evidence[place].astype(np.float32),
        )


def _grouped(data: Interactions) -> tuple[Int64, Int64]:
    """Return the order of rows by pair, then time, then source, and where each pair begins."""
    columns = [] if data.timestamp is None else [data.timestamp]
    order = np.lexsort((*columns, data.pair_key))
    key = data.pair_key[order]
    return order, np.flatnonzero(np.append(True, key[1:] != key[:-1]))


def _refusal(data: Interactions) -> DataError:
    key = np.sort(data.pair_key)
    user, item = divmod(int(key[1:][key[1:] == key[:-1]][0]), data.n_items)
    return DataError(
        f"{data.n_repeated:,} rows repeat a user and item that came before, "
        f"such as user {data.users[user]} and item {data.items[item]}",
        hint="choose which to keep: {name: duplicates, keep: last}",
    )
