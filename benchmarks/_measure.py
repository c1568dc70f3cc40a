"""What a job measures: sides run in turn, and one row of results for each case."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Row:
    """One case: what ours and a peer took, repeat by repeat, and how good the outcomes were.

    Attributes
    ----------
    case : str
        Names the data, which may be a stand-in.
    ours, peer : list of float
        Seconds, or what ``unit`` says; the n-th of both come from the same turn. ``peer`` is None
        where there is none.
    versus : str
        The peer with its settings.
    quality : dict of str to list of float
        Of ours, then of the peer; one number where both share it, None where there is none.
    faster, within : float, optional
        The aim: the peer's time over ours to exceed, or what to stay within.
    family : str
        Of the model, where a job goes through several.
    unit : {"s", "MB"}
        What ``ours`` and ``peer`` count.
    """

    case: str
    ours: list[float]
    peer: list[float] | None = None
    versus: str = ""
    quality: dict[str, list[Any]] = field(default_factory=dict)
    faster: float | None = None
    within: float | None = None
    family: str = ""
    unit: str = "s"

    @property
    def ratios(self) -> list[float]:
        """The peer's time over ours, turn by turn; above 1, ours is faster."""
        return [theirs / own for own, theirs in zip(self.ours, self.peer or [], strict=False)]

    @property
    def met(self) -> bool | None:
        """Whether the median keeps the aim; None without one."""
        if self.faster is not None:
            return median(self.ratios) > self.faster
        return None if self.within is None else median(self.ours) <= self.within


class Clock:
    """Times one training run; give :meth:`tick` as its callback after each epoch."""

    def __init__(self) -> None:
        self._times = [time.perf_counter()]

    def tick(self, *_: Any) -> bool:
        """Note the end of an epoch; False, so that training goes on."""
        self._times.append(time.perf_counter())
        return False

    def read(self) -> dict[str, float]:
        """Return seconds of the whole run, and the median of its epochs but for the first."""
        whole = time.perf_counter() - self._times[0]
        epochs = [after - before for before, after in zip(self._times[1:], self._times[2:])]  # noqa: B905
        return {"fit": whole, "epoch": median(epochs)} if epochs else {"fit": whole}


def in_turn(
    sides: Mapping[str, Callable[[], dict[str, float]]], repeats: int
) -> dict[str, dict[str, list[float]]]:
    """Run every side once to warm up, then all of them in turn; collect what each returns.

    Returns
    -------
    dict
        ``found[side][measure]`` holds ``repeats`` numbers.
    """
    for side in sides.values():
        side()
    turns = [{name: side() for name, side in sides.items()} for _ in range(repeats)]
    return {
        name: {key: [turn[name][key] for turn in turns] for key in turns[0][name]} for name in sides
    }


def timed(work: Callable[[], Any]) -> dict[str, float]:
    """Return the seconds of one call as ``{"fit": …}``."""
    clock = Clock()
    work()
    return clock.read()
