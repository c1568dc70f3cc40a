from __future__ import annotations

import numpy as np
from hypothesis import given

from recsys_cli.splitters.random import Random
from tests.splitters.conftest import dataset, datasets, rng


def test_shares_are_exact(ratings):
    (split,) = Random(test=0.2, validation=0.1).split(dataset(ratings), rng())
    assert [len(part) for part in split.parts().values()] == [1440, 160, 400]


def test_per_user_shares_hold_for_each_user(ratings):
    (split,) = Random(test=0.2, per_user=True).split(dataset(ratings), rng())
    assert (np.abs(split.test.user_counts - 0.2 * ratings.user_counts) <= 0.5).all()


@given(data=datasets())
def test_per_user_leaves_each_user_something_to_train_on(data):
    splitter = Random(test=0.9, validation=0.9, per_user=True)
    (rows,) = splitter.rows(data, rng())
    users = data.interactions.user_idx
    assert set(users[rows.train]) == set(users)
