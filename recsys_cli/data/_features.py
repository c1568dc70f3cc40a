"""Side information of users and items, and its matrix."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import NamedTuple

import numpy as np

from recsys_cli.data._csr import CSR, Bool, Float32, Int32, Int64, csr
from recsys_cli.data._interactions import IdMap


@dataclass(frozen=True, eq=False)
class Features:
    """What is known of each user or item beside the interactions, row by row of its id map.

    Attributes
    ----------
    ids : IdMap
        The users or the items.
    categorical : dict of str to list of str
        One value an id; ``""`` where it is unknown.
    multilabel : dict of str to list of tuple of str
        Any number of labels an id (genres, tags).
    numeric : dict of str to ndarray of float32, shape (n,)
        NaN where it is unknown.
    """

    ids: IdMap
    categorical: dict[str, list[str]] = field(default_factory=dict)
    multilabel: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)
    numeric: dict[str, Float32] = field(default_factory=dict)

    @cached_property
    def columns(self) -> list[str]:
        """The names of the columns of :attr:`csr`: ``genre=Comedy``, ``age``."""
        return [name for name, _, _ in self._triplets]

    @cached_property
    def csr(self) -> CSR:
        """Ids × columns: 1 for each category and label, the number itself for numeric columns."""
        shape = (len(self.ids), len(self._triplets))
        row = [np.empty(0, np.int32), *(rows for _, rows, _ in self._triplets)]
        col = [np.full(len(rows), j, np.int32) for j, rows in enumerate(row[1:])]
        data = [np.empty(0, np.float32), *(values for _, _, values in self._triplets)]
        return csr(np.concatenate(row), np.concatenate([row[0], *col]), np.concatenate(data), shape)

    @cached_property
    def known(self) -> Bool:
        """Which ids have a category, a label or a number, bool (n,)."""
        return np.asarray(np.diff(self.csr.indptr) > 0)

    @cached_property
    def _triplets(self) -> list[tuple[str, Int32, Float32]]:
        labels: dict[str, list[tuple[str, ...]]] = {
            name: [(v,) if v else () for v in values] for name, values in self.categorical.items()
        }
        found: list[tuple[str, Int32, Float32]] = []
        for name, values in {**labels, **self.multilabel}.items():
            for label, rows in _by_label(values):
                found.append((f"{name}={label}", rows, np.ones(len(rows), np.float32)))
        for name, numbers in self.numeric.items():
            rows = np.flatnonzero(~np.isnan(numbers)).astype(np.int32)
            found.append((name, rows, numbers[rows]))
        return found

    def take(self, rows: Int64) -> Features:
        """Return the given ids' rows, with an id map of their own."""
        return Features(
            IdMap(self.ids[i] for i in rows),
            {name: [column[i] for i in rows] for name, column in self.categorical.items()},
            {name: [column[i] for i in rows] for name, column in self.multilabel.items()},
            {name: column[rows] for name, column in self.numeric.items()},
        )


def _by_label(values: list[tuple[str, ...]]) -> Iterator[tuple[str, Int32]]:
    """Yield each label, in order, with the rows that have it, ascending."""
    flat = [*chain.from_iterable(values)]
    names = sorted(set(flat))
    code = {label: at for at, label in enumerate(names)}
    codes = np.fromiter(map(code.__getitem__, flat), np.int64, len(flat))
    row = np.repeat(np.arange(len(values)), [*map(len, values)])
    # Sorted keys: by label, then by row, and a label that a row names twice once.
    code_of, row = np.divmod(np.unique(codes * len(values) + row), max(1, len(values)))
    ends = np.searchsorted(code_of, np.arange(len(names) + 1))
    for label, start, stop in zip(names, ends, ends[1:], strict=False):
        yield label, row[start:stop].astype(np.int32)


class SideFeatures(NamedTuple):
    """What is known of the users and of the items beside the interactions, if anything."""

    users: Features | None = None
    items: Features | None = None
