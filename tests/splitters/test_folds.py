"""k-fold and predefined: several splits of one dataset."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from recsys_cli.errors import DataError, SpecError
from recsys_cli.splitters.k_fold import KFold
from recsys_cli.splitters.predefined import Predefined
from tests.splitters.conftest import dataset, datasets, rng


@given(data=datasets())
def test_each_row_tests_once(data):
    folds = list(KFold(k=3).rows(data, rng()))
    assert [fold.fold for fold in folds] == ["1", "2", "3"]
    tests = [np.flatnonzero(fold.test) for fold in folds]
    assert np.array_equal(np.sort(np.concatenate(tests)), np.arange(len(data.interactions)))
    assert max(map(len, tests)) - min(map(len, tests)) <= 1


def with_folds(make, **folds):
    data = make([(0, 0, 1), (0, 1, 1), (1, 0, 1), (1, 1, 1)])
    return dataset(data, folds={name: np.array(f, np.int8) for name, f in folds.items()})


def test_predefined_takes_all_folds_by_their_names(make):
    data = with_folds(make, u1=[1, 1, 2, 0], u2=[2, 1, 1, 1])
    splits = {split.fold: split for split in Predefined().split(data, rng())}
    assert list(splits) == ["u1", "u2"]
    assert splits["u1"].train.pair_key.tolist() == [0, 1]
    assert splits["u1"].test.pair_key.tolist() == [2]


def test_predefined_takes_the_named_folds_in_their_order(make):
    data = with_folds(make, u1=[1, 1, 2, 0], u2=[2, 1, 1, 1])
    assert [s.fold for s in Predefined(folds=["u2", "u1"]).split(data, rng())] == ["u2", "u1"]


def test_an_unknown_fold_is_refused_before_any_work(make):
    data = with_folds(make, u1=[1, 1, 2, 0])
    with pytest.raises(SpecError, match='no split "u11"') as error:
        next(Predefined(folds=["u1", "u11"]).rows(data, rng()))
    assert error.value.hint == 'did you mean "u1"?'


def test_data_without_folds(make):
    with pytest.raises(DataError, match="no split of its own"):
        list(Predefined().split(with_folds(make), rng()))
