"""Cut the data at one moment: the past trains, the future tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from pydantic import ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from recsys_cli.data import Dataset, Int64
from recsys_cli.moments import unix
from recsys_cli.splitters._base import Order, Rows, Splitter, SplitterConfig
from recsys_cli.splitters._draw import Share, ShareOrNone, cut_by_share


class TemporalConfig(SplitterConfig):
    """Parameters of :class:`Temporal`."""

    test: Share | int | str = 0.2
    """The latest share of the interactions, or when the test part begins: an ISO date or time
    (UTC where it names no zone) or Unix seconds."""
    validation: ShareOrNone | int | str = 0.0
    """The latest share of what is left for training, or when the validation part begins; 0 makes
    none."""

    @field_validator("test", "validation", mode="before")
    @classmethod
    def _check_cut(cls, cut: Any, info: ValidationInfo) -> Any:
        if not _is_cut(cut) or (info.field_name == "test" and cut == 0):
            raise PydanticCustomError(
                "cut", "must be a share below 1, an ISO date such as 1998-03-01, or Unix seconds"
            )
        return cut


class Temporal(Splitter[TemporalConfig]):
    """Cut all interactions at one moment, the same for every user.

    Interactions at or after the cut are held out. Those of one second are never divided, so a part
    cut by share may be larger than its share: every training interaction is strictly earlier than
    every held-out one. Users and items that first appear after the cut are cold.
    """

    order: Order = "all"

    def rows(self, dataset: Dataset, rng: np.random.Generator) -> Iterator[Rows]:
        """Yield one split; draws nothing."""
        times, config = self._times(dataset.interactions), self.config
        test = times >= _cut(times, config.test)
        if not config.validation or test.all():
            yield Rows.divide(test)
            return
        yield Rows.divide(test, ~test & (times >= _cut(times[~test], config.validation)))


def _is_cut(cut: Any) -> bool:
    if isinstance(cut, str):
        try:
            unix(cut)
        except ValueError:
            return False
        return True
    return type(cut) is int or (isinstance(cut, float) and 0 <= cut < 1)


def _cut(times: Int64, cut: float | str) -> int:
    """Return the Unix second at which the held-out part of ``times`` begins."""
    return unix(cut) if isinstance(cut, (str, int)) else cut_by_share(times, cut)
