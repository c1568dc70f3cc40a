"""Keep interactions of at least some value."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import Interactions
from recsys_cli.prepare._base import Filter, FilterConfig, Selection


class MinValueConfig(FilterConfig):
    """Parameters of :class:`MinValue`."""

    value: float
    """Smallest value that stays."""
    binarise: bool = False
    """Then set every value to 1: the data become implicit feedback without a rating scale."""


class MinValue(Filter[MinValueConfig]):
    """Drop interactions whose value is below a threshold."""

    def select(self, data: Interactions, rng: np.random.Generator) -> Selection:
        """Return the rows of at least ``value``; draws nothing."""
        rows = np.flatnonzero(data.value >= self.config.value)
        ones = np.ones(len(rows), np.float32) if self.config.binarise else None
        return Selection(rows, ones)

    def by_hand(self, value: float, *, bare: bool) -> float | None:
        """Drop an item of a history whose value is below ``value``; a bare one has enough."""
        if not bare and value < self.config.value:
            return None
        return 1.0 if self.config.binarise else max(value, self.config.value)
