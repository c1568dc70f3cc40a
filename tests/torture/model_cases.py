"""Hostile data and parameters of models, all drawn from one seed."""

from __future__ import annotations

import types
import typing
import zlib
from dataclasses import dataclass
from typing import Any

import annotated_types
import numpy as np
from pydantic import ValidationError
from pydantic_core import PydanticUndefined

from recsys_cli.data import Features, IdMap, Interactions, SideFeatures
from recsys_cli.models import MODELS
from recsys_cli.models._base import Model

Rng = np.random.Generator

#: What every iterative model is held to, so that a case is over soon.
_MOST_EPOCHS = 4
#: Factors that no machine holds: it must be said, not tried.
_ABSURD, _VAST = 10**9, 10**12
_FEW = {"epochs": _MOST_EPOCHS, "trials": 5, "cg_steps": 40, "samples": 8}
_MEMBERS = ("bias", "als", "item-knn", "content", "popular", "mf", "bpr", "implicit-cosine")


@dataclass(frozen=True, eq=False)
class Case:
    """A model by name, its parameters, and what it is trained on."""

    model: str
    parameters: dict[str, Any]
    data: Interactions
    features: SideFeatures
    told: str

    @property
    def absurd(self) -> bool:
        """Whether more memory may be asked for than there is."""
        return any(str(size) in repr(self.parameters) for size in (_ABSURD, _VAST))

    def build(self) -> Model[Any]:
        """Return the model, not fitted."""
        return MODELS.get(self.model)(**self.parameters)


def rng_of(*key: int | str) -> Rng:
    """Return the randomness of a case."""
    return np.random.default_rng(
        [part if isinstance(part, int) else zlib.crc32(part.encode()) for part in key]
    )


def case(model: str, seed: int) -> Case:
    """Return the case of a model and a seed."""
    rng = rng_of(seed, model)
    shape, pairs = _pairs(rng)
    told, columns = _columns(rng, pairs)
    data = Interactions(_ids("u", shape[0]), _ids("i", shape[1]), *pairs, **columns)
    parameters = _parameters(model, rng, shape)
    return Case(model, parameters, data, _features(rng, data), f"{told}, {parameters}")


def _ids(kind: str, n: int) -> IdMap:
    return IdMap(f"{kind}{at}" for at in range(n))


def _pairs(rng: Rng) -> tuple[tuple[int, int], tuple[Any, Any]]:
    """Return the shape and the pairs of one of many awkward matrices."""
    sizes = [(1, 1), (1, 30), (30, 1), (2, 2), (3, 3), (12, 9), (60, 4), (4, 60), (40, 30)]
    n_users, n_items = sizes[rng.integers(len(sizes))]
    users, items = np.indices((n_users, n_items)).reshape(2, -1)
    density = rng.choice([0.05, 0.3, 0.7, 1.0])
    kept = rng.random(len(users)) < density
    kept[rng.integers(len(users))] = True
    kept |= (users == rng.integers(n_users)) & (rng.random() < 0.3)  # one who has all items
    users, items = users[kept], items[kept]
    if rng.random() < 0.3:  # repeated pairs
        more = rng.integers(len(users), size=rng.integers(1, 40))
        users, items = np.append(users, users[more]), np.append(items, items[more])
    before = rng.integers(0, 4, 4) * (rng.random() < 0.5)  # cold rows and columns at both ends
    order = rng.permutation(len(users))
    shape = (n_users + int(before[0] + before[1]), n_items + int(before[2] + before[3]))
    moved = (users[order] + before[0], items[order] + before[2])
    return shape, (moved[0].astype(np.int32), moved[1].astype(np.int32))


VALUES = {
    "stars": lambda rng, n: rng.integers(1, 6, n),
    "ones": lambda rng, n: np.ones(n),
    "equal": lambda rng, n: np.full(n, rng.choice([-3, 0.25, 4, 1e20])),
    "halves": lambda rng, n: rng.integers(0, 11, n) / 2,
    "zeros": lambda rng, n: np.zeros(n),
    "a zero": lambda rng, n: rng.integers(0, 2, n),
    "signed": lambda rng, n: rng.normal(size=n),
    "negative": lambda rng, n: -rng.random(n) - 1,
    "denormal": lambda rng, n: rng.random(n) * 1e-40,
    "tiny": lambda rng, n: (1 + rng.random(n)) * 1e-30,
    "huge": lambda rng, n: (1 + rng.random(n)) * 1e30,
    "signed huge": lambda rng, n: rng.normal(size=n) * 1e30,
    "largest": lambda rng, n: np.full(n, np.finfo(np.float32).max) * rng.choice([-1, 1], n),
    "nearly largest": lambda rng, n: rng.random(n) * 1e38,
    "one huge": lambda rng, n: np.where(np.arange(n) == n // 2, 1e38, rng.integers(1, 6, n)),
    "counts": lambda rng, n: np.floor(np.exp(rng.normal(8, 6, n).clip(0, 30))),
    "any size": lambda rng, n: 10.0 ** rng.uniform(-38, 38, n),
}


def _columns(rng: Rng, pairs: tuple[Any, Any]) -> tuple[str, dict[str, Any]]:
    """Return what the values are called, and the columns of values, times and weights."""
    n = len(pairs[0])
    kind = "stars" if rng.random() < 0.5 else str(rng.choice(list(VALUES)))
    value = VALUES[kind](rng, n).astype(np.float32)
    scales = [None, (1.0, 5.0), (float(value.min()), float(value.max())), (-1e30, 1e30), (3.0, 3.0)]
    columns = {"value": value, "scale": scales[rng.integers(len(scales))]}
    columns["timestamp"] = _times(rng, n)
    columns["weight"] = _weights(rng, n)
    return f"{kind}, {n} rows", columns


def _times(rng: Rng, n: int) -> Any:
    edge = [-62_135_596_800, -(2**31), -1, 0, 2**31 - 1, 2**31, 253_402_300_799]
    choices = [
        None,
        rng.integers(0, 10**9, n),
        np.full(n, 880_000_000),
        rng.integers(-(10**10), 10**11, n),
        rng.choice(np.array(edge, np.int64), n),
    ]
    times = choices[rng.integers(len(choices))]
    return None if times is None else times.astype(np.int64)


def _weights(rng: Rng, n: int) -> Any:
    choices = [None, None, None, np.ones(n), rng.random(n) + 0.01, np.exp(rng.normal(0, 20, n))]
    weight = choices[rng.integers(len(choices))]
    if weight is None:
        return None
    return np.clip(weight, 1e-38, 1e38).astype(np.float32)


def _features(rng: Rng, data: Interactions) -> SideFeatures:
    sides = [_side(rng, ids) if rng.random() < 0.9 else None for ids in (data.users, data.items)]
    return SideFeatures(*sides)


def _side(rng: Rng, ids: IdMap) -> Features:
    n, some = len(ids), rng.random(len(ids)) < rng.choice([0.0, 0.5, 1.0, 1.0])
    kinds = rng.integers(0, rng.choice([1, 4, 1000]), n)
    numbers = rng.normal(size=n) * 10.0 ** rng.choice([0, -38, 30, 38])
    numbers = np.clip(numbers, -3e38, 3e38).astype(np.float32)
    numbers[~some] = np.nan
    named = [(int(kind), bool(one)) for kind, one in zip(kinds, some, strict=True)]
    labels = [tuple(f"l{c}" for c in range(kind % 5)) if one else () for kind, one in named]
    return Features(
        ids,
        categorical={"kind": [f"k{kind}" if one else "" for kind, one in named]},
        multilabel={"labels": labels} if rng.random() < 0.5 else {},
        numeric={"number": numbers} if rng.random() < 0.5 else {},
    )


def _parameters(model: str, rng: Rng, shape: tuple[int, int]) -> dict[str, Any]:
    """Return parameters that the model's Config takes, each at, near or far from a bound."""
    config = MODELS.get(model).Config
    share = rng.choice([0.1, 0.3, 0.8])
    for _ in range(50):
        drawn = {
            name: _drawn(name, field.annotation, field.metadata, field, rng, shape)
            for name, field in config.model_fields.items()
            if field.is_required() or rng.random() < share or name in _FEW or name == "burn_in"
        }
        try:
            config(**drawn)
            return drawn
        except ValidationError:
            pass
    raise AssertionError(f"no parameters of {model} found that hold together")


def _drawn(name: str, kind: Any, marks: Any, field: Any, rng: Rng, shape: tuple[int, int]) -> Any:
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        return _drawn(name, inner[0], [*marks, *kind.__metadata__], field, rng, shape)
    if origin in (typing.Union, types.UnionType):
        some = [one for one in inner if one is not type(None)]
        if rng.random() < 0.4:
            return None
        return _drawn(name, some[0], marks, field, rng, shape)
    if origin is typing.Literal:
        return inner[rng.integers(len(inner))]
    if kind is bool:
        return bool(rng.integers(2))
    if kind is int:
        return _integer(name, *_bounds(marks), field.default, rng, shape)
    if kind is float:
        return _number(*_bounds(marks), rng)
    if origin is list and inner[0] is not typing.Any and name == "weights":
        return [_number(0.0, True, None, rng) for _ in range(2)]
    if origin is list:
        return [_member(rng, shape) for _ in range(2)]
    return _member(rng, shape)


def _member(rng: Rng, shape: tuple[int, int]) -> dict[str, Any]:
    name = str(rng.choice(_MEMBERS))
    return {"name": name, **_parameters(name, rng, shape)}


def _bounds(marks: Any) -> tuple[float | None, bool, float | None]:
    """Return the lower bound, whether it may be reached, and the upper bound."""
    low, reached, high = None, True, None
    for mark in marks:
        if isinstance(mark, annotated_types.Ge):
            low = mark.ge
        elif isinstance(mark, annotated_types.Gt):
            low, reached = mark.gt, False
        elif isinstance(mark, annotated_types.Le):
            high = mark.le
    return low, reached, high


def _integer(
    name: str,
    low: float | None,
    reached: bool,
    high: float | None,
    default: Any,
    rng: Rng,
    shape: tuple[int, int],
) -> int:
    least = int(low or 0) + (not reached)
    most = min(high or _VAST, _FEW.get(name, _VAST))
    near = [least, least + 1, shape[0], shape[1], shape[1] + 1, sum(shape), 200, most]
    if name == "factors" and rng.random() < 0.02:
        return _ABSURD
    if default is not PydanticUndefined and default is not None:
        near.append(default)
    if most == _VAST and (name == "factors" or "cluster" in name):
        near.remove(most)
    return int(np.clip(near[rng.integers(len(near))], least, most))


def _number(low: float | None, reached: bool, high: float | None, rng: Rng) -> float:
    least = low if reached and low is not None else (low or 0) + 1e-300
    if high is not None:
        near = [least, high, (least + high) / 2, np.nextafter(high, 0), least + 1e-12]
    else:
        near = [least, 1e-30, 1e-8, 1e-3, 0.1, 1, 10, 1e3, 1e8, 1e30, 1e38, 1e300]
    return float(max(near[rng.integers(len(near))], least))
