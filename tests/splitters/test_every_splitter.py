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
]


def folded(data):
    halves = (np.arange(len(data.interactions)) % 2 + 1).astype(np.int8)
    return dataset(data.interactions, folds={"f1": halves, "f2": (3 - halves).astype(np.int8)})


def test_every_splitter_is_tried():
    assert {name for name, _ in PARAMETERS} == set(SPLITTERS.names())


@pytest.mark.parametrize(("name", "parameters"), PARAMETERS)
@given(data=datasets())
def test_parts_are_disjoint_complete_and_in_source_order(name, parameters, data):
    data = folded(data)
    splitter = SPLITTERS.get(name)(**parameters)
    for rows in splitter.rows(data, rng()):
        parts = [p for p in (rows.train, rows.test, rows.validation, rows.history) if p is not None]
        n_rows = len(data.interactions)
        assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(n_rows))
        assert all((np.diff(part) > 0).all() for part in parts)


@pytest.mark.parametrize(("name", "parameters"), PARAMETERS)
def test_same_generator_same_split(name, parameters, ratings):
    splitter, data = SPLITTERS.get(name)(**parameters), folded(dataset(ratings))
    first = [split.fingerprint for split in splitter.split(data, rng(3))]
    assert first == [split.fingerprint for split in splitter.split(data, rng(3))]
    assert len(set(first)) == len(first)
    if name not in ("leave-last", "temporal"):
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


@pytest.mark.parametrize("name", ["leave-last", "temporal"])
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
