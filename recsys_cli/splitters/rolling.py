"""Test on one window of time after another; what comes before a window trains."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

import numpy as np
from pydantic import Field, PositiveInt, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from recsys_cli.data import Dataset, Int64
from recsys_cli.errors import DataError
from recsys_cli.splitters._base import Order, Rows, Splitter, SplitterConfig
from recsys_cli.splitters._draw import Share, ShareOrNone, cut_by_share


class RollingConfig(SplitterConfig):
    """Parameters of :class:`Rolling`."""

    windows: int = Field(5, ge=2)
    """Number of windows, each of which tests once."""
    test: Share | PositiveInt = 0.05
    """Length of a window: a share of the interactions, or seconds."""
    validation: ShareOrNone | PositiveInt = 0.0
    """The latest share of what comes before a window, or the seconds before it; 0 makes none."""

    @field_validator("test", "validation", mode="before")
    @classmethod
    def _check_length(cls, length: Any, info: ValidationInfo) -> Any:
        if not _is_length(length) or (info.field_name == "test" and length == 0):
            raise PydanticCustomError("length", "must be a share below 1, or whole seconds")
        return length

    @model_validator(mode="after")
    def _check_room(self) -> Self:
        if self.test < 1 and self.windows * self.test >= 1:
            raise PydanticCustomError(
                "room", "the windows take all interactions: windows * test must be below 1"
            )
        return self


class Rolling(Splitter[RollingConfig]):
    """Cut the data at several moments: a window tests, all before it trains, the rest is left out.

    The windows lie side by side, the last one ends with the data: folds ``1`` to ``windows``, in
    the order of time. So training grows and the test part slides, as when a model is trained anew
    from time to time (prequential evaluation; the "timeline scheme" of Sun, "Take a fresh look at
    recommender systems from an evaluation standpoint", SIGIR 2023). Interactions of one second are
    never divided: every training interaction is strictly earlier than every one of the window.
    """

    order: Order = "all"

    def rows(self, dataset: Dataset, rng: np.random.Generator) -> Iterator[Rows]:
        """Yield a split a window; draws nothing.

        Raises
        ------
        DataError
            Before the first is yielded, if a window, or the time before them all, is empty.
        """
        times = self._times(dataset.interactions)
        starts = self._starts(times)
        window = np.searchsorted(starts, times, side="right")
        _check_filled(np.bincount(window, minlength=len(starts) + 1))
        for number, start in enumerate(starts.tolist(), 1):
            before = times < start
            held = before & (times >= self._validation_start(times[before], start))
            yield Rows(
                before & ~held,
                window == number,
                held if self.config.validation else None,
                fold=str(number),
            )

    def _starts(self, times: Int64) -> Int64:
        left = np.arange(self.config.windows, 0, -1)
        if self.config.test >= 1:
            starts: Int64 = int(times.max()) + 1 - left * int(self.config.test)
            return starts
        at = np.maximum(0, len(times) - left * max(1, round(self.config.test * len(times))))
        return np.partition(times, at)[at]

    def _validation_start(self, before: Int64, start: int) -> int:
        length = self.config.validation
        if not length:
            return start
        return start - int(length) if length >= 1 else cut_by_share(before, length)


def _is_length(length: Any) -> bool:
    if type(length) is int:
        return length >= 0
    return isinstance(length, float) and 0 <= length < 1


def _check_filled(counts: Int64) -> None:
    """Refuse windows without interactions; ``counts`` begins with what precedes them all."""
    if not counts.all():
        empty = int(np.argmin(counts > 0))
        place = f"window {empty}" if empty else "the time before the first window"
        raise DataError(
            f"{place} has no interactions",
            where="split",
            hint="take fewer windows, or change their length: split.windows, split.test",
        )
