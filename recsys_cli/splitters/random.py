"""Hold out interactions drawn at random."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from recsys_cli.data import Dataset
from recsys_cli.splitters._base import Rows, Splitter
from recsys_cli.splitters._random import SharesConfig, draw_parts


class RandomConfig(SharesConfig):
    """Parameters of :class:`Random`."""


class Random(Splitter[RandomConfig]):
    """Hold out interactions at random, ``round(share * n)`` of them.

    With ``per_user`` the shares hold for each user (halves round up), who keeps at least one
    interaction in training; the test part is filled before the validation part.
    """

    def rows(self, dataset: Dataset, rng: np.random.Generator) -> Iterator[Rows]:
        """Yield one split. The validation share never moves the test part."""
        yield Rows.divide(*draw_parts(dataset.interactions, self.config, rng))
