from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from recsys_cli import threads
from recsys_cli.data import CSR, Features, SideFeatures
from recsys_cli.errors import DataError, Diverged
from recsys_cli.models.bayesian_mf import BayesianMF
from recsys_cli.models.mf import MF
from tests.conftest import side_features

SIDES = {"implicit": True, "flipped": True, "features": True}


def fit(data, known=None, **parameters):
    defaults = {"factors": 4, "epochs": 60, "burn_in": 30}
    model = BayesianMF(**(defaults | parameters))
    return model.fit(data, features=known, rng=np.random.default_rng(11))


def rmse(model, test):
    return float(np.sqrt(np.mean((model.predict(test.user_idx, test.item_idx) - test.value) ** 2)))


@pytest.fixture
def world(make):
    """Noisy ratings of low rank, 30% observed, a third of them held out; noise of deviation 0.5."""
    rng = np.random.default_rng(5)
    users, items = rng.normal(size=(150, 3)), rng.normal(size=(100, 3))
    truth = 3 + rng.normal(size=(150, 1)) * 0.4 + 0.6 * users @ items.T
    cells = rng.choice(15_000, 4_500, replace=False)
    user, item = np.divmod(cells, 100)
    value = truth[user, item] + rng.normal(0, 0.5, 4_500)
    rows = list(zip(user.tolist(), item.tolist(), value.tolist(), strict=True))
    data = make(rows, (150, 100), (0, 6))
    return data.take(np.arange(3_000)), data.take(np.arange(3_000, 4_500))


def test_it_recovers_low_rank_truth_better_than_mf(world):
    train, test = world
    ours = rmse(fit(train, factors=3, epochs=200, burn_in=50), test)
    mf = {reg: MF(factors=3, epochs=60, reg_user=reg, reg_item=reg) for reg in (0.1, 0.3, 1.0)}
    theirs = min(rmse(m.fit(train, rng=np.random.default_rng(1)), test) for m in mf.values())
    assert ours < theirs
    assert ours < 0.62


def test_predicted_deviations_cover_held_out_ratings(world):
    train, test = world
    model = fit(train, factors=3, epochs=200, burn_in=50, samples=32)
    miss = np.abs(model.predict(test.user_idx, test.item_idx) - test.value)
    deviation = model.predict_std(test.user_idx, test.item_idx)
    assert deviation.dtype == np.float32
    assert 0.92 < np.mean(miss < 1.96 * deviation) < 0.98
    assert (deviation > 0.4).all()


def test_a_cold_user_or_item_is_less_certain_than_any_other(ratings, make):
    columns = (ratings.user_idx, ratings.item_idx, ratings.value)
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    model = fit(make(rows, (81, 61), (1, 5)))
    warm, items = np.arange(80, dtype=np.int32), np.arange(80, dtype=np.int32) % 60
    both = model.predict_std(warm, items).max()
    assert (model.predict_std(np.full_like(warm, 80), items) > both).mean() > 0.9
    assert (model.predict_std(warm, np.full_like(items, 60)) > both).mean() > 0.9


@pytest.fixture
def short(world):
    """A model of the first 100 users, and its fold-in of the others with 0, 1, 3 and 10 ratings."""
    train, _ = world
    model = fit(train.take(train.user_idx < 100), factors=3, epochs=200, burn_in=50, samples=32)
    rows = train.csr.rows(np.arange(100, 150))
    places = np.arange(len(rows.indices)) - np.repeat(rows.indptr[:-1], np.diff(rows.indptr))
    folded = {}
    for length in (0, 1, 3, 10):
        kept = places < length
        ends = np.concatenate(([0], np.cumsum(kept)))[rows.indptr]
        one = CSR(ends, rows.indices[kept], rows.data[kept], rows.n_cols)
        folded[length] = model.fold_in(one)
    return model, folded


def test_deviations_cover_ratings_of_users_folded_in_with_short_histories(world, short):
    test = world[1].take(world[1].user_idx >= 100)
    users, means = test.user_idx - 100, []
    for length, folded in short[1].items():
        deviation = folded.predict_std(users, test.item_idx)
        miss = np.abs(folded.predict(users, test.item_idx) - test.value)
        assert 0.91 < np.mean(miss < 1.96 * deviation) < 0.985, length
        means.append(deviation.mean())
    assert means == sorted(means, reverse=True)


def test_a_deviation_is_that_of_ratings_drawn_from_the_model(short):
    model, folded = short
    model.item_counts_ = np.where(np.arange(100) == 7, 0, model.item_counts_)
    rng, draws = np.random.default_rng(3), 40_000
    for length in (0, 3):
        history = folded[length].history_
        one = model.fold_in(history)
        left = [
            np.diag(model.prior_precision_[0, s].astype(float)) for s in range(model.config.samples)
        ]
        for item in (5, 7):
            ratings = []
            for s, (precision, noise) in enumerate(zip(left, model.noise_precision_, strict=True)):
                rated = history.indices[history.indptr[4] : history.indptr[5]]
                x = model.item_samples_[rated, s].astype(float)
                x[:, 0] = 1
                covariance = np.linalg.inv(precision + noise * x.T @ x)
                user = rng.multivariate_normal(one.user_samples_[4, s], covariance, draws)
                spread = model.prior_precision_[1, s] ** -0.5 * (item == 7)
                facing = model.item_samples_[item, s] + spread * rng.standard_normal((draws, 4))
                rating = user[:, 0] + facing[:, 0] + np.sum(user[:, 1:] * facing[:, 1:], axis=1)
                ratings.append(rating + rng.standard_normal(draws) * noise**-0.5)
            told = one.predict_std(np.array([4], np.int32), np.array([item], np.int32))
            np.testing.assert_allclose(told, np.std(ratings), rtol=0.01)


def test_a_cold_user_is_as_uncertain_as_one_folded_in_without_history(short):
    model, folded = short
    items = np.arange(100, dtype=np.int32)
    cold = model.predict_std(np.full(100, 120, np.int32), items)
    np.testing.assert_allclose(
        folded[0].predict_std(np.zeros(100, np.int32), items), cold, rtol=1e-5
    )


@pytest.mark.parametrize("unit", [1e30, 1e-30])
def test_values_whose_precision_float32_cannot_hold_diverge(make, unit):
    data = make([(u, i, unit * (1 + u * i % 5)) for u in range(12) for i in range(9)])
    with pytest.raises(Diverged, match=r"diverged in epoch 1: [a-z]+_precision holds") as raised:
        fit(data)
    assert "bring the values of the data to about 1" in raised.value.hint


@pytest.mark.parametrize("sides", [{}, SIDES])
def test_folding_in_a_training_history_gives_about_the_trained_predictions(world, sides, make):
    train, test = world
    features = SideFeatures(
        items=Features(train.items, {"kind": [f"k{i % 5}" for i in range(100)]})
    )
    model = fit(train, features, factors=3, epochs=200, burn_in=50, **sides)
    folded = model.fold_in(train.csr)
    assert rmse(folded, test) < 1.03 * rmse(model, test)
    apart = folded.predict(test.user_idx, test.item_idx) - model.predict(
        test.user_idx, test.item_idx
    )
    assert np.sqrt(np.mean(apart**2)) < 0.15
    deviation = folded.predict_std(test.user_idx, test.item_idx)
    assert np.isfinite(deviation).all()


def test_with_side_columns_shares_add_up_and_bits_do_not_depend_on_threads(ratings):
    features, found = side_features(ratings), []
    for count in (1, 3):
        with threads.use(count):
            model = fit(ratings, features, epochs=10, burn_in=4, **SIDES)
            found.append({**model.arrays(), **model.fold_in(ratings.csr).arrays()})
    assert all(np.array_equal(found[0][name], found[1][name]) for name in found[0])
    folded, items = model.fold_in(ratings.csr), np.arange(60, dtype=np.int32)
    base, parts = folded.explain(7, items, ratings.csr.rows(np.array([7])))
    scores = folded.score(np.array([7], np.int32))[0]
    np.testing.assert_allclose(base + parts.sum(axis=1), scores, atol=1e-4)


def test_a_new_item_is_scored_by_its_features(make):
    rng = np.random.default_rng(2)
    kind = np.arange(40) % 2
    rows = [
        (u, int(i), float(4 + (1 if u % 2 == kind[i] else -2) + rng.normal(0, 0.3)))
        for u in range(60)
        for i in rng.choice(38, 15, replace=False)
    ]
    data = make(rows, (60, 40), (1, 5))
    features = SideFeatures(items=Features(data.items, {"kind": [f"k{k}" for k in kind]}))
    model = fit(data, features, factors=2, epochs=100, features=True)
    assert model.scores_new_items
    assert not fit(data, features).scores_new_items
    users = np.arange(60, dtype=np.int32)
    even, odd = (model.predict(users, np.full(60, item, np.int32)) for item in (38, 39))
    assert ((even > odd) == (users % 2 == 0)).all()


def test_features_asked_for_must_be_there(ratings):
    with pytest.raises(DataError, match="no features"):
        fit(ratings, SideFeatures(), **SIDES)


def test_samples_are_kept_only_after_burn_in_and_spaced_to_the_end(ratings):
    assert fit(ratings, epochs=5, burn_in=4).user_samples_.shape == (80, 1, 5)
    assert fit(ratings, epochs=40, burn_in=20, samples=7).user_samples_.shape == (80, 7, 5)
    assert fit(ratings, epochs=40, burn_in=35, samples=7).user_samples_.shape == (80, 5, 5)
    found = []
    model = BayesianMF(factors=4, epochs=12, burn_in=6, samples=4)
    model.fit(
        ratings,
        rng=np.random.default_rng(1),
        on_epoch=lambda m, *_: found.append(len(m.noise_precision_)) or False,
    )
    assert found == [1, 1, 1, 1, 1, 1, 1, 1, 2, 3, 3, 4]


@pytest.mark.parametrize("sides", [{}, {"implicit": True, "flipped": True}])
@pytest.mark.parametrize(
    "rows",
    [
        [(u, i, 3.0) for u in range(5) for i in range(4)],
        [(u, 0, float(1 + u % 5)) for u in range(9)],
        [(0, i, float(1 + i % 5)) for i in range(9)],
        [(u, u, float(1 + u % 5)) for u in range(9)],
        [(0, 0, 4.0)],
        [(0, 0, 4.0), (0, 0, 2.0), (1, 0, 4.0)],
        [(u, i, 1e9 * (u + i)) for u in range(5) for i in range(4)],
    ],
)
def test_poor_data_give_finite_results(make, rows, sides):
    data = make(rows)
    model = fit(data, factors=12, epochs=20, burn_in=5, **sides)
    for each in (model, model.fold_in(data.csr)):
        for values in (
            each.predict(data.user_idx, data.item_idx),
            each.predict_std(data.user_idx, data.item_idx),
            each.score(data.user_idx),
        ):
            assert np.isfinite(values).all()


def test_constant_ratings_are_predicted_as_they_are(make):
    data = make([(u, i, 3.0) for u in range(20) for i in range(15)])
    predicted = fit(data, factors=3).predict(data.user_idx, data.item_idx)
    np.testing.assert_allclose(predicted, 3, atol=0.1)


DATA = Path(os.environ.get("RECSYS_DATA_HOME", "datasets"))


@pytest.mark.slow
@pytest.mark.skipif(
    not (DATA / "ml-100k/u1.test").is_file(),
    reason="set RECSYS_DATA_HOME to a folder with ml-100k and its folds",
)
@pytest.mark.parametrize(("sides", "bar"), [({}, 0.911), (SIDES, 0.892)], ids=["plain", "sides"])
def test_it_reaches_the_published_accuracy_on_ml_100k_u1(sides, bar):
    from recsys_cli.loaders.movielens import MovieLens
    from recsys_cli.splitters.predefined import Predefined

    dataset = MovieLens(size="100k").load()
    (split,) = Predefined(folds=["u1"]).split(dataset, np.random.default_rng(1))
    test = split.test
    model = fit(split.train, dataset.features, factors=10, epochs=200, burn_in=60, **sides)
    assert rmse(model, test) < bar
    miss = np.abs(model.predict(test.user_idx, test.item_idx) - test.value)
    covered = miss < 1.96 * model.predict_std(test.user_idx, test.item_idx)
    assert 0.93 < covered.mean() < 0.97


def test_a_burn_in_that_leaves_no_sample_is_refused():
    with pytest.raises(ValidationError, match="must be less than epochs, which is 60"):
        BayesianMF(epochs=60, burn_in=60)
