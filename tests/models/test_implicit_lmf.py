from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from recsys_cli.errors import DataError
from recsys_cli.models.implicit_lmf import ImplicitLMF, _logistic

lmf = pytest.importorskip("implicit.cpu.lmf", reason="pip install implicit brings it")


def test_same_scores_as_calling_the_library(ratings):
    seed = int(np.random.default_rng(3).integers(2**31))
    library = lmf.LogisticMatrixFactorization(
        factors=7,
        learning_rate=0.5,
        regularization=0.2,
        iterations=12,
        neg_prop=2,
        num_threads=1,
        random_state=seed,
    )
    matrix = csr_matrix((ratings.value, (ratings.user_idx, ratings.item_idx)))
    library.fit(matrix, show_progress=False)
    model = ImplicitLMF(factors=7, lr=0.5, reg=0.2, epochs=12, negatives=2).fit(
        ratings, rng=np.random.default_rng(3)
    )
    learned = np.column_stack((model.item_factors_, model.item_bias_, np.ones(60)))
    np.testing.assert_array_equal(learned, library.item_factors)
    learned = np.column_stack((model.user_factors_, np.ones(80), model.user_bias_))
    np.testing.assert_array_equal(learned, library.user_factors)
    expected = library.user_factors @ library.item_factors.T
    np.testing.assert_allclose(model.score(np.arange(80, dtype=np.int32)), expected, atol=1e-5)


def test_the_defaults_are_the_librarys():
    ours, theirs = ImplicitLMF().config, lmf.LogisticMatrixFactorization()
    assert (ours.factors, ours.epochs, ours.lr) == (30, 30, theirs.learning_rate)
    assert (theirs.factors, theirs.iterations) == (30, 30)
    assert (ours.reg, ours.negatives) == (theirs.regularization, theirs.neg_prop)


def test_the_factors_of_a_new_user_maximise_the_objective():
    rng = np.random.default_rng(0)
    rows, bias = rng.normal(size=(40, 3)), rng.normal(size=40)
    weights = rng.uniform(0.5, 1.5, 40)
    sign = np.where(np.arange(40) < 10, 1, -1)

    def loss(x):
        return weights @ np.logaddexp(0, -sign * (rows @ x + bias)) + 0.3 * x @ x / 2

    best = minimize(loss, np.zeros(3), tol=1e-12).x
    np.testing.assert_allclose(_logistic(rows, bias, weights, 10, 0.3), best, atol=1e-3)


def test_negative_values_are_refused(make):
    with pytest.raises(DataError, match="at least 0"):
        ImplicitLMF().fit(make([(0, 0, -1), (1, 1, 2)]), rng=np.random.default_rng(1))
