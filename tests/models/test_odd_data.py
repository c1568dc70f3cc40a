"""What every model makes of data at the edge: a sound result, never NaN; which refuse what."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recsys_cli.data import Features, SideFeatures
from recsys_cli.errors import DataError
from tests.conftest import interactions
from tests.models.test_contract import each, each_of_ratings, fit

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


#: How far from 3 a prediction may be after 50 epochs where all ratings are 3, if more than 0.01.
LOOSE = {
    "bayesian-mf": 0.15,
    "bayesian-mf with all terms": 0.15,
    "surprise-nmf": 0.3,
    "surprise-svd": 0.15,
    "surprise-svdpp": 0.15,
}
NEED_TIMES = {"timesvdpp"}
NEED_FEATURES = {"bayesian-mf with all terms", "content", "ensemble", "hybrid", "switch"}


def odd(case):
    """Return the data of a case, after one user and one item that have none, nor features."""
    n_users, n_items = (2 + max(row[at] for row in ODD[case]) for at in (0, 1))
    moved = [(user + 1, item + 1, *rest) for user, item, *rest in ODD[case]]
    return interactions(moved, (n_users, n_items), (1, 5))


def pairs(data):
    return np.indices((data.n_users, data.n_items)).reshape(2, -1).astype(np.int32)


@pytest.mark.parametrize("case", ODD)
@each
def test_odd_data_give_a_sound_model(name, case):
    data = odd(case)
    model = fit(name, data, factors=30, threshold=4)
    users = np.arange(-1, data.n_users, dtype=np.int32)
    for one in (model, model.fold_in(data.csr)):
        assert np.isfinite(one.score(users)).all()
        items, scores = one.recommend(users, 3)
        assert np.isfinite(scores[items >= 0]).all()
    if model.predicts_ratings:
        assert np.isfinite(model.predict(*pairs(data))).all()


@each
def test_asked_for_nobody_a_model_has_no_lists(name):
    data, nobody = odd("two ratings"), np.empty(0, np.int32)
    models = [fit(name, data)]
    if "blend" in type(models[0].config).model_fields and not models[0].predicts_ratings:
        models.append(fit(name, data, blend="rank"))
    for model in models:
        items, scores = model.recommend(nobody, 3)
        assert items.shape == scores.shape == (0, 3)


@each_of_ratings
def test_constant_ratings_are_predicted(name):
    data = odd("constant ratings")
    model = fit(name, data, factors=30, epochs=50, burn_in=10, threshold=4)
    # What nobody rated is as uncertain to samples as it is: they are asked for what was.
    sampled = hasattr(model, "predict_std")
    asked = (data.user_idx, data.item_idx) if sampled else pairs(data)
    np.testing.assert_allclose(model.predict(*asked), 3, rtol=0, atol=LOOSE.get(name, 0.01))


@each
def test_only_models_that_need_times_refuse_data_without(name):
    timed = odd("two ratings")
    data = replace(timed, timestamp=None)
    if name in NEED_TIMES:
        with pytest.raises(DataError, match="needs the time") as refused:
            fit(name, data)
        assert refused.value.hint
    else:
        assert np.isfinite(fit(name, data).score(data.user_idx)).all()


@each
def test_only_models_that_need_features_refuse_data_without(name):
    data = odd("two ratings")
    if name in NEED_FEATURES:
        with pytest.raises(DataError, match=r"has no .*features") as refused:
            fit(name, data, known=SideFeatures())
        assert refused.value.hint
    else:
        assert np.isfinite(fit(name, data, known=SideFeatures()).score(data.user_idx)).all()


@pytest.mark.parametrize("name", sorted(NEED_FEATURES))
def test_features_of_nobody_who_interacts_are_refused(name):
    data = odd("two ratings")
    warm = data.item_counts > 0
    sides = SideFeatures(items=Features(data.items, {"kind": ["" if w else "x" for w in warm]}))
    with pytest.raises(DataError, match=f"none of the {warm.sum()} items") as refused:
        fit(name, data, known=sides)
    assert "dataset.items.id" in refused.value.hint
