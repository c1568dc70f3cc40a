"""Use the splits that come with the data."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pydantic import Field

from recsys_cli.data import Dataset
from recsys_cli.errors import DataError, SpecError
from recsys_cli.spelling import nearest
from recsys_cli.splitters._base import Order, Rows, Splitter, SplitterConfig
from recsys_cli.splitters._draw import ShareOrNone, draw
from recsys_cli.visible import quoted


class PredefinedConfig(SplitterConfig):
    """Parameters of :class:`Predefined`."""

    folds: list[str] | None = Field(None, min_length=1)
    """Names of the splits, such as ``[u1, u2]``; None takes all that the data come with."""
    validation: ShareOrNone = 0.0
    """Share of the training interactions drawn at random into the validation part; 0 makes none."""


class Predefined(Splitter[PredefinedConfig]):
    """The division into training and test rows that a dataset was published with.

    A row that belongs to neither part of a split is left out of it. A fold keeps the name that the
    data give it.
    """

    order: Order = "unknown"

    def rows(self, dataset: Dataset, rng: np.random.Generator) -> Iterator[Rows]:
        """Yield a split for each name, in the order asked for."""
        if not dataset.folds:
            raise DataError(
                f"{dataset.info.name} comes with no split of its own",
                hint="use another splitter: recsys list splitters",
            )
        for name in self.config.folds or dataset.folds:
            if name not in dataset.folds:
                raise _unknown(name, list(dataset.folds))
        for name in self.config.folds or dataset.folds:
            yield self._fold(name, dataset, rng)

    def _fold(self, name: str, dataset: Dataset, rng: np.random.Generator) -> Rows:
        train = dataset.folds[name] == 1
        test = dataset.folds[name] == 2
        if not self.config.validation:
            return Rows(train, test, fold=name)
        drawn = draw(train, self.config.validation, rng)
        return Rows(train & ~drawn, test, drawn, fold=name)


def _unknown(name: str, known: list[str]) -> SpecError:
    near = nearest(name, known)
    hint = f'did you mean "{near}"?' if near else f"known: {', '.join(known)}"
    return SpecError(f"the data have no split {quoted(name)}", where="split.folds", hint=hint)
