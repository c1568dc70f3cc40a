"""Simulated lists, and metrics that are of all of them together."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np

from recsys_cli.data import Float64, Int32
from recsys_cli.evaluation import estimate
from recsys_cli.metrics import parse
from recsys_cli.metrics._ranked import Ranked
from recsys_cli.statistics import Estimate, paired_test

Drawn = tuple[Estimate, float]
#: Lists of how many users there are to draw from, of how many items, and how long.
_POOL, _ITEMS, _DEPTH = 20_000, 1_000, 10
#: The truth is the mean of as many samples, or of as many places if that is fewer.
_SAMPLES, _PLACES = 4_000, 40_000_000


def of_lists(name: str, *, kinds: bool) -> Callable[[np.random.Generator, int], Drawn]:
    """Return how to draw a metric of lists and its truth, the value to expect of as many users.

    The lists are those of users who like what is of their kind, or of users who take any items.
    """

    def draw(rng: np.random.Generator, users: int) -> Drawn:
        lists = _pool(kinds)[rng.integers(0, _POOL, users)]
        return _estimate(name, lists), _expected(name, kinds, users)

    return draw


def novelty(rng: np.random.Generator, users: int) -> Drawn:
    """Return novelty@10 of lists whose items were trained on as often as they are listed."""
    values = _bits()
    drawn = values[rng.integers(0, _POOL, users)]
    return estimate("novelty@10", {"novelty@10": drawn}), float(values.mean())


def coverage_p_value(rng: np.random.Generator, users: int) -> float:
    """Return the p-value of coverage@10 of two runs that are equal but for chance."""
    scores = _liked(rng, users)
    scores += 0.7 * rng.gumbel(size=scores.shape)
    one, other = (_estimate("coverage@10", _lists(rng, scores, 0.5)) for _ in range(2))
    return paired_test(one, other).p_value or 0.0


@cache
def _pool(kinds: bool) -> Int32:
    rng = np.random.default_rng(1)
    return _lists(rng, _liked(rng, _POOL) if kinds else np.zeros((_POOL, _ITEMS)), 1.0)


def _liked(rng: np.random.Generator, users: int) -> Float64:
    """Return scores of users who like what is popular and what is of their kind."""
    appeal = -1.3 * np.log(np.arange(1, _ITEMS + 1))
    kinds = rng.integers(0, 8, users)
    return np.asarray(appeal + 2.0 * (np.arange(_ITEMS) % 8 == kinds[:, None]))


def _lists(rng: np.random.Generator, scores: Float64, noise: float) -> Int32:
    scores = scores + noise * rng.gumbel(size=scores.shape)
    return np.argpartition(-scores, _DEPTH, axis=1)[:, :_DEPTH].astype(np.int32)


@cache
def _expected(name: str, kinds: bool, users: int) -> float:
    rng, pool, metric = np.random.default_rng(2), _pool(kinds), _metric(name)
    samples = min(_SAMPLES, _PLACES // (users * _DEPTH))
    drawn = (_ranked(pool[rng.integers(0, _POOL, users)]) for _ in range(samples))
    return float(np.mean([metric.total(ranked, _DEPTH) for ranked in drawn]))


@cache
def _bits() -> Float64:
    lists = _pool(True)
    counts = np.bincount(lists.ravel(), minlength=_ITEMS)
    return np.asarray(np.log2(counts.sum() / np.maximum(counts, 1))[lists].mean(axis=1))


def _estimate(name: str, lists: Int32) -> Estimate:
    ranked, metric = _ranked(lists), _metric(name)
    column, total = metric.per_user(ranked, _DEPTH), metric.total(ranked, _DEPTH)
    return estimate(name, {name: column}, total, metric.jackknife_scale(ranked, _DEPTH))


def _metric(name: str) -> Any:
    return parse(name).metric


def _ranked(lists: Int32) -> Ranked:
    everything: Any = SimpleNamespace(candidates=np.ones(_ITEMS, bool), n_candidates=_ITEMS)
    return Ranked(lists, everything)
