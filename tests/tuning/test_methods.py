"""Grid and TPE: which points, each once, the same at any number of workers and after a break."""

from __future__ import annotations

import itertools
import sys

import pytest
from pydantic import ValidationError

from recsys_cli.errors import MissingExtra
from recsys_cli.search import RangeSpec
from recsys_cli.spec import SearchSpec
from recsys_cli.tuning import Budget, Trial
from recsys_cli.tuning._course import FIRST, Course
from recsys_cli.tuning._tpe import proposals
from tests.tuning.conftest import spec

GRID = {"model.factors": {"int": [2, 4]}, "model.reg": {"choice": [0.01, 1.0]}}
FLAT = {"model.reg": {"log": [1e-4, 10.0]}, "model.factors": {"choice": [4, 2, 8]}}


def test_a_grid_tries_every_point_once_and_begins_the_same_however_far_it_goes(search):
    asked = spec(GRID, search={"method": "grid", "trials": 99})
    found, _ = search(asked)
    points = [(one.settings["model.factors"], one.settings["model.reg"]) for one in found.trials]
    assert sorted(points) == list(itertools.product([2, 3, 4], [0.01, 1.0]))
    by_number = [one.settings for one in sorted(found.trials, key=lambda one: one.number)]
    few, _ = search(asked, budget=Budget(4))
    assert sorted([one.number for one in few.trials]) == [1, 2, 3, 4]
    assert [one.settings for one in sorted(few.trials, key=lambda o: o.number)] == by_number[:4]
    assert [tuple(point.values()) for point in by_number] != sorted(points)


@pytest.mark.parametrize(
    ("space", "says"),
    [
        ({"model.reg": {"log": [0.1, 1.0]}}, "a grid is made of choice and int ranges"),
        (
            {"model.factors": {"int": [1, 500]}, "model.epochs": {"int": [1, 500]}},
            "the grid has 250,000 points, and 10,000 is the most",
        ),
    ],
)
def test_what_is_no_grid_is_told(space, says):
    with pytest.raises(ValidationError, match=says):
        spec(space, search={"method": "grid"})


def done(course: Course, value) -> list[Trial]:
    """Train nothing: give every trial of a course the value that a function has at its point."""
    trials: list[Trial] = []
    while begun := course.round(trials):
        assert len(begun) <= 4
        trials += [
            Trial(n, one.settings, f"x-{n}", value(one.settings), [], 0.0) for n, one in begun
        ]
    return trials


def test_tpe_comes_nearer_than_chance_and_repeats_no_point():
    def value(point) -> float:
        return -abs(point["model.reg"] - 0.5) - abs(point["model.factors"] - 4)

    tpe = done(Course(spec(FLAT, search={"method": "tpe"}), 40, 3), value)
    chance = done(Course(spec(FLAT, search={"method": "random", "prune": True}), 40, 3), value)
    assert [one.settings for one in tpe[:FIRST]] == [one.settings for one in chance[:FIRST]]
    later = [[one.value for one in trials[FIRST:]] for trials in (tpe, chance)]
    assert max(later[0]) > max(later[1])
    assert sum(later[0]) > sum(later[1]) + 10
    assert len({str(one.settings) for one in tpe}) == len(tpe) == 40
    for one in tpe:
        assert 1e-4 <= one.settings["model.reg"] <= 10 and one.settings["model.factors"] in (
            2,
            4,
            8,
        )


@pytest.mark.parametrize(("value", "pruned"), [(None, False), (0.1, True)])
def test_tpe_takes_the_lower_error_and_what_was_not_trained_to_the_end_for_the_worst(value, pruned):
    search = SearchSpec(
        metric="rmse", method="tpe", space={"model.lr": RangeSpec(float=[0.0, 1.0])}
    )
    trials = [
        Trial(n, {"model.lr": n / 10}, None, value, [], 0.0, pruned=pruned)
        if n > 6
        else Trial(n, {"model.lr": n / 10}, None, 1 + n / 10, [], 0.0)
        for n in range(1, 10)
    ]
    proposed = [proposals(search, seed, trials, 1)[0]["model.lr"] for seed in range(40)]
    assert sum(lr < 0.5 for lr in proposed) > 32
    failed = [Trial(1, {"model.lr": 0.5}, None, None, [], 0.0)]
    assert proposals(search, 1, failed, 4) == []  # nothing to go by


def test_tpe_ends_with_its_space(search):
    few, _ = search(
        spec({"model.factors": {"choice": [2, 3]}}, search={"method": "tpe", "trials": 20})
    )
    assert sorted(one.settings["model.factors"] for one in few.trials) == [2, 3]
    space = {"model.factors": {"int": [1, 11]}}
    course = Course(spec(space, search={"method": "tpe"}), 50, 0)
    assert sorted(one.settings["model.factors"] for one in done(course, lambda _: 1.0)) == [
        *range(1, 12)
    ]
    assert course.trials == 11  # else it would seem out of time


def test_without_optuna_tpe_says_what_brings_it(search, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingExtra, match=r"search\.method: optuna is not installed\n.*\[tune\]"):
        search(spec(FLAT, search={"method": "tpe"}))
    assert not (tmp_path / "runs").exists()
