"""Hold out each user's latest interactions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pydantic import NonNegativeInt, PositiveInt

from recsys_cli.data import Dataset
from recsys_cli.splitters._base import Order, Rows, Splitter, SplitterConfig
from recsys_cli.splitters._draw import latest


class LeaveLastConfig(SplitterConfig):
    """Parameters of :class:`LeaveLast`."""

    n: PositiveInt = 1
    """Interactions of each user in the test part: the latest."""
    validation: NonNegativeInt = 0
    """Interactions of each user in the validation part: the latest before the test part."""


class LeaveLast(Splitter[LeaveLastConfig]):
    """Hold out the last ``n`` interactions of every user; interactions of one second keep the
    order of the source.

    Every user keeps at least one interaction in training. One with too few for all parts fills the
    test part first and the validation part with what is left; one with a single interaction is in
    training alone.

    Each user has a cut of his own, so training holds interactions that happened after other users'
    test interactions: ``temporal`` has no such leak (Ji et al., "A critical study on data leakage
    in recommender system offline evaluation", 2023).
    """

    order: Order = "user"

    def rows(self, dataset: Dataset, rng: np.random.Generator) -> Iterator[Rows]:
        """Yield one split; draws nothing."""
        data, config = dataset.interactions, self.config
        near, after = latest(self._times(data), data.user_idx, config.n + config.validation)
        left = data.user_counts[data.user_idx[near]] - 1
        parts = np.zeros((2, len(data)), np.bool_)
        for part, count in zip(parts, (config.n, config.n + config.validation), strict=True):
            part[near[after < np.minimum(count, left)]] = True
        test, held = parts
        yield Rows.divide(test, held & ~test if config.validation else None)
