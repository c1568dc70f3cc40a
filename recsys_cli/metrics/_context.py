"""What metrics may ask of the data, whichever model is scored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Any, Literal, NamedTuple, TypeVar

import numpy as np

from recsys_cli.data import CSR, Bool, Features, Float64, Int32, Int64, Interactions, SideFeatures

T = TypeVar("T")
Side = Literal["users", "items"]


class Labels(NamedTuple):
    """Which labels each user or item has: a CSR without values, and the number of labels."""

    indptr: Int64
    indices: Int32
    n_labels: int

    @property
    def counts(self) -> Int64:
        """Labels of each user or item, int64 (n,)."""
        return np.diff(self.indptr)


@dataclass(frozen=True, eq=False)
class Weights:
    """What held-out pairs weigh: one over the chance that each of them had of being held out.

    They are the pairs of a user and a candidate that the user is not known for, n in all, relevant
    or not. ``pair`` float64 (n,) is the weight of each and ``row`` int64 (n,) its row of
    ``Context.seen``. ``relevant`` float64 (nnz,) is the weight of each of ``Context.relevant``, 0
    where the item is no candidate. ``n_open`` int64 (any,) says, for each row of ``Context.seen``,
    how many pairs there were to be held out.
    """

    pair: Float64
    row: Int64
    relevant: Float64
    n_open: Int64

    @cached_property
    def sums(self) -> Float64:
        """The sum over the pairs of each row, float64 (any,)."""
        total = np.bincount(self.row, self.pair, len(self.n_open))
        return np.asarray(total, np.float64)

    @cached_property
    def counted(self) -> Bool:
        """Which rows have a pair, bool (any,)."""
        return np.bincount(self.row, minlength=len(self.n_open)) > 0

    @cached_property
    def all_relevant(self) -> bool:
        """Whether no pair is known to be irrelevant."""
        return int(np.count_nonzero(self.relevant)) == len(self.pair)


class Once:
    """Remembers what was made, so that metrics that need the same thing make it once.

    Metrics are computed on several threads: one that needs what another is making waits for it.
    """

    def __init__(self) -> None:
        self._found: dict[Any, Any] = {}
        self._making: dict[Any, Lock] = {}

    def __call__(self, key: Any, make: Callable[[], T]) -> T:
        """Return what ``make`` returned when first called under ``key``."""
        with self._making.setdefault(key, Lock()):
            if key not in self._found:
                self._found[key] = make()
        found: T = self._found[key]
        return found


@dataclass(frozen=True, eq=False)
class Context:
    """What is known of the evaluated users and of the items; the same for every model.

    Attributes
    ----------
    users : ndarray of int32, shape (u,)
        Index of each evaluated user; all have a relevant item.
    relevant : CSR, shape (u, n_items)
        The value of each relevant item; of a pair that is held out twice, the largest.
    seen : CSR, shape (any, n_items)
        What users are known for: training, validation and history.
    seen_at : ndarray of int64, shape (u,)
        The row of ``seen`` that each evaluated user has.
    candidates : ndarray of bool, shape (n_items,)
    train : Interactions
    weigh : callable
        Makes :attr:`weights`, which few metrics ask for.
    features : SideFeatures
    """

    users: Int32
    relevant: CSR
    seen: CSR
    seen_at: Int64
    candidates: Bool
    train: Interactions
    weigh: Callable[[], Weights]
    features: SideFeatures = field(default_factory=SideFeatures)
    once: Once = field(default_factory=Once, init=False, repr=False)

    @property
    def weights(self) -> Weights:
        """What the held-out pairs of all users weigh, those without a relevant item included."""
        return self.once("weights", self.weigh)

    @cached_property
    def n_relevant(self) -> Int64:
        """Relevant items of each user, at least 1; cold ones included; int64 (u,)."""
        return np.diff(self.relevant.indptr)

    @property
    def ideal(self) -> Int64:
        """The relevant pairs by descending value within each user: an order of ``relevant``."""
        pairs = self.relevant
        return self.once("ideal", lambda: np.lexsort((-pairs.data, pairs.row_of())))

    @cached_property
    def n_candidates(self) -> int:
        """Items that can be recommended to some user."""
        return int(np.count_nonzero(self.candidates))

    @property
    def item_counts(self) -> Int64:
        """Training interactions of each item, int64 (n_items,)."""
        return self.train.item_counts

    @property
    def item_users(self) -> Int64:
        """Users with a training interaction with each item, int64 (n_items,)."""
        train = self.train
        return self.once(
            "item users", lambda: np.bincount(train.csr.indices, minlength=train.n_items)
        )

    @cached_property
    def n_users(self) -> int:
        """Users with a training interaction."""
        return int(np.count_nonzero(self.train.user_counts))

    @cached_property
    def by_popularity(self) -> Int64:
        """All items, most training interactions first; equal ones by the lower index."""
        return np.argsort(-self.item_counts, kind="stable")

    def labels(self, side: Side, column: str | None = None) -> Labels:
        """Return the labels of all users or items in one column, or in all that hold labels.

        The column exists: :meth:`Metric.check` has seen to that before anything was computed.
        """
        return self.once(("labels", side, column), lambda: self._labels(side, column))

    def _labels(self, side: Side, column: str | None) -> Labels:
        features = getattr(self.features, side)
        matrix = Features(
            features.ids,
            {name: v for name, v in features.categorical.items() if column in (None, name)},
            {name: v for name, v in features.multilabel.items() if column in (None, name)},
        ).csr
        return Labels(matrix.indptr, matrix.indices, matrix.n_cols)
