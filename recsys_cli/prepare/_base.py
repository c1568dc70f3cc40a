"""What a filter on interactions is: it selects rows and may restate their values."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import numpy as np

from recsys_cli.data import (
    Dataset,
    Features,
    Float32,
    IdMap,
    Int32,
    Int64,
    Interactions,
    SideFeatures,
)
from recsys_cli.errors import DataError
from recsys_cli.registry import Component, Config


class FilterConfig(Config):
    """Parameters of a filter."""


@dataclass(frozen=True, eq=False)
class Selection:
    """What a filter leaves: rows in source order, and what it says anew of them.

    Attributes
    ----------
    rows : ndarray of int64, shape (m,)
        Ascending.
    value : ndarray of float32, shape (m,), optional
        New values; None keeps those of the rows.
    scale : (float, float), optional
        Read only where ``value`` is given: None says that the new values are not ratings.
    weight : ndarray of float32, shape (m,), optional
        New weights; None keeps those of the rows.
    """

    rows: Int64
    value: Float32 | None = None
    scale: tuple[float, float] | None = None
    weight: Float32 | None = None


@dataclass(frozen=True)
class Size:
    """How many rows there are, and how many users and items with at least one of them."""

    rows: int
    users: int
    items: int

    @classmethod
    def of(cls, data: Interactions) -> Size:
        """Measure interactions."""
        users, items = (np.count_nonzero(x) for x in (data.user_counts, data.item_counts))
        return cls(len(data), int(users), int(items))


@dataclass(frozen=True)
class Receipt:
    """What one filter did; ``filter`` is the filter as a spec writes it, with every default."""

    filter: dict[str, Any]
    before: Size
    after: Size

    def __str__(self) -> str:
        parameters = [f"{k}={v}" for k, v in self.filter.items() if k != "name" and v is not None]
        sizes = [
            f"{getattr(self.before, kind):,} → {getattr(self.after, kind):,} {kind}"
            for kind in ("rows", "users", "items")
        ]
        return f"{' '.join([self.filter['name'], *parameters])}: {', '.join(sizes)}"


C = TypeVar("C", bound=FilterConfig)


class Filter(Component[C], Generic[C]):
    """One step of ``dataset.prepare``."""

    @property
    def hindsight(self) -> str | None:
        """What it judges rows by that may lie in the test part: filters work before the split.

        A clause for the audit of leakage, or None where the test part decides nothing.
        """
        return None

    @abstractmethod
    def select(self, data: Interactions, rng: np.random.Generator) -> Selection:
        """Return the rows that stay, ascending, with their new values where it restates them.

        Raises
        ------
        DataError
            If the data lack what the filter needs, or break what it demands.
        """

    def by_hand(self, value: float, *, bare: bool) -> float | None:
        """Return the value that one item of a history given by hand takes; None drops the item.

        Nothing is dropped by default: a filter on how often, when or by whom cannot judge it.

        Parameters
        ----------
        value : float
        bare : bool
            Whether the item came without a value, and stands for one that is liked.
        """
        return value

    def __str__(self) -> str:
        said = [
            f"{k} {_plain(v)}" for k, v in self.config.model_dump(exclude_defaults=True).items()
        ]
        return f"{self.spec_name()} ({', '.join(said)})" if said else self.spec_name()

    def apply(self, dataset: Dataset, rng: np.random.Generator) -> tuple[Dataset, Receipt]:
        """Return the dataset that the filter leaves, and the receipt.

        Users and items that lose their last interaction go, with their titles and features; those
        known by features alone stay. Indices close ranks, in their old order.

        Raises
        ------
        DataError
            If no row is left.
        """
        before = dataset.interactions
        chosen = self.select(before, rng)
        if not len(chosen.rows):
            raise DataError(
                f"{self.spec_name()} leaves none of the {len(before):,} interactions",
                hint="loosen it, or check the order of dataset.prepare",
            )
        filtered = _rebuild(dataset, _restate(before, chosen), chosen.rows)
        after = Size.of(filtered.interactions)
        return filtered, Receipt(self.config.describe(), Size.of(before), after)


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _restate(data: Interactions, chosen: Selection) -> Interactions:
    kept = data.take(chosen.rows)
    if chosen.value is not None:
        kept = replace(kept, value=chosen.value, scale=chosen.scale)
    return kept if chosen.weight is None else replace(kept, weight=chosen.weight)


def _rebuild(dataset: Dataset, kept: Interactions, rows: Int64) -> Dataset:
    before, titles = dataset.interactions, dataset.titles
    users = _staying(before.user_counts, kept.user_counts)
    items = _staying(before.item_counts, kept.item_counts)
    data = replace(
        kept,
        users=_ids(before.users, users),
        items=_ids(before.items, items),
        user_idx=_renumber(kept.user_idx, users, before.n_users),
        item_idx=_renumber(kept.item_idx, items, before.n_items),
    )
    return replace(
        dataset,
        interactions=data,
        titles=None if titles is None else [titles[i] for i in items],
        features=SideFeatures(
            _features(dataset.features.users, users), _features(dataset.features.items, items)
        ),
        folds={name: fold[rows] for name, fold in dataset.folds.items()},
    )


def _staying(before: Int64, after: Int64) -> Int64:
    return np.flatnonzero((after > 0) | (before == 0))


def _ids(ids: IdMap, staying: Int64) -> IdMap:
    return ids if len(staying) == len(ids) else IdMap(ids[i] for i in staying)


def _renumber(index: Int32, staying: Int64, n: int) -> Int32:
    if len(staying) == n:
        return index
    new = np.full(n, -1, np.int32)
    new[staying] = np.arange(len(staying), dtype=np.int32)
    return new[index]


def _features(features: Features | None, staying: Int64) -> Features | None:
    if features is None or len(features.ids) == len(staying):
        return features
    return features.take(staying)
