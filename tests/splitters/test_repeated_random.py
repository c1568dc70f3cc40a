from __future__ import annotations

import numpy as np
import pytest

from recsys_cli.splitters.repeated_random import RepeatedRandom
from tests.splitters.conftest import dataset, keys, rng


@pytest.mark.parametrize("per_user", [False, True])
def test_each_draw_has_its_share_and_is_another(ratings, per_user):
    splitter = RepeatedRandom(draws=3, test=0.2, per_user=per_user)
    folds = list(splitter.split(dataset(ratings), rng()))
    assert [fold.fold for fold in folds] == ["1", "2", "3"]
    assert np.allclose([len(fold.test) for fold in folds], 400, atol=0 if not per_user else 30)
    shared = len(keys(folds[0].test) & keys(folds[1].test))
    assert 40 < shared < 130  # a fifth of a fifth of 2,000 is 80


def test_more_draws_leave_the_first_as_they_are(ratings):
    few, many = (
        [s.fingerprint for s in RepeatedRandom(draws=n).split(dataset(ratings), rng())]
        for n in (2, 4)
    )
    assert many[:2] == few
