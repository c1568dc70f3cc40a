"""Who belongs together in a breakdown: test users, or test pairs, of one evaluated fold."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys_cli.data import Features, Float64, Int32, Int64
from recsys_cli.errors import NotFound
from recsys_cli.runs import Run

#: Groups that a column of numbers is cut into.
_PARTS = 10
#: Share of all training interactions that the head holds, and that head and mid hold.
HEAD, MID = 0.2, 0.8
UNKNOWN = "(unknown)"
#: What the groups that need no column are made of, and how.
BUILT_IN: dict[str, tuple[Literal["users", "pairs"], str]] = {
    "activity": (
        "users",
        "tenths of the test users by the items in their history (each number by itself, if there "
        "are ten or fewer); users of one number are never parted",
    ),
    "cold": ("users", "warm: users with a history; cold: users without any"),
    "popularity": (
        "pairs",
        "by the training interactions of the item: head, if the items above it hold less than 20% "
        "of all; mid, if less than 80%; tail; new, if it has none",
    ),
    "repeat": (
        "pairs",
        "first: the item is not in the user's history or validation part; repeat: it is. What a "
        "user is known for is never recommended, so only ratings can have repeats",
    ),
}


class Group(NamedTuple):
    """Rows of a fold's users, or of its pairs; ``low`` to ``high`` is the range that they span."""

    name: str
    rows: Int64
    low: float | None = None
    high: float | None = None


class Column(NamedTuple):
    """A column of user or item features, and the ids that its rows belong to."""

    side: Literal["users", "items"]
    name: str
    features: Features

    @property
    def definition(self) -> str:
        """What the groups are."""
        told = f'by the column "{self.name}" of the {self.side}'
        if self.name in self.features.numeric:
            return f"{told}, in tenths of the {'users' if self.side == 'users' else 'test pairs'}"
        several = f"{told}; those with several labels are in several groups"
        return several if self.name in self.features.multilabel else told


class Asked:
    """What one fold was asked, and what became of it.

    Parameters
    ----------
    run : Run
    fold : str, optional
        The first by default.

    Raises
    ------
    NotFound
        If the run is not evaluated yet.

    Attributes
    ----------
    users : dict of str to array
        One row a test user: ``user`` (its id), ``pairs``, ``relevant`` and the metrics.
    """

    def __init__(self, run: Run, fold: str | None = None) -> None:
        self.run = run
        self.fold = run.fold(fold)
        self.users: dict[str, Any] = self.fold.per_user()

    @cached_property
    def pairs(self) -> dict[str, Any]:
        """One row a test pair, as :func:`~recsys_cli.outcomes.outcomes` has it.

        Raises
        ------
        NotFound
            If they were not kept, as an older recsys did not.
        """
        found = self.fold.pairs()
        if found is None:
            raise NotFound(
                "its test pairs were not kept: an older recsys evaluated it",
                where=self.run.id,
                hint=f"recsys evaluate {self.run.id}",
            )
        return found

    @cached_property
    def user_idx(self) -> Int32:
        """The index of each test user."""
        return self.fold.catalog.users.index(self.users["user"])

    @cached_property
    def known(self) -> Int64:
        """How many items each test user has in its history."""
        return np.diff(self.fold.catalog.history(self.user_idx).indptr)


def grouped(asked: Asked, by: str) -> Iterator[Group]:
    """Yield the groups that need no column; one may be empty.

    Parameters
    ----------
    by : str
        A key of :data:`BUILT_IN`.
    """
    if by == "activity":
        yield from _parts(asked.known.astype(np.float64))
    elif by == "cold":
        for name, chosen in (("warm", asked.known > 0), ("cold", asked.known == 0)):
            yield _ranged(name, np.flatnonzero(chosen), asked.known)
    elif by == "popularity":
        yield from _by_popularity(asked.fold.item_counts(), asked.pairs["item_idx"])
    else:
        repeated = _repeated(asked)
        yield Group("first", np.flatnonzero(~repeated))
        yield Group("repeat", np.flatnonzero(repeated))


def by_column(asked: Asked, column: Column) -> Iterator[Group]:
    """Yield the test users with each label of a column, or the test pairs of such items.

    Numbers are cut as activity is. With several labels a user or item is in several groups.
    """
    catalog = asked.fold.catalog
    if column.side == "users":
        place = column.features.ids.index(asked.users["user"])
    else:
        of_item = column.features.ids.index(catalog.items.ids)
        place = of_item[asked.pairs["item_idx"]]
    numbers = column.features.numeric.get(column.name)
    if numbers is not None:
        yield from _parts(np.append(numbers.astype(np.float64), np.nan)[place])
    else:
        yield from _by_label(_labels(column), place)


def _labels(column: Column) -> list[tuple[str, ...]]:
    found = column.features.multilabel.get(column.name)
    if found is None:
        found = [(one,) if one else () for one in column.features.categorical[column.name]]
    return found


def _by_label(labels: list[tuple[str, ...]], place: Int32) -> Iterator[Group]:
    """Yield the rows of each label, the largest group first; ``place`` is -1 for an unknown id."""
    rows_of: dict[str, list[int]] = {}
    for at, found in enumerate([*labels, ()]):
        for label in dict.fromkeys(found or (UNKNOWN,)):
            rows_of.setdefault(label, []).append(at)
    groups = []
    for label, members in rows_of.items():
        member = np.zeros(len(labels) + 1, bool)
        member[members] = True
        groups.append(Group(label, np.flatnonzero(member[place])))
    for group in sorted(groups, key=lambda one: (one.name == UNKNOWN, -len(one.rows), one.name)):
        if len(group.rows) or group.name != UNKNOWN:
            yield group


def _parts(value: Float64) -> Iterator[Group]:
    """Yield each value where they are few, else tenths of the rows; equal values stay together."""
    known = np.flatnonzero(~np.isnan(value))
    levels = np.unique(value[known])
    if len(levels) <= _PARTS:
        for level in levels.tolist():
            yield Group(f"{level:g}", np.flatnonzero(value == level), level, level)
    else:
        below = np.searchsorted(np.sort(value[known]), value[known])
        part = below * _PARTS // len(known)
        for at in range(_PARTS):
            yield _ranged(f"tenth {at + 1}", known[part == at], value)
    if len(known) < len(value):
        yield Group(UNKNOWN, np.flatnonzero(np.isnan(value)))


def _ranged(name: str, rows: Int64, value: NDArray[Any]) -> Group:
    if not len(rows):
        return Group(name, rows)
    return Group(name, rows, float(value[rows].min()), float(value[rows].max()))


def _by_popularity(counts: Int64, item_idx: Int32) -> Iterator[Group]:
    levels, at, items = np.unique(counts, return_inverse=True, return_counts=True)
    held = levels * items
    above = (held[::-1].cumsum()[::-1] - held)[at] / max(1, held.sum())
    some = counts > 0
    kinds = {
        "head": some & (above < HEAD),
        "mid": some & (above >= HEAD) & (above < MID),
        "tail": some & (above >= MID),
        "new": ~some,
    }
    for name, member in kinds.items():
        span = _ranged(name, np.flatnonzero(member), counts)
        yield span._replace(rows=np.flatnonzero(member[item_idx]))


def _repeated(asked: Asked) -> NDArray[np.bool_]:
    pairs, n_items = asked.pairs, asked.fold.catalog.n_items
    users, row = np.unique(pairs["user_idx"], return_inverse=True)
    seen = asked.fold.catalog.seen(users)
    return np.isin(row * n_items + pairs["item_idx"], seen.row_of() * n_items + seen.indices)
