"""The rows of a source as arrays, and what makes one of them bad."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np

from recsys_cli.data import Bool, Float64, Int32, Int64
from recsys_cli.errors import DataError
from recsys_cli.loaders._fields import TimeFormat

logger = logging.getLogger(__name__)

#: A byte that is no UTF-8 is a lone surrogate in text.
_BAD_ID = re.compile("\\s*|.*[\x00-\x1f\x7f\ud800-\udfff].*", re.DOTALL)
#: The years 1 to 9999, in Unix seconds.
_TIMES = (-62_135_596_800, 253_402_300_799)
#: Below it a weight would be too large for float32.
_LEAST_PROPENSITY = 1e-30
NO_PROPENSITY = "is not above 0 and at most 1"


@dataclass(frozen=True)
class Columns:
    """Which column plays which role, by name or by number from 0, and what its fields mean."""

    user: str | int
    item: str | int
    rating: str | int | None = None
    timestamp: str | int | None = None
    weight: str | int | None = None
    time: TimeFormat = "unix"
    scale: tuple[float, float] | None = None
    propensities: bool = False
    """Whether the weights are propensities, still to be turned into weights."""

    def places(self, find: Callable[[str | int], int], where: str) -> dict[str, int]:
        """Return the position of each role that has a column; no column plays two roles."""
        roles = ("user", "item", "rating", "timestamp", "weight")
        found = {
            role: find(column) for role in roles if (column := getattr(self, role)) is not None
        }
        if len(set(found.values())) < len(found):
            raise DataError("one column is named for two purposes", where=where)
        return found


@dataclass(frozen=True, eq=False)
class Rows:
    """Parallel arrays in source order; ids in the order of their first appearance.

    ``user`` and ``item`` are int32 positions in ``users`` and ``items`` (-1: no id at all);
    ``value``, ``weight`` and ``timestamp`` (whole seconds) are float64, not yet narrowed.
    """

    user: Int32
    users: list[str]
    item: Int32
    items: list[str]
    value: Float64 | None = None
    timestamp: Float64 | None = None
    weight: Float64 | None = None
    skipped: int = 0

    def __len__(self) -> int:
        return len(self.user)

    def take(self, keep: Bool) -> Rows:
        """Return the rows under a mask; ids that only the others had are gone."""
        user, users = _recode(self.user[keep], self.users)
        item, items = _recode(self.item[keep], self.items)
        numbers = {
            role: None if (array := getattr(self, role)) is None else array[keep]
            for role in ("value", "timestamp", "weight")
        }
        return Rows(user, users, item, items, skipped=self.skipped, **numbers)


def _recode(codes: Int32, ids: list[str]) -> tuple[Int32, list[str]]:
    used, first = np.unique(codes, return_index=True)
    used = used[np.argsort(first)]
    position = np.full(len(ids), -1, np.int32)
    position[used] = np.arange(len(used), dtype=np.int32)
    return position[codes], [ids[code] for code in used]


def concatenate(parts: Sequence[Rows]) -> Rows:
    """Return the rows of several sources, one after the other, under common ids."""

    def merge(codes: list[Int32], ids: list[list[str]]) -> tuple[Int32, list[str]]:
        position = {id_: i for i, id_ in enumerate(dict.fromkeys(chain.from_iterable(ids)))}
        moved = [
            np.array([position[id_] for id_ in own], np.int32)[code]
            for code, own in zip(codes, ids, strict=True)
        ]
        return np.concatenate(moved), list(position)

    user, users = merge([part.user for part in parts], [part.users for part in parts])
    item, items = merge([part.item for part in parts], [part.items for part in parts])
    numbers = {
        role: None
        if getattr(parts[0], role) is None
        else np.concatenate([getattr(part, role) for part in parts])
        for role in ("value", "timestamp", "weight")
    }
    return Rows(user, users, item, items, skipped=sum(p.skipped for p in parts), **numbers)


def faults(rows: Rows, columns: Columns) -> Iterator[tuple[Bool, str]]:
    """Yield, for each thing that can be wrong with a well-formed row, where it is and why."""
    for role, codes, ids in (("user", rows.user, rows.users), ("item", rows.item, rows.items)):
        bad = np.array([_BAD_ID.fullmatch(id_) is not None for id_ in ids] + [True])
        if bad[:-1].any() or codes.min(initial=0) < 0:  # looking up every row takes a while
            yield bad[codes], f"the {role} id is empty, has a control character or is no UTF-8"
    if rows.weight is not None and columns.propensities:
        yield ~is_propensity(rows.weight), f"the propensity {NO_PROPENSITY}"
    with np.errstate(over="ignore"):
        if rows.value is not None:
            narrow = rows.value.astype(np.float32)
            yield ~np.isfinite(narrow), "the rating is not a finite number"
            yield (narrow == 0) & (rows.value != 0), "the rating is so small that it would count 0"
        if rows.weight is not None:
            narrow = rows.weight.astype(np.float32)
            yield ~(np.isfinite(narrow) & (narrow > 0)), "the weight is not a positive number"
    if rows.value is not None and columns.scale is not None:
        low, high = columns.scale
        reason = f"the rating is outside the scale {low:g} to {high:g}"
        yield (rows.value < low) | (rows.value > high), reason
    if rows.timestamp is not None:
        inside = (rows.timestamp >= _TIMES[0]) & (rows.timestamp <= _TIMES[1])
        yield ~inside, f"the timestamp is no time between the years 1 and 9999 ({columns.time})"


def is_propensity(chance: Float64) -> Bool:
    """Say which numbers can be the chance that a row is observed: above 0, at most 1."""
    return np.asarray((chance >= _LEAST_PROPENSITY) & (chance <= 1))


def inverse_weights(chance: Float64) -> Float64:
    """Return 1 / ``chance``, scaled to mean 1, so that regularisation keeps its meaning."""
    inverse = 1 / chance
    return np.asarray(inverse / inverse.mean())


def clean(
    rows: Rows, columns: Columns, numbers: Int64, bad: dict[int, str], report: Report
) -> Rows:
    """Return the rows without fault; ``report`` is told of the others and may raise.

    Parameters
    ----------
    numbers : ndarray of int64, shape (n,)
        Line (or row) number of each row in its file.
    bad : dict of int to str
        Numbers of rows that could not even be read, with the reason; added to here.
    """
    keep = np.ones(len(rows), np.bool_)
    for mask, reason in faults(rows, columns):
        for at in np.flatnonzero(mask & keep):
            bad[int(numbers[at])] = reason
        keep &= ~mask
    report(bad)
    return replace(rows.take(keep) if bad else rows, skipped=len(bad))


@dataclass(frozen=True)
class Report:
    """What happens to bad rows: the first is raised, or all are counted and a few logged."""

    path: Path
    skip: bool = False
    hint: str | None = None
    unit: str = ":"

    def __call__(self, bad: dict[int, str]) -> None:
        """Raise a DataError for the first bad row, or log that they are skipped."""
        lines = [f"{self.path}{self.unit}{line}: {bad[line]}" for line in sorted(bad)[:3]]
        if bad and not self.skip:
            line = min(bad)
            raise DataError(bad[line], where=f"{self.path}{self.unit}{line}", hint=self.hint)
        if bad:
            logger.warning("skipped %s bad rows; the first: %s", f"{len(bad):,}", "; ".join(lines))
