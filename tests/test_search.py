"""Ranges and draws: the right values, the right spread, the same ones however many follow."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from recsys_cli.search import RangeSpec, draws, value_at

ends = st.floats(1e-300, 1e300)


def many(kind: str, low: float, high: float, n: int = 4000) -> list[Any]:
    space = {"model.x": RangeSpec(**{kind: [low, high]})}
    return [drawn["model.x"] for drawn in itertools.islice(draws(space, 1), n)]


@pytest.mark.parametrize("kind", ["int", "log_int"])
def test_whole_numbers_reach_both_ends(kind):
    assert sorted(many(kind, 3, 9)) == [3, 4, 5, 6, 7, 8, 9]


def test_spread():
    shares = np.random.default_rng(0).random(4000)

    def values(kind: str, low: float, high: float) -> np.ndarray:
        return np.array([value_at(RangeSpec(**{kind: [low, high]}), share) for share in shares])

    assert np.allclose(values("float", -1, 3), 4 * shares - 1, rtol=1e-3)
    assert np.allclose(np.log10(values("log", 1e-3, 1e3)), 6 * shares - 3, atol=1e-3)
    assert (values("int", -4, 5) == np.floor(10 * shares) - 4).all()
    counts = [(values("log_int", 1, 255) < 2**power).mean() for power in range(1, 9)]
    assert np.allclose(counts, np.arange(1, 9) / 8, atol=0.02)


@given(ends, ends, st.floats(0, 1, exclude_max=True), st.sampled_from(["float", "log"]))
def test_a_number_never_leaves_its_range_and_has_four_digits(low, high, share, kind):
    if low < high:
        value = value_at(RangeSpec(**{kind: [low, high]}), share)
        assert low <= value <= high
        assert value in (low, high) or math.isclose(value, float(f"{value:.4g}"), rel_tol=0)


@given(st.integers(1, 2**53), st.integers(1, 2**53), st.floats(0, 1, exclude_max=True))
def test_a_whole_number_never_leaves_its_range(low, high, share):
    if low < high:
        for kind in ("int", "log_int"):
            value = value_at(RangeSpec(**{kind: [low, high]}), share)
            assert type(value) is int and low <= value <= high


def test_the_first_draws_are_the_same_whatever_follows_and_whatever_is_beside():
    space = {"model.a": RangeSpec(log=[0.1, 1]), "model.b": RangeSpec(choice=list("xyz"))}
    few, more = (list(itertools.islice(draws(space, 7), n)) for n in (3, 9))
    assert more[:3] == few
    alone = list(itertools.islice(draws({"model.a": space["model.a"]}, 7), 9))
    assert [one["model.a"] for one in alone] == [one["model.a"] for one in more]
    assert list(itertools.islice(draws(space, 8), 3)) != few


def test_no_point_comes_twice_and_a_small_space_ends():
    space = {"model.a": RangeSpec(choice=[1, 2]), "model.b": RangeSpec(choice=[True, None, "x"])}
    found = [(one["model.a"], one["model.b"]) for one in draws(space, 3)]
    assert sorted(found, key=str) == sorted(itertools.product([1, 2], [True, None, "x"]), key=str)


def test_choices_differ_from_each_other():
    assert RangeSpec(choice=[1, 1.5, True, "1"]).choice == [1, 1.5, True, "1"]
    with pytest.raises(ValidationError, match="the choices must differ from each other"):
        RangeSpec(choice=[[32, 1], 64, [32, 1]])
