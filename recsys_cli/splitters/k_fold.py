"""Divide the data into k parts, each of which tests once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pydantic import Field

from recsys_cli.data import Dataset
from recsys_cli.errors import DataError
from recsys_cli.splitters._base import Rows, Splitter, SplitterConfig
from recsys_cli.splitters._draw import ShareOrNone, draw_validation


class KFoldConfig(SplitterConfig):
    """Parameters of :class:`KFold`."""

    k: int = Field(5, ge=2)
    """Number of folds."""
    validation: ShareOrNone = 0.0
    """Share of each fold's remaining interactions in its validation part; 0 makes none."""


class KFold(Splitter[KFoldConfig]):
    """Cross-validation over shuffled interactions: folds ``1`` to ``k``, sizes equal to within one.

    Every interaction is in the test part of exactly one fold.
    """

    def rows(self, dataset: Dataset, rng: np.random.Generator) -> Iterator[Rows]:
        """Yield k splits. The validation share never moves the test parts."""
        k, n = self.config.k, len(dataset.interactions)
        if k > n:
            raise DataError(
                f"{n:,} interactions cannot fill {k:,} folds",
                where="split.k",
                hint="take fewer folds",
            )
        fold_of = rng.permutation(n) % k
        for fold in range(k):
            test = fold_of == fold
            validation = draw_validation(test, self.config.validation, rng)
            yield Rows.divide(test, validation, fold=str(fold + 1))
