from __future__ import annotations

import numpy as np
from implicit.cpu.bpr import BayesianPersonalizedRanking
from scipy.sparse import csr_matrix

from recsys_cli.models.implicit_bpr import ImplicitBPR


def test_same_scores_as_calling_the_library(ratings):
    parameters = {"factors": 7, "learning_rate": 0.05, "regularization": 0.02, "iterations": 12}
    seed = int(np.random.default_rng(3).integers(2**31))
    library = BayesianPersonalizedRanking(**parameters, num_threads=1, random_state=seed)
    ones = np.ones(len(ratings), np.float32)
    library.fit(csr_matrix((ones, (ratings.user_idx, ratings.item_idx))), show_progress=False)
    model = ImplicitBPR(factors=7, lr=0.05, reg=0.02, epochs=12).fit(
        ratings, rng=np.random.default_rng(3)
    )
    learned = np.column_stack((model.item_factors_, model.item_bias_))
    np.testing.assert_array_equal(learned, library.item_factors)
    np.testing.assert_array_equal(model.user_factors_, library.user_factors[:, :-1])
    expected = library.user_factors @ library.item_factors.T
    np.testing.assert_allclose(model.score(np.arange(80, dtype=np.int32)), expected, atol=1e-5)
