"""Hold out interactions drawn at random."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from recsys_cli.data import Bool, Dataset, Interactions
from recsys_cli.splitters._base import Rows, Splitter, SplitterConfig
from recsys_cli.splitters._draw import Share, ShareOrNone, draw, draw_validation, rows_after


class RandomConfig(SplitterConfig):
    """Parameters of :class:`Random`."""

    test: Share = 0.2
    """Share of the interactions in the test part."""
    validation: ShareOrNone = 0.0
    """Share of the remaining interactions in the validation part; 0 makes none."""
    per_user: bool = False
    """Draw the shares from each user's interactions instead of from all."""


class Random(Splitter[RandomConfig]):
    """Hold out interactions at random, ``round(share * n)`` of them.

    With ``per_user`` the shares hold for each user (halves round up), who keeps at least one
    interaction in training; the test part is filled before the validation part.
    """

    def rows(self, dataset: Dataset, rng: np.random.Generator) -> Iterator[Rows]:
        """Yield one split. The validation share never moves the test part."""
        data, config = dataset.interactions, self.config
        if config.per_user:
            yield Rows.divide(*self._per_user(data, rng))
            return
        test = draw(np.ones(len(data), np.bool_), config.test, rng)
        yield Rows.divide(test, draw_validation(test, config.validation, rng))

    def _per_user(self, data: Interactions, rng: np.random.Generator) -> tuple[Bool, Bool | None]:
        after = rows_after(rng.permutation(len(data)), data.user_idx)
        counts = data.user_counts
        n_test = np.minimum(np.floor(self.config.test * counts + 0.5), counts - 1)
        left = counts - n_test
        n_held = n_test + np.minimum(np.floor(self.config.validation * left + 0.5), left - 1)
        test = after < n_test[data.user_idx]
        held = after < n_held[data.user_idx]
        return test, held & ~test if self.config.validation else None
