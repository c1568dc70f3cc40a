"""The wrapper of implicit's ALS against the library itself."""

from __future__ import annotations

import numpy as np
import pytest

from recsys_cli.errors import Diverged
from recsys_cli.models.als import ALS
from recsys_cli.models.implicit_als import ImplicitALS

pytest.importorskip("implicit", reason="pip install 'recsys-cli[bench]' brings implicit")


@pytest.mark.parametrize("use_cg", [True, False])
def test_equals_calling_the_library(ratings, use_cg):
    from implicit.cpu.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix
    from threadpoolctl import threadpool_limits

    config = {"factors": 6, "epochs": 4, "reg": 0.1, "alpha": 3.0}
    ours = ImplicitALS(**config, use_cg=use_cg).fit(ratings, rng=np.random.default_rng(9))
    confidence = csr_matrix((1 + 3 * ratings.value, (ratings.user_idx, ratings.item_idx)))
    with threadpool_limits(limits=1, user_api="blas"):
        theirs = AlternatingLeastSquares(
            factors=6,
            iterations=4,
            regularization=0.1,
            alpha=1.0,
            use_cg=use_cg,
            random_state=np.random.default_rng(9),
        )
        theirs.fit(confidence, show_progress=False)
    np.testing.assert_array_equal(ours.user_factors_, theirs.user_factors)
    np.testing.assert_array_equal(ours.item_factors_, theirs.item_factors)
    items, scores = theirs.recommend(
        np.arange(80), confidence, N=5, filter_already_liked_items=True
    )
    found, best = ours.recommend(np.arange(80, dtype=np.int32), 5, exclude=ratings.csr)
    np.testing.assert_array_equal(found, items)
    np.testing.assert_allclose(best, scores, rtol=1e-5)
    folded = ours.fold_in(ratings.csr).user_factors_
    recalculated = theirs.recalculate_user(np.arange(80), confidence)
    np.testing.assert_allclose(folded, recalculated, atol=1e-4)


def test_als_reaches_as_low_an_objective(ratings):
    losses = {}
    for model in (ALS, ImplicitALS):
        config = {"factors": 6, "epochs": 30, "reg": 0.1, "alpha": 3.0}
        model(**config).fit(
            ratings,
            rng=np.random.default_rng(9),
            on_epoch=lambda m, _, loss: losses.__setitem__(m.spec_name(), loss),
        )
    assert 0.9 * losses["implicit-als"] < losses["als"] < 1.01 * losses["implicit-als"]


def test_a_library_that_gives_up_is_a_divergence(make):
    data = make([(0, 0, 1), (0, 1, 1), (1, 1, 1)], (3, 4))
    with pytest.raises(Diverged, match="implicit-als diverged in epoch 1: implicit gave up"):
        ImplicitALS(factors=8, reg=0.0, use_cg=False).fit(data, rng=np.random.default_rng(1))
