"""What holds for every splitter: parts are disjoint, complete, in source order, repeatable."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import ANY

import numpy as np
import pytest
from hypothesis import given

from recsys_cli.errors import DataError
from recsys_cli.splitters import SPLITTERS
from tests.conftest import interactions
from tests.splitters.conftest import dataset, datasets, rng

PARAMETERS = [
    ("random", {"test": 0.3, "validation": 0.2}),
    ("random", {"test": 0.3, "validation": 0.2, "per_user": True}),
    ("leave-last", {"n": 2, "validation": 1}),
    ("temporal", {"test": 0.3, "validation": 0.2}),
    ("k-fold", {"k": 3, "validation": 0.2}),
    ("user-holdout", {"test": 0.3, "validation": 0.3, "history": 0.5}),
    ("user-holdout", {"test": 0.3, "history": 0.5, "by": "time"}),
    ("item-holdout", {"test": 0.3, "validation": 0.2}),
    ("predefined", {"validation": 0.3}),
    ("repeated-random", {"test": 0.3, "validation": 0.2, "draws": 3}),
    ("rolling", {"windows": 2, "test": 0.2, "validation": 0.2}),
]
#: What a rule promises of time; parameters as above.
ORDERS = {"leave-last": "user", "temporal": "all", "rolling": "all", "predefined": "unknown"}


def folded(data):
    halves = (np.arange(len(data.interactions)) % 2 + 1).astype(np.int8)
    return dataset(data.interactions, folds={"f1": halves, "f2": (3 - halves).astype(np.int8)})


def folds(splitter, data):
    """Return the rows of each fold; none where the few times of the data leave a window empty."""
    try:
        return list(splitter.rows(data, rng()))
    except DataError as error:
        assert "has no interactions" in error.message
        return []


def test_every_splitter_is_tried():
    assert {name for name, _ in PARAMETERS} == set(SPLITTERS.names())


@pytest.mark.parametrize(("name", "parameters"), PARAMETERS)
@given(data=datasets())
def test_parts_are_disjoint_and_complete(name, parameters, data):
    data = folded(data)
    splitter = SPLITTERS.get(name)(**parameters)
    for rows in folds(splitter, data):
        times = data.interactions.timestamp
        # A window of rolling leaves out what comes after it, and no other rule anything.
        ends = times[rows.test].max() if name == "rolling" else times.max()
        times_taken = sum(mask.astype(int) for mask in rows.masks().values())
        assert np.array_equal(times_taken, times <= ends)


@pytest.mark.parametrize(("name", "parameters"), PARAMETERS)
def test_same_generator_same_split(name, parameters, ratings):
    splitter, data = SPLITTERS.get(name)(**parameters), folded(dataset(ratings))
    first = [split.fingerprint for split in splitter.split(data, rng(3))]
    assert first == [split.fingerprint for split in splitter.split(data, rng(3))]
    assert len(set(first)) == len(first)
    if name not in ("leave-last", "temporal", "rolling"):
        assert first != [split.fingerprint for split in splitter.split(data, rng(4))]


@pytest.mark.parametrize(("name", "parameters"), PARAMETERS)
def test_carving_a_validation_part_does_not_move_the_test_part(name, parameters, ratings):
    data = folded(dataset(ratings))
    bare = {key: value for key, value in parameters.items() if key != "validation"}
    with_it = SPLITTERS.get(name)(**parameters).split(data, rng(1))
    without = SPLITTERS.get(name)(**bare).split(data, rng(1))
    for one, other in zip(with_it, without, strict=True):
        assert one.test.pair_key.tolist() == other.test.pair_key.tolist()
        assert other.validation is None


@pytest.mark.parametrize(("name", "parameters"), PARAMETERS)
@given(data=datasets())
def test_what_a_rule_promises_of_time_holds(name, parameters, data):
    splitter = SPLITTERS.get(name)(**parameters)
    promised = ORDERS.get(name, "user" if parameters.get("by") == "time" else "none")
    assert splitter.order == promised
    user, time = data.interactions.user_idx, data.interactions.timestamp
    for rows in folds(splitter, folded(data)) if promised in ("user", "all") else []:
        known = sum(mask for name, mask in rows.masks().items() if name != "test")
        for row in np.flatnonzero(rows.test):
            others = np.flatnonzero(known)
            if promised == "user":
                others = others[user[others] == user[row]]
            assert time[row] >= time[others].max(initial=0)


@pytest.mark.parametrize(("name", "parameters"), PARAMETERS)
def test_strict_time_refuses_what_time_travels_and_changes_nothing_else(name, parameters, ratings):
    data = folded(dataset(ratings))
    free = list(SPLITTERS.get(name)(**parameters).split(data, rng(5)))
    splitter = SPLITTERS.get(name)(**parameters, strict_time=True)
    if name in ("temporal", "rolling"):
        kept = [split.fingerprint for split in splitter.split(data, rng(5))]
        assert kept == [split.fingerprint for split in free]
        return
    with pytest.raises(DataError, match=r"of fold \w+ precede a training one") as error:
        next(splitter.split(data, rng(5)))
    assert error.value.where == "split.strict_time" and error.value.exit_code == 5


def test_strict_time_looks_at_every_fold_before_it_yields_one(make):
    data = make([(0, 0, 1, 1), (0, 1, 1, 2), (1, 0, 1, 3), (1, 1, 1, 4)])
    labels = {"good": [1, 1, 2, 2], "bad": [2, 1, 1, 1]}
    data = dataset(data, folds={name: np.array(one, np.int8) for name, one in labels.items()})
    splitter = SPLITTERS.get("predefined")(strict_time=True)
    with pytest.raises(DataError, match="1 of the 1 test interactions of fold bad"):
        next(splitter.split(data, rng()))
    good = SPLITTERS.get("predefined")(strict_time=True, folds=["good"])
    assert [split.fold for split in good.split(data, rng())] == ["good"]


def test_strict_time_needs_times(make):
    splitter = SPLITTERS.get("random")(test=0.5, strict_time=True)
    with pytest.raises(DataError, match="needs timestamps"):
        list(splitter.split(dataset(make([(0, 0, 1), (0, 1, 1)])), rng()))


@pytest.mark.parametrize("name", ["random", "k-fold", "repeated-random", "user-holdout"])
def test_strict_time_looks_without_drawing(name, ratings):
    # Of one second, none precedes another: every split is let through.
    data = dataset(replace(ratings, timestamp=np.zeros(len(ratings), np.int64)))
    strict, free = (
        [one.fingerprint for one in SPLITTERS.get(name)(strict_time=on).split(data, rng())]
        for on in (True, False)
    )
    assert strict == free


@pytest.mark.parametrize(("name", "parameters"), PARAMETERS)
def test_no_interactions_at_all(name, parameters):
    with pytest.raises(DataError, match="no interactions"):
        list(SPLITTERS.get(name)(**parameters).split(dataset(interactions([], (2, 2))), rng()))


def test_an_empty_part_is_refused(make):
    data = dataset(make([(0, 0, 1), (0, 1, 1)]))
    with pytest.raises(DataError, match="no rows for the test part"):
        list(SPLITTERS.get("random")(test=0.1).split(data, rng()))


def test_a_repeated_pair_is_refused_unless_allowed(make):
    data = dataset(make([(0, 0, 1), (0, 0, 1), (0, 1, 1), (1, 1, 1)]))
    with pytest.raises(DataError, match="1 row repeats") as error:
        list(SPLITTERS.get("random")(test=0.5).split(data, rng()))
    assert "duplicates" in error.value.hint
    assert list(SPLITTERS.get("random")(test=0.5, repeats=True).split(data, rng())) == [ANY]


@pytest.mark.parametrize("name", ["leave-last", "rolling", "temporal"])
def test_time_rules_need_timestamps(name, make):
    with pytest.raises(DataError, match=f"{name} needs timestamps"):
        list(SPLITTERS.get(name)().split(dataset(make([(0, 0, 1), (0, 1, 1)])), rng()))


def test_more_folds_than_interactions_are_refused_at_once(make):
    data = dataset(make([(0, 0, 1), (0, 1, 1), (1, 1, 1)]))
    with pytest.raises(DataError, match="cannot fill 100,000 folds"):
        list(SPLITTERS.get("k-fold")(k=100_000).split(data, rng()))


def test_weights_cannot_be_folded_in(make):
    plain = make([(user, item, 1) for user in range(10) for item in range(4)])
    data = dataset(replace(plain, weight=np.ones(len(plain), np.float32)))
    with pytest.raises(DataError, match="knows no weights"):
        list(SPLITTERS.get("user-holdout")().split(data, rng()))
