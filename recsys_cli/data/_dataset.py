"""A dataset with what belongs to it, and one division of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys_cli.data._features import SideFeatures
from recsys_cli.data._interactions import Interactions


@dataclass(frozen=True)
class DatasetInfo:
    """Where data came from and on what terms; copied into every run record.

    ``licence`` is one sentence, ``citation`` a reference, ``source_hash`` the sha256 of the files
    (or of the parameters, for data made by code), ``skipped`` the number of bad rows left out.
    """

    name: str
    description: str
    licence: str
    citation: str
    source_hash: str
    synthetic: bool = False
    skipped: int = 0


@dataclass(frozen=True, eq=False)
class Dataset:
    """Interactions with what belongs to them.

    Attributes
    ----------
    interactions : Interactions
    info : DatasetInfo
    titles : list of str, optional
        One title an item, in index order; the item's id where it has none.
    features : SideFeatures
        Aligned with the id maps of the interactions.
    folds : dict of str to ndarray of int8, shape (n,)
        Splits that come with the data, by name: 1 where a row trains, 2 where it tests, else 0.
    """

    interactions: Interactions
    info: DatasetInfo
    titles: list[str] | None = None
    features: SideFeatures = field(default_factory=SideFeatures)
    folds: dict[str, NDArray[np.int8]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Split:
    """One division of interactions. All parts share their id maps.

    Attributes
    ----------
    train, test : Interactions
    validation : Interactions, optional
        Carved from the training part; never trained on unless ``train.refit`` says so.
    history : Interactions, optional
        The known part of held-out users: folded in, never trained on.
    fold : str
        Its name, ``"1"`` when there is only one.
    seed : int, optional
        What it was drawn with and its model draws with, where a spec has several ``seeds``.
    origin : str, optional
        Then, the name of the fold that it repeats with that seed.
    alone : bool
        Whether there is no other fold.
    """

    train: Interactions
    test: Interactions
    validation: Interactions | None = None
    history: Interactions | None = None
    fold: str = "1"
    seed: int | None = None
    origin: str | None = None
    alone: bool = True

    def parts(self) -> dict[str, Interactions]:
        """Return the parts that exist, by name."""
        names = ("train", "validation", "history", "test")
        return {name: part for name in names if (part := getattr(self, name)) is not None}

    @cached_property
    def fingerprint(self) -> str:
        """The sha256 of all parts: ids, indices, values and times."""
        from recsys_cli.fingerprint import digest

        ids: list[Any] = [self.train.users.ids, self.train.items.ids]
        for name, part in self.parts().items():
            ids += [name, part.user_idx, part.item_idx, part.value, part.timestamp, part.weight]
        return digest(*ids)
