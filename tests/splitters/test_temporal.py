from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from pydantic import ValidationError

from recsys_cli.errors import DataError
from recsys_cli.splitters.temporal import Temporal
from tests.splitters.conftest import dataset, datasets, rng

DAY = 86_400


@given(data=datasets())
def test_training_is_strictly_earlier_than_what_is_held_out(data):
    (rows,) = Temporal(test=0.3, validation=0.3).rows(data, rng())
    times = data.interactions.timestamp
    parts = [times[mask] for mask in rows.masks().values()]
    filled = [part for part in (parts[0], *parts[2:], parts[1]) if len(part)]
    for earlier, later in pairwise(filled):
        assert earlier.max() < later.min()
    assert rows.test.sum() >= 0.3 * len(times) - 0.5


def test_share_is_exact_when_no_second_is_shared(ratings):
    (split,) = Temporal(test=0.2, validation=0.25).split(dataset(ratings), rng())
    assert [len(part) for part in split.parts().values()] == [1200, 400, 400]


@pytest.mark.parametrize("cut", ["1970-01-03", "1970-01-03T01:00:00+01:00", 2 * DAY])
def test_cut_at_a_moment(make, cut):
    data = make([(0, i, 1, i * DAY) for i in range(4)])
    (split,) = Temporal(test=cut, validation="1970-01-02").split(dataset(data), rng())
    assert [part.item_idx.tolist() for part in split.parts().values()] == [[0], [1], [2, 3]]


def test_a_cut_before_all_data_is_refused(make):
    with pytest.raises(DataError, match="no rows for the train part"):
        list(Temporal(test=5, validation=0.1).split(dataset(make([(0, 0, 1, 9)])), rng()))


@pytest.mark.parametrize("cut", [0, 0.0, 1.0, 1.5, -0.1, True, "soon", "0.2", None, [1]])
def test_a_cut_that_is_none_is_one_error(cut):
    with pytest.raises(ValidationError) as error:
        Temporal(test=cut)
    assert error.value.error_count() == 1
    assert "ISO date" in str(error.value)


@pytest.mark.parametrize("cut", [0.3, "1998-03-01", 888_710_400])
def test_the_description_reads_back(cut):
    config = Temporal(test=cut).config
    parameters = {key: value for key, value in config.describe().items() if key != "name"}
    assert Temporal(**parameters).config == config
