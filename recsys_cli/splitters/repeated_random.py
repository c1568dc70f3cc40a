"""Hold out interactions at random, again and again."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pydantic import Field

from recsys_cli.data import Dataset
from recsys_cli.splitters._base import Rows, Splitter
from recsys_cli.splitters._random import SharesConfig, draw_parts


class RepeatedRandomConfig(SharesConfig):
    """Parameters of :class:`RepeatedRandom`."""

    draws: int = Field(5, ge=2)
    """How many times to draw; each draw is a fold."""


class RepeatedRandom(Splitter[RepeatedRandomConfig]):
    """Draw the split of ``random`` several times over: folds ``1`` to ``draws``.

    Also called Monte Carlo cross-validation or repeated hold-out. Unlike those of ``k-fold``, the
    test parts may overlap, and their size does not follow from their number; so the folds are not
    independent, and their standard deviation says less than it seems to of what other data would
    give. Asking for more draws leaves the first ones as they are.
    """

    def rows(self, dataset: Dataset, rng: np.random.Generator) -> Iterator[Rows]:
        """Yield a split a draw. The validation share never moves a test part."""
        for fold, own in enumerate(rng.spawn(self.config.draws), 1):
            test, validation = draw_parts(dataset.interactions, self.config, own)
            yield Rows.divide(test, validation, fold=str(fold))
