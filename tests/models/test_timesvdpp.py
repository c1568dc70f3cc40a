from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recsys_cli.errors import DataError
from recsys_cli.models.svdpp import SVDpp
from recsys_cli.models.timesvdpp import TimeSVDpp
from tests.models.test_svdpp import rmse, rng

DAY = 86_400
START = 10_000 * DAY
SMALL = {"factors": 2, "epochs": 60, "lr_decay": 0.98}


@pytest.fixture
def moving(make):
    """Build ratings of 60 users × 30 items over 100 days from ``value(u, i, day)``."""

    def build(value):
        draw, rows = np.random.default_rng(2), []
        for u in range(60):
            for i in draw.permutation(30)[:20]:
                day = int(draw.integers(100))
                noisy = value(u, int(i), day) + draw.normal(0, 0.2)
                rows.append((u, int(i), float(np.clip(noisy, 1, 5)), START + day * DAY))
        return make(rows, (60, 30), (1, 5))

    return build


@pytest.mark.parametrize(
    ("value", "parameters"),
    [
        (lambda u, i, day: 3 + (1 if (i % 2) == (day < 50) else -1), {"reg_bins": 1.0, "bins": 2}),
        (lambda u, i, day: 3 + (1 if u % 2 else -1) * (day - 50) / 40, {"reg_bias_drift": 0.3}),
        (lambda u, i, day: 3 + (1 if (u + day // 10) % 2 else -1), {"period": 10 * DAY}),
        (
            lambda u, i, day: 3 + (1 if (u + i) % 2 else -1) * (day - 50) / 40,
            {"reg_drift": 0.1, "reg_item": 0.1, "init_std": 0.3, "lr": 0.05, "drift_power": 1.0},
        ),
    ],
    ids=["items by era", "a user's bias drifts", "a user's moods", "a user's factors drift"],
)
def test_each_term_learns_what_it_is_for(moving, value, parameters):
    data = moving(value)
    held_out = np.random.default_rng(1).random(len(data)) < 0.2
    train, test = data.take(~held_out), data.take(held_out)
    timeless = SVDpp(**SMALL).fit(train, rng=rng())
    model = TimeSVDpp(**(SMALL | parameters)).fit(train, rng=rng())
    assert rmse(model, test) < 0.8 * rmse(timeless, test)


def test_without_times_it_says_what_it_needs(ratings):
    with pytest.raises(DataError, match="needs the time of each rating"):
        TimeSVDpp().fit(replace(ratings, timestamp=None), rng=rng())


def test_scores_are_of_the_users_last_time_and_its_bias_fades_to_the_mean_after_it(moving):
    data = moving(lambda u, i, day: 3 + (1 if u % 2 else -1) * (day - 50) / 40)
    model = TimeSVDpp(**SMALL, reg_bias_drift=1.0).fit(data, rng=rng())
    users, items = np.full(30, 7, np.int32), np.arange(30, dtype=np.int32)
    last = model.predict(users, items, np.full(30, data.timestamp[data.user_idx == 7].max()))
    np.testing.assert_allclose(last, model.score(users[:1])[0], rtol=1e-6)
    np.testing.assert_array_equal(last, model.predict(users, items))
    later = model.predict(users, items, np.full(30, START + 10**6 * DAY))
    assert later == pytest.approx(last + model.period_mean_[7], abs=1e-4)
    earlier = model.predict(users, items, np.full(30, -(10**12)))
    assert later.mean() > earlier.mean() + 0.5


def test_a_day_without_ratings_has_the_mean_of_the_users_days_to_which_the_last_one_fades(make):
    rows = [(0, i, 5.0 if i < 3 else 3.0, START + (i >= 3) * 5 * DAY) for i in range(4)]
    rows += [(1, i, 3.0, START + 9 * DAY) for i in range(4)]
    none = dict.fromkeys(("reg_drift", "reg_bias_drift", "reg_bins"), 1e9)
    model = TimeSVDpp(**SMALL, **none, reg_period=0.1).fit(make(rows, (2, 4), (1, 5)), rng=rng())
    user, item = np.zeros(4, np.int32), np.zeros(4, np.int32)
    first, second, other, later = model.predict(user, item, START + np.array([0, 5, 2, 8]) * DAY)
    assert first > second
    assert later == pytest.approx(other + (second - other) / 4, abs=1e-5)
    assert other == pytest.approx((3 * first + second) / 4, abs=1e-4)


def test_only_the_distance_between_times_counts_even_before_1970(moving):
    data = moving(lambda u, i, day: 3 + (1 if u % 2 else -1) * (day - 50) / 40)
    early = replace(data, timestamp=data.timestamp - 2 * START)
    late_model, early_model = (TimeSVDpp(**SMALL).fit(one, rng=rng()) for one in (data, early))
    pairs = data.user_idx, data.item_idx
    found = early_model.predict(*pairs, early.timestamp)
    np.testing.assert_allclose(found, late_model.predict(*pairs, data.timestamp), rtol=1e-5)


def test_one_moment_for_all_is_svdpp_with_more_biases(ratings):
    data = replace(ratings, timestamp=np.full(len(ratings), START))
    model = TimeSVDpp(**SMALL).fit(data, rng=rng())
    assert not model.user_drift_.any()
    assert rmse(model, data) == pytest.approx(
        rmse(SVDpp(**SMALL).fit(data, rng=rng()), data), abs=0.05
    )


DATA = Path(os.environ.get("RECSYS_DATA_HOME", "datasets")) / "ml-100k"


@pytest.mark.slow
@pytest.mark.skipif(
    not (DATA / "u.data").exists(), reason="set RECSYS_DATA_HOME to a folder with ml-100k/u.data"
)
def test_on_movielens_time_helps_and_both_reach_the_published_rmse(make):
    table = np.loadtxt(DATA / "u.data", dtype=int) - [1, 1, 0, 0]
    data = make(table.tolist(), (943, 1682), (1, 5))
    test = np.random.default_rng(1).permutation(len(data)) % 5 == 0
    train, held_out = data.take(~test), data.take(test)
    timeless, timed = (rmse(cls().fit(train, rng=rng()), held_out) for cls in (SVDpp, TimeSVDpp))
    assert timed < timeless < 0.9065
