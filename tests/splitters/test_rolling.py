from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from recsys_cli.errors import DataError
from recsys_cli.splitters.rolling import Rolling
from tests.splitters.conftest import dataset, datasets, rng


@given(
    data=datasets(),
    windows=st.integers(2, 4),
    test=st.floats(0.01, 0.24) | st.integers(1, 3),
    validation=st.sampled_from([0.0, 0.3, 2]),
)
def test_train_grows_the_test_part_slides_and_time_never_runs_back(data, windows, test, validation):
    splitter = Rolling(windows=windows, test=test, validation=validation)
    try:
        folds = list(splitter.rows(data, rng()))
    except DataError:
        assume(False)
    times = data.interactions.timestamp
    assert [fold.fold for fold in folds] == [str(number) for number in range(1, windows + 1)]
    assert sum(fold.test.astype(int) for fold in folds).max() == 1
    assert folds[-1].test[times.argmax()]
    for fold in folds:
        held = np.zeros(len(times), bool) if fold.validation is None else fold.validation
        filled = [times[mask] for mask in (fold.train, held, fold.test) if mask.any()]
        assert all(earlier.max() < later.min() for earlier, later in pairwise(filled))
        # Nothing from before the window is lost, and nothing from after it is known.
        assert np.array_equal(fold.train | held, times < times[fold.test].min())
    for one, after in pairwise(folds):
        assert times[one.test].max() < times[after.test].min()


def test_shares_are_exact_where_no_second_is_shared(ratings):
    folds = list(Rolling(windows=3, test=0.1, validation=0.25).split(dataset(ratings), rng()))
    sizes = [[len(part) for part in fold.parts().values()] for fold in folds]
    assert sizes == [[1050, 350, 200], [1200, 400, 200], [1350, 450, 200]]


def test_windows_of_seconds_end_with_the_data(make):
    data = make([(0, i, 1, time) for i, time in enumerate([0, 10, 19, 20, 29, 30, 39])])
    splitter = Rolling(windows=2, test=10, validation=10)
    parts = [
        [part.item_idx.tolist() for part in fold.parts().values()]
        for fold in splitter.split(dataset(data), rng())
    ]
    assert parts == [[[0], [1, 2], [3, 4]], [[0, 1, 2], [3, 4], [5, 6]]]


@pytest.mark.parametrize(
    ("times", "place"),
    [([0, 1, 2, 30, 31], "window 1"), ([25, 26, 35, 36], "the time before the first window")],
)
def test_an_empty_window_is_refused_before_any_work(make, times, place):
    data = dataset(make([(0, i, 1, time) for i, time in enumerate(times)]))
    with pytest.raises(DataError, match=f"{place} has no interactions") as error:
        next(Rolling(windows=2, test=10).rows(data, rng()))
    assert "split.windows" in error.value.hint


@pytest.mark.parametrize("length", [0, 0.0, 1.0, 1.5, -1, True, "1d", None])
def test_a_length_that_is_none_is_one_error(length):
    with pytest.raises(ValidationError) as error:
        Rolling(test=length)
    assert error.value.error_count() == 1 and "whole seconds" in str(error.value)


def test_windows_that_leave_nothing_to_train_on_are_refused():
    with pytest.raises(ValidationError, match="must be below 1"):
        Rolling(windows=5, test=0.2)
