from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import surprise

from recsys_cli.models.surprise_svd import SurpriseSVD


@pytest.fixture
def data(ratings):
    """The ratings without those of three users and two items, so that some are cold."""
    return ratings.take(~np.isin(ratings.user_idx, [0, 7, 79]) & (ratings.item_idx > 1))


def test_same_predictions_as_calling_the_library(data):
    frame = pd.DataFrame({"u": data.user_idx, "i": data.item_idx, "r": data.value})
    reader = surprise.Reader(rating_scale=(1, 5))
    trainset = surprise.Dataset.load_from_df(frame, reader).build_full_trainset()
    seed = int(np.random.default_rng(3).integers(2**31))
    parameters = {"n_factors": 7, "n_epochs": 9, "lr_all": 0.01, "reg_all": 0.05}
    library = surprise.SVD(**parameters, random_state=seed).fit(trainset)
    model = SurpriseSVD(factors=7, epochs=9, lr=0.01, reg=0.05).fit(
        data, rng=np.random.default_rng(3)
    )
    users, items = (axis.ravel().astype(np.int32) for axis in np.mgrid[:80, :60])
    expected = [library.predict(u, i, clip=False).est for u, i in zip(users, items, strict=True)]
    np.testing.assert_allclose(model.predict(users, items), expected, atol=1e-5)


def test_the_defaults_are_the_librarys():
    ours, theirs = SurpriseSVD().config, surprise.SVD()
    assert ours.factors == theirs.n_factors
    assert ours.epochs == theirs.n_epochs
    assert {ours.lr} == {theirs.lr_bu, theirs.lr_bi, theirs.lr_pu, theirs.lr_qi}
    assert {ours.reg} == {theirs.reg_bu, theirs.reg_bi, theirs.reg_pu, theirs.reg_qi}


def test_folding_in_a_training_user_predicts_nearly_as_training_did(data):
    model = SurpriseSVD(factors=4, epochs=400).fit(data, rng=np.random.default_rng(3))
    folded = model.fold_in(data.csr)
    gap = folded.predict(data.user_idx, data.item_idx) - model.predict(data.user_idx, data.item_idx)
    assert np.abs(gap).mean() < 0.1
