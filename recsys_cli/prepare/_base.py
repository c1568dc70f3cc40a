"""What a filter on interactions is: it selects rows and may restate their values."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from recsys_cli.data import Float32, Int64, Interactions
from recsys_cli.registry import Component, Config


class FilterConfig(Config):
    """Parameters of a filter."""


@dataclass(frozen=True, eq=False)
class Selection:
    """What a filter leaves: row indices in source order, their new values if changed, and scale."""

    rows: Int64
    value: Float32 | None = None
    scale: tuple[float, float] | None = None


C = TypeVar("C", bound=FilterConfig)


class Filter(Component[C], Generic[C]):
    """One step of ``dataset.prepare``."""

    @abstractmethod
    def select(self, data: Interactions, rng: np.random.Generator) -> Selection:
        """Return the rows that stay, ascending; their new values and scale where it restates them.

        ``scale`` of the result is read only when ``value`` is given: None says that the new values
        are not ratings.
        """
