"""What a splitter is: it names the rows of each part; the base builds and checks the split."""

from __future__ import annotations

import copy
import itertools
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Generic, Literal, Self, TypeVar

import numpy as np

from recsys_cli.data import Bool, Dataset, Int64, Interactions, Split
from recsys_cli.errors import DataError
from recsys_cli.registry import Component, Config

Order = Literal["none", "user", "all", "unknown"]
"""Whose interactions a rule keeps in the order of time: nobody's, those of each user, everyone's;
``unknown`` where the rule came with the data."""


class SplitterConfig(Config):
    """Parameters common to all splitters."""

    repeats: bool = False
    """Allow the same user and item twice in training, or in both training and test."""
    strict_time: bool = False
    """Refuse, before any training, a split in which a test interaction precedes one of anyone in
    the training, validation or history part."""


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of the parts of one split, each a mask over all rows of the data."""

    train: Bool
    test: Bool
    validation: Bool | None = None
    history: Bool | None = None
    fold: str = "1"

    @classmethod
    def divide(
        cls,
        test: Bool,
        validation: Bool | None = None,
        history: Bool | None = None,
        fold: str = "1",
    ) -> Self:
        """Return the rows that disjoint masks name; what none of them takes is for training."""
        train = ~test
        for mask in (validation, history):
            if mask is not None:
                train &= ~mask
        return cls(train, test, validation, history, fold)

    def masks(self) -> dict[str, Bool]:
        """Return the masks of the parts that exist, by name."""
        names = ("train", "test", "validation", "history")
        return {name: mask for name in names if (mask := getattr(self, name)) is not None}

    @property
    def disjoint(self) -> bool:
        """Whether no row is in two parts."""
        masks = list(self.masks().values())
        together = masks[0].copy()
        for mask in masks[1:]:
            together |= mask
        return sum(map(np.count_nonzero, masks)) == np.count_nonzero(together)


C = TypeVar("C", bound=SplitterConfig)


class Splitter(Component[C], Generic[C]):
    """One way to hold interactions out."""

    #: Whether a held-out user may have a history that is folded in.
    folds_in: ClassVar[bool] = False

    @property
    def order(self) -> Order:
        """Whose training interactions all precede the held-out ones; it may hang on parameters."""
        return "none"

    @abstractmethod
    def rows(self, dataset: Dataset, rng: np.random.Generator) -> Iterator[Rows]:
        """Yield the rows of each fold's parts.

        Raises
        ------
        DataError
            If the data lack what the rule needs (timestamps, folds of their own).
        """

    def split(self, dataset: Dataset, rng: np.random.Generator) -> Iterator[Split]:
        """Yield each fold's split, checked: no empty part, no pair twice unless ``repeats``.

        With ``strict_time`` the order of time is checked in all folds before the first is yielded.
        """
        if not len(dataset.interactions):
            raise DataError("there are no interactions to split")
        if self.config.strict_time:
            # A copy draws the same folds and leaves the generator where it was.
            for rows in self.rows(dataset, copy.deepcopy(rng)):
                self._check_time(rows, dataset.interactions)
        made = self.rows(dataset, rng)
        first = list(itertools.islice(made, 2))
        alone = len(first) == 1
        for rows in itertools.chain(first, made):
            yield self._divided(rows, dataset, alone)

    def _divided(self, rows: Rows, dataset: Dataset, alone: bool) -> Split:
        """Return one fold's split, checked."""
        data = dataset.interactions
        parts = {name: data.take(mask) for name, mask in rows.masks().items()}
        self._check(rows, parts, dataset)
        if "history" in parts and data.weight is not None:
            raise DataError(
                f"{self.spec_name()} folds users in, and a fold-in knows no weights",
                hint="leave the weight column out, or split by another rule",
            )
        optional = parts.get("validation"), parts.get("history")
        return Split(parts["train"], parts["test"], *optional, fold=rows.fold, alone=alone)

    def _check(self, rows: Rows, parts: dict[str, Interactions], dataset: Dataset) -> None:
        for name, part in parts.items():
            if not len(part):
                raise DataError(
                    f"{self.spec_name()} leaves no rows for the {name} part",
                    hint="check the parameters of split, and what dataset.prepare left over",
                )
        if self.config.repeats:
            return
        if rows.disjoint and not dataset.interactions.n_repeated:
            return
        keys = np.sort(np.concatenate([part.pair_key for part in parts.values()]))
        repeated = np.count_nonzero(keys[1:] == keys[:-1])
        if repeated:
            drop = "add {name: duplicates, keep: last} to dataset.prepare"
            allow = "set split.repeats: true"
            raise DataError(
                f"{repeated:,} row{'s repeat' if repeated > 1 else ' repeats'} a user and item that"
                " the data already have",
                hint=f"{allow}, if the folds of the data mean it so"
                if dataset.folds
                else f"{drop}, or {allow}",
            )

    def _check_time(self, rows: Rows, data: Interactions) -> None:
        if data.timestamp is None:
            raise DataError(
                "needs timestamps and the data have none",
                where="split.strict_time",
                hint="name their time column, or leave strict_time out",
            )
        times = data.timestamp
        known = [times[mask] for name, mask in rows.masks().items() if name != "test"]
        last = max((part.max() for part in known if len(part)), default=times.min())
        test = times[rows.test]
        early = np.count_nonzero(test < last)
        if early:
            raise DataError(
                f"{early:,} of the {len(test):,} test interactions of fold {rows.fold} "
                "precede a training one",
                where="split.strict_time",
                hint="split by temporal or rolling, which keep to the order of time, or leave "
                "strict_time out",
            )

    def _times(self, data: Interactions) -> Int64:
        if data.timestamp is None:
            raise DataError(
                f"{self.spec_name()} needs timestamps and the data have none",
                hint="name their time column, or split by another rule",
            )
        return data.timestamp
