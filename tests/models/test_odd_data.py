"""What every model does with data at the edge: a clear error or a sound result, never NaN."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recsys_cli.errors import DataError, MissingExtra, RecsysError
from recsys_cli.models import MODELS
from recsys_cli.seeding import generator
from tests.conftest import interactions, side_features
from tests.models.test_contract import SMALL, build

TIME = 880_000_000


def rows(pairs, value):
    return [(u, i, float(value(n)), TIME + 3600 * n) for n, (u, i) in enumerate(pairs)]


GRID = [(u, i) for u in range(12) for i in range(9) if (u + i) % 3]
ODD = {
    "one row": rows([(0, 0)], lambda n: 4),
    "one user": rows([(0, i) for i in range(6)], lambda n: 1 + n % 5),
    "one item": rows([(u, 0) for u in range(6)], lambda n: 1 + n % 5),
    "one rating a user": rows([(u, u % 4) for u in range(9)], lambda n: 1 + n % 5),
    "constant ratings": rows(GRID, lambda n: 3),
    "lowest ratings": rows(GRID, lambda n: 1),
    "everything seen": rows([(u, i) for u in range(5) for i in range(4)], lambda n: 1 + n % 5),
    "two ratings": rows(GRID, lambda n: 1 + 4 * (n % 2)),
}


@pytest.mark.parametrize("case", ODD)
@pytest.mark.parametrize("name", MODELS.names())
def test_odd_data_give_a_sound_model_or_a_clear_error(name, case):
    n_users, n_items = (1 + max(row[at] for row in ODD[case]) for at in (0, 1))
    data = interactions(ODD[case], (n_users + 1, n_items + 1), (1, 5))
    try:
        model = build(name, factors=30, epochs=50 if case == "constant ratings" else 3)
        model.fit(data, features=side_features(data), rng=generator(1, "model"))
    except MissingExtra as missing:
        pytest.skip(str(missing))
    except RecsysError as error:
        assert isinstance(error, DataError), error
        return
    users = np.arange(-1, n_users + 1, dtype=np.int32)
    for one in (model, model.fold_in(data.csr)):
        assert np.isfinite(one.score(users)).all()
        items, scores = one.recommend(users, 3, exclude=None)
        assert np.isfinite(scores[items >= 0]).all()
    if model.predicts_ratings:
        pairs = np.indices((n_users + 1, n_items + 1)).reshape(2, -1).astype(np.int32)
        predicted = model.predict(*pairs)
        assert np.isfinite(predicted).all()
        if case == "constant ratings":
            np.testing.assert_allclose(predicted, 3, atol=0.35)


@pytest.mark.parametrize("name", MODELS.names())
def test_a_model_that_needs_times_says_so(name):
    timed = interactions(rows(GRID, lambda n: 1 + n % 5), scale=(1, 5))
    data = replace(timed, timestamp=None)
    try:
        build(name, **SMALL).fit(data, features=side_features(data), rng=generator(1, "model"))
    except MissingExtra as missing:
        pytest.skip(str(missing))
    except DataError as error:
        assert "time" in error.message
        assert error.hint


@pytest.mark.parametrize("name", MODELS.names())
def test_a_model_that_needs_features_says_so(name):
    data = interactions(rows(GRID, lambda n: 1 + n % 5), scale=(1, 5))
    try:
        build(name, **SMALL).fit(data, rng=generator(1, "model"))
    except MissingExtra as missing:
        pytest.skip(str(missing))
    except DataError as error:
        assert "feature" in error.message
        assert error.hint
