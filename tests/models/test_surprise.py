"""The wrappers of scikit-surprise against the library itself."""

from __future__ import annotations

import inspect
import sys

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import nnls

from recsys_cli.data import CSR
from recsys_cli.errors import DataError, Diverged, MissingExtra
from recsys_cli.models import MODELS

surprise = pytest.importorskip("surprise", reason="pip install scikit-surprise brings it")

USERS, ITEMS = (axis.ravel().astype(np.int32) for axis in np.mgrid[:80, :60])
#: Our name and parameters, the library's class and parameters.
CASES = [
    (
        ("surprise-svd", {"factors": 7, "epochs": 9, "lr": 0.01, "reg": 0.05}),
        ("SVD", {"n_factors": 7, "n_epochs": 9, "lr_all": 0.01, "reg_all": 0.05}),
    ),
    (
        ("surprise-svdpp", {"factors": 5, "epochs": 6, "lr": 0.01, "reg": 0.05}),
        ("SVDpp", {"n_factors": 5, "n_epochs": 6, "lr_all": 0.01, "reg_all": 0.05}),
    ),
    (
        ("surprise-nmf", {"factors": 6, "epochs": 30, "reg_user": 0.1, "reg_item": 0.2}),
        ("NMF", {"n_factors": 6, "n_epochs": 30, "reg_pu": 0.1, "reg_qi": 0.2}),
    ),
    (
        ("surprise-co-clustering", {"user_clusters": 4, "item_clusters": 5, "epochs": 7}),
        ("CoClustering", {"n_cltr_u": 4, "n_cltr_i": 5, "n_epochs": 7}),
    ),
    (
        ("surprise-baseline", {"epochs": 4, "reg_user": 7.0, "reg_item": 2.0}),
        ("BaselineOnly", {"bsl_options": {"n_epochs": 4, "reg_u": 7.0, "reg_i": 2.0}}),
    ),
    (("surprise-baseline", {}), ("BaselineOnly", {})),
    (
        ("surprise-baseline", {"method": "sgd", "lr": 0.02, "reg": 0.1}),
        ("BaselineOnly", {"bsl_options": {"method": "sgd", "learning_rate": 0.02, "reg": 0.1}}),
    ),
]


@pytest.fixture
def data(ratings):
    """The ratings without those of three users and two items, so that some are cold."""
    return ratings.take(~np.isin(ratings.user_idx, [0, 7, 79]) & (ratings.item_idx > 1))


def fit(name, data, **parameters):
    return MODELS.get(name)(**parameters).fit(data, rng=np.random.default_rng(3))


def call_library(name, data, parameters):
    frame = pd.DataFrame({"u": data.user_idx, "i": data.item_idx, "r": data.value})
    reader = surprise.Reader(rating_scale=(1, 5))
    trainset = surprise.Dataset.load_from_df(frame, reader).build_full_trainset()
    cls = getattr(surprise, name)
    known = inspect.signature(cls).parameters
    if "random_state" in known:
        parameters = parameters | {"random_state": int(np.random.default_rng(3).integers(2**31))}
    quiet = {"verbose": False} if "verbose" in known else {}
    library = cls(**parameters, **quiet).fit(trainset)
    return [library.predict(u, i, clip=False).est for u, i in zip(USERS, ITEMS, strict=True)]


@pytest.mark.parametrize(("ours", "theirs"), CASES, ids=lambda case: case[0])
def test_same_predictions_as_calling_the_library(data, ours, theirs):
    name, parameters = ours
    model, expected = fit(name, data, **parameters), call_library(theirs[0], data, theirs[1])
    np.testing.assert_allclose(model.predict(USERS, ITEMS), expected, atol=1e-5)
    warm = model.user_counts_ > 0
    scores = model.score(np.arange(80, dtype=np.int32))[warm]
    np.testing.assert_allclose(scores, np.reshape(expected, (80, 60))[warm], atol=1e-5)


@pytest.mark.parametrize(
    ("name", "theirs", "names"),
    [
        ("surprise-svd", "SVD", ("n_factors", "n_epochs", "lr_all", "reg_all")),
        ("surprise-svdpp", "SVDpp", ("n_factors", "n_epochs", "lr_all", "reg_all")),
        ("surprise-nmf", "NMF", ("n_factors", "n_epochs", "reg_pu", "reg_qi")),
        ("surprise-co-clustering", "CoClustering", ("n_cltr_u", "n_cltr_i", "n_epochs")),
    ],
)
def test_the_defaults_are_the_librarys(name, theirs, names):
    known = inspect.signature(getattr(surprise, theirs)).parameters
    ours = MODELS.get(name)().config.model_dump().values()
    assert list(ours) == [known[one].default for one in names]


@pytest.mark.parametrize(
    ("name", "within"), [("surprise-svd", 0.1), ("surprise-svdpp", 0.1), ("surprise-nmf", 0.02)]
)
def test_folding_in_a_training_user_predicts_nearly_as_training_did(data, name, within):
    model = fit(name, data, factors=4, epochs=300)
    folded = model.fold_in(data.csr)
    gap = folded.predict(data.user_idx, data.item_idx) - model.predict(data.user_idx, data.item_idx)
    assert np.abs(gap).mean() < within


def test_folding_in_repeats_the_last_step_of_training_where_that_is_all_of_it(data):
    for name in ("surprise-baseline", "surprise-co-clustering"):
        model = fit(name, data)
        folded = model.fold_in(data.csr)
        np.testing.assert_allclose(folded.predict(USERS, ITEMS), model.predict(USERS, ITEMS), 1e-5)


def test_new_users_of_nmf_get_the_best_factors_without_a_negative_one(data):
    model = fit("surprise-nmf", data, factors=4, reg_user=0.0)
    q, history = model.item_factors_, data.csr
    folded = model.fold_in(history).user_factors_
    for u in (1, 20, 78):
        seen = slice(history.indptr[u], history.indptr[u + 1])
        best, _ = nnls(q[history.indices[seen]].astype(float), history.data[seen].astype(float))
        np.testing.assert_allclose(q @ folded[u], q @ best, atol=0.02)


def test_ratings_that_the_library_would_get_wrong_are_refused(data, make):
    halves = make([(0, 0, 3.5), (1, 1, 4)], scale=(0.5, 5))
    with pytest.raises(DataError, match="whole numbers"):
        fit("surprise-co-clustering", halves)
    with pytest.raises(DataError, match="one is 3e\\+30") as refused:
        fit("surprise-co-clustering", make([(0, 0, 3e30), (1, 1, 1e30)]))
    assert "huge values" in refused.value.hint
    fit("surprise-co-clustering", make([(0, 0, 2**30), (1, 1, -(2**30))]))
    with pytest.raises(DataError, match="negative rating"):
        fit("surprise-nmf", make([(0, 0, -1), (1, 1, 4)], scale=(-1, 5)))


def test_a_division_by_zero_in_the_library_is_a_divergence(make):
    data = make([(0, 0, 0), (0, 1, 1)], scale=(0, 5))
    with pytest.raises(Diverged, match="surprise-nmf diverged in epoch 1: surprise gave up"):
        fit("surprise-nmf", data, reg_user=0.0, reg_item=1e300)


@pytest.mark.parametrize("name", sorted({ours for (ours, _), _ in CASES}))
def test_constant_ratings_and_lonely_users_are_no_trouble(make, name):
    for rows in ([(0, 0, 3)], [(0, 0, 3), (1, 1, 3), (2, 1, 3)]):
        model = fit(name, make(rows, (4, 3), (1, 5)))
        empty = CSR(np.zeros(2, np.int64), np.empty(0, np.int32), np.empty(0, np.float32), 3)
        for one in (model, model.fold_in(empty)):
            assert np.isfinite(one.score(np.zeros(1, np.int32))).all()


def test_without_the_library_the_error_says_what_brings_it(data, monkeypatch):
    monkeypatch.setitem(sys.modules, "surprise", None)
    with pytest.raises(MissingExtra, match="pip install"):
        fit("surprise-svd", data)
