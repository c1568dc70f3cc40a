"""What a search draws from: a range for each key of the spec, the seeded draws, and the grid."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, PositiveFloat, model_serializer, model_validator
from pydantic_core import PydanticCustomError

from recsys_cli.registry import Config
from recsys_cli.seeding import generator

#: Whole numbers that a float holds exactly, so that a draw reaches each of them.
_MOST = 1 << 53
#: Draws in a row that bring nothing new, after which a space counts as exhausted.
_REPEATS = 1000
#: The kinds of ranges that have a number of values.
_COUNTABLE = ("choice", "int")

_Pair = Field(min_length=2, max_length=2)
Floats = Annotated[list[float], _Pair]
Ints = Annotated[list[Annotated[int, Field(ge=-_MOST, le=_MOST)]], _Pair]
Positive = Annotated[list[PositiveFloat], _Pair]
Counts = Annotated[list[Annotated[int, Field(ge=1, le=_MOST)]], _Pair]


class RangeSpec(Config):
    """Where the value of one key is drawn from: exactly one of these, all with equal chances."""

    choice: list[Any] | None = Field(None, min_length=1, max_length=1000)
    """Any of these values."""
    int: Ints | None = None
    """A whole number from the first to the second, both included."""
    float: Floats | None = None
    """A number between the two, to four digits."""
    log: Positive | None = None
    """A number between the two, both above 0, whose logarithm has equal chances."""
    log_int: Counts | None = None
    """A whole number from the first to the second, both at least 1, equal chances by logarithm."""

    @model_validator(mode="after")
    def _check(self) -> RangeSpec:
        given = [kind for kind in type(self).model_fields if getattr(self, kind) is not None]
        if len(given) != 1:
            raise PydanticCustomError(
                "range",
                "must be one of choice, int, float, log and log_int, such as {log: [0.001, 1]}",
            )
        ends = getattr(self, given[0])
        if given[0] == "choice" and len(set(map(json.dumps, ends))) < len(ends):
            raise PydanticCustomError("range", "the choices must differ from each other")
        if given[0] != "choice" and not ends[0] < ends[1]:
            raise PydanticCustomError("range", "the first end must be below the second")
        return self

    @model_serializer
    def _plain(self) -> dict[str, Any]:
        kind, given = kind_of(self)
        return {kind: list(given)}


def kind_of(range_: RangeSpec) -> tuple[str, Sequence[Any]]:
    """Return which kind of range it is, and its choices or its two ends."""
    kind = next(kind for kind in RangeSpec.model_fields if getattr(range_, kind) is not None)
    return kind, getattr(range_, kind)


def value_at(range_: RangeSpec, share: float) -> Any:
    """Return the value at a share of the range, from 0 (the first) up to but not at 1."""
    kind, given = kind_of(range_)
    if kind == "choice":
        return given[int(share * len(given))]
    low, high = given
    if kind == "int":
        return min(high, low + math.floor(share * (high - low + 1)))
    if kind == "log_int":
        return max(low, min(high, math.floor(low * math.exp(share * math.log((high + 1) / low)))))
    if kind == "log":
        value = math.exp((1 - share) * math.log(low) + share * math.log(high))
    else:
        value = (1 - share) * low + share * high
    return rounded(value, low, high)


def rounded(value: float, low: float, high: float) -> float:
    """Return a value to four digits, between the two ends."""
    return max(low, min(high, float(f"{value:.4g}")))


def draws(space: Mapping[str, RangeSpec], seed: int) -> Iterator[dict[str, Any]]:
    """Yield settings by key, no two the same, until the space seems exhausted.

    Each key has random numbers of its own, so the first n draws are the same however many follow,
    and a key more or less changes none of the others.
    """
    streams = {key: generator(seed, f"tune/{key}") for key in space}
    seen: set[str] = set()
    repeats = 0
    while repeats < _REPEATS:
        drawn = {key: value_at(range_, streams[key].random()) for key, range_ in space.items()}
        mark = json.dumps(drawn)
        repeats = repeats + 1 if mark in seen else 0
        if not repeats:
            seen.add(mark)
            yield drawn


def grid_size(space: Mapping[str, RangeSpec]) -> int | None:
    """Return how many points the grid has; None where a range has no end of values between two."""
    kinds = [kind_of(range_) for range_ in space.values()]
    if any(kind not in _COUNTABLE for kind, _ in kinds):
        return None
    return math.prod(len(g) if kind == "choice" else g[1] - g[0] + 1 for kind, g in kinds)


def grid(space: Mapping[str, RangeSpec], seed: int) -> list[dict[str, Any]]:
    """Return every point of choices and whole numbers, in a seeded order.

    Unlike those of a walk along the keys, the first n points are a fair sample of all.
    """
    values = []
    for kind, given in map(kind_of, space.values()):
        values.append(given if kind == "choice" else range(given[0], given[1] + 1))
    points = [dict(zip(space, point, strict=True)) for point in itertools.product(*values)]
    return [points[at] for at in generator(seed, "tune/grid").permutation(len(points))]
