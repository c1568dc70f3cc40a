from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recsys_cli.errors import DataError
from recsys_cli.models.popular import Popular

DAY = 86_400
USERS = np.array([0, 1, -1], np.int32)


@pytest.fixture
def old_and_new(make):
    """Item 0 had three interactions 20 days ago, item 1 two now; item 2 none."""
    rows = [(user, 0, 1.0, 1_000_000) for user in range(3)]
    rows += [(user, 1, 1.0, 1_000_000 + 20 * DAY) for user in range(2)]
    return make(rows, (4, 3))


def fit(data, **parameters):
    return Popular(**parameters).fit(data, rng=np.random.default_rng(1))


def test_what_is_old_counts_half_a_half_life_later_for_everybody(old_and_new):
    assert fit(old_and_new).score(USERS).tolist() == [[3, 2, 0]] * 3
    assert fit(old_and_new, half_life=20.0).score(USERS).tolist() == [[1.5, 2, 0]] * 3


def test_a_tiny_half_life_leaves_the_last_moment(old_and_new):
    assert fit(old_and_new, half_life=0.001).score(USERS[:1]).tolist() == [[0, 2, 0]]


def test_decay_without_times_is_refused(old_and_new):
    with pytest.raises(DataError, match="needs timestamps"):
        fit(replace(old_and_new, timestamp=None), half_life=1.0)
