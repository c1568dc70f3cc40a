"""What a job measures: sides run in turn, and one row of results for each case."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from benchmarks._machine import forget_peak, peak_memory


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
        The aim: the peer's time over ours to reach, or what to stay within.
    family : str
        Of the model, where a job goes through several.
    unit : {"s", "MB", "exponent"}
        What ``ours`` and ``peer`` count.
    memory : list of float or None, optional
        Peak MB of ours, then of the peer, above what was held before.
    bound : str
        What no program on this machine could beat, and what part of that speed ours reaches.
    reason : str
        Why the aim is missed, where it is.
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
    memory: list[float | None] = field(default_factory=list)
    bound: str = ""
    reason: str = ""

    @property
    def ratios(self) -> list[float]:
        """The peer's time over ours, turn by turn; above 1, ours is faster."""
        return [theirs / own for own, theirs in zip(self.ours, self.peer or [], strict=False)]

    @property
    def met(self) -> bool | None:
        """Whether the median keeps the aim; None without one."""
        if self.faster is not None:
            return median(self.ratios) >= self.faster
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
    sides: Mapping[str, Callable[[], dict[str, float]]], repeats: int, *, warm_up: bool = True
) -> dict[str, dict[str, list[float]]]:
    """Run every side once to warm up, then all of them in turn; collect what each returns.

    What takes minutes is not warmed up: that would double them.

    Returns
    -------
    dict
        ``found[side][measure]`` holds ``repeats`` numbers; to the measures of a side comes
        ``memory``, the MB that a call held at its peak above what was held before it.
    """
    for side in sides.values() if warm_up else ():
        side()
    turns = [{name: weighed(side) for name, side in sides.items()} for _ in range(repeats)]
    return {
        name: {key: [turn[name][key] for turn in turns] for key in turns[0][name]} for name in sides
    }


def weighed(side: Callable[[], dict[str, float]]) -> dict[str, float]:
    """Return what the side returns, and as ``memory`` the MB at its peak above those before it."""
    gc.collect()
    before = forget_peak()
    measures = side()
    return {"memory": (peak_memory() - before) / 1e6, **measures}


def timed(work: Callable[[], Any]) -> dict[str, float]:
    """Return the seconds of one call as ``{"fit": …}``."""
    clock = Clock()
    work()
    return clock.read()
