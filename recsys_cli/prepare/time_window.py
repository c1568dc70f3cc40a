"""Keep the interactions of a period."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import PositiveFloat, field_validator
from pydantic_core import PydanticCustomError

from recsys_cli.data import Interactions
from recsys_cli.errors import DataError
from recsys_cli.moments import unix
from recsys_cli.prepare._base import Filter, FilterConfig, Selection


class TimeWindowConfig(FilterConfig):
    """Parameters of :class:`TimeWindow`."""

    start: int | str | None = None
    """First moment that stays: an ISO date or time (UTC where it names no zone) or Unix seconds."""
    end: int | str | None = None
    """First moment after those that stay, written likewise."""
    last_days: PositiveFloat | None = None
    """Days before the latest interaction that stay, counted in seconds back from it."""

    @field_validator("start", "end", mode="before")
    @classmethod
    def _check_moment(cls, moment: Any) -> Any:
        try:
            if moment is not None and type(moment) is not int:
                unix(moment)
        except (TypeError, ValueError):
            raise PydanticCustomError(
                "moment", "must be an ISO date such as 1998-03-01, or Unix seconds"
            ) from None
        return moment


class TimeWindow(Filter[TimeWindowConfig]):
    """Keep the interactions from ``start`` to before ``end``, and of the last days; both hold."""

    def select(self, data: Interactions, rng: np.random.Generator) -> Selection:
        """Return the rows of the period; draws nothing.

        Raises
        ------
        DataError
            If the data have no timestamps.
        """
        if data.timestamp is None:
            raise DataError(
                "time-window needs timestamps and the data have none",
                hint="name their time column, or drop this filter",
            )
        config, inside = self.config, np.ones(len(data), np.bool_)
        if config.start is not None:
            inside &= data.timestamp >= unix(config.start)
        if config.end is not None:
            inside &= data.timestamp < unix(config.end)
        if config.last_days is not None:
            inside &= data.timestamp > data.timestamp.max() - config.last_days * 86_400
        return Selection(np.flatnonzero(inside))
