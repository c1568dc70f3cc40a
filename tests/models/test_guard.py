"""The one place that stands before and after every backend."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recsys_cli.data import CSR
from recsys_cli.errors import DataError, Diverged
from recsys_cli.models._blend import voted
from recsys_cli.models._guard import fits, foreign, largest, native, require_cells, require_index
from recsys_cli.models.als import ALS
from recsys_cli.models.bayesian_mf import BayesianMF
from recsys_cli.models.bias import Bias
from recsys_cli.models.implicit_cosine import ImplicitCosine
from recsys_cli.models.mf import MF


def row(indptr, indices, data=None):
    values = np.ones(len(indices)) if data is None else data
    return CSR(np.array(indptr), np.array(indices, np.int32), np.array(values, np.float32), 3)


SOUND = {
    "empty": row([0], []),
    "rows": row([0, 2, 2, 3], [0, 2, 1]),
    "a row that begins below the last one's end": row([0, 1, 2], [2, 0]),
}
BROKEN = {
    "a column beyond": row([0, 1], [3]),
    "a column below": row([0, 1], [-1]),
    "a column twice": row([0, 2], [1, 1]),
    "columns out of order": row([0, 2], [1, 0]),
    "ends beyond": row([0, 2], [1]),
    "ends before": row([0, 1], [0, 1]),
    "begins late": row([1, 1], [0]),
    "goes back": row([0, 2, 1, 3], [0, 1, 2]),
    "no end": row([], []),
    "no value": row([0, 1], [0], []),
}


@pytest.mark.parametrize("matrix", SOUND.values(), ids=SOUND)
def test_a_sound_matrix_is_handed_on_and_comes_back(matrix):
    assert fits(matrix, (matrix.n_rows, 3))
    assert not fits(matrix, (matrix.n_rows + 1, 3)) and not fits(matrix, (matrix.n_rows, 4))
    back = native(foreign(matrix))
    for ours, theirs in zip(matrix, back, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("matrix", BROKEN.values(), ids=BROKEN)
def test_a_broken_matrix_reaches_no_library(matrix):
    assert not fits(matrix, (matrix.n_rows, 3))
    with pytest.raises(DataError):
        foreign(matrix)


def test_values_that_are_not_finite_reach_no_library():
    with pytest.raises(DataError, match="too large"):
        foreign(row([0, 1], [0], [np.nan]))


def test_what_a_library_hands_back_is_looked_at():
    found = csr_matrix(([1.0, 0.0, 2.0], [2, 1, 0], [0, 3]), shape=(1, 3))
    np.testing.assert_array_equal(native(found).indices, [0, 2])
    found.indices[0] = 7
    with pytest.raises(Diverged, match="damaged"):
        native(found)


def test_a_similarity_that_points_outside_is_not_kept(monkeypatch, ratings):
    nearest = pytest.importorskip("implicit.nearest_neighbours", reason="pip install implicit")
    fit = nearest.ItemItemRecommender.fit

    def spoil(self, *args, **kwargs):
        fit(self, *args, **kwargs)
        self.similarity.indices[5] = 60

    monkeypatch.setattr(nearest.ItemItemRecommender, "fit", spoil)
    with pytest.raises(Diverged, match="implicit-cosine diverged in epoch 1: the library's matrix"):
        ImplicitCosine().fit(ratings, rng=np.random.default_rng(1))


def test_indices_are_whole_numbers_in_range():
    require_index(np.array([0, 2], np.int32), 3, "user_idx")
    require_index(np.array([-1]), 3, "user_idx", least=-1)
    for bad in ([3], [-1], [0.5], [[0]]):
        with pytest.raises(DataError, match="user_idx"):
            require_index(bad, 3, "user_idx")


def test_what_a_library_counts_by_int32_is_counted_first():
    require_cells(2**16, 2**15 - 1, "cells", "fewer")
    with pytest.raises(DataError, match="65,536 × 32,768 cells"):
        require_cells(2**16, 2**15, "cells", "fewer")


def test_the_largest_magnitude_tells_of_what_is_not_finite():
    assert largest(np.array([1, -5, 3], np.float32)) == 5
    assert largest(np.empty(0)) == 0
    assert not np.isfinite(largest(np.array([1, np.nan])))
    assert not np.isfinite(largest(np.array([1, -np.inf])))


@pytest.mark.parametrize("epoch", [1, 2, 5])
def test_a_divergence_names_epoch_and_array(ratings, epoch):
    def spoil(model, now, _loss):
        if now == epoch:
            model.item_factors_[3] = np.nan

    with pytest.raises(Diverged, match=f"als diverged in epoch {min(epoch + 1, 5)}: ") as raised:
        ALS(factors=4, epochs=5).fit(ratings, rng=np.random.default_rng(1), on_epoch=spoil)
    assert "_factors holds a value that is not finite" in raised.value.message


def test_scores_beyond_float32_name_the_array_that_is_to_blame(ratings):
    model = MF(factors=2, epochs=1).fit(ratings, rng=np.random.default_rng(1))
    model.user_factors_[:], model.item_factors_[:] = 1e20, -1e25
    users = np.arange(3, dtype=np.int32)
    told = r"of mf is not finite; item_factors reaches 1e\+25"
    with pytest.raises(Diverged, match=f"a score {told}"):
        model.recommend(users, 3)
    with pytest.raises(Diverged, match=f"a predicted rating {told}"):
        model.predict(users, users)


def test_a_score_that_diverges_between_epochs_names_the_epoch(ratings):
    def look(model, epoch, _loss):
        if epoch == 2:
            model.user_factors_[:] = model.item_factors_[:] = 1e25
            model.recommend(np.zeros(1, np.int32), 3)

    with pytest.raises(Diverged, match="mf diverged in epoch 2: a score of mf"):
        MF(factors=2, epochs=3).fit(ratings, rng=np.random.default_rng(1), on_epoch=look)


def test_values_that_overflow_as_sums_are_refused(ratings):
    again = np.append(np.arange(len(ratings)), 7)
    value = np.full(len(again), 3e38, np.float32)
    twice = replace(ratings.take(again), value=value, scale=None)
    with pytest.raises(DataError, match="repeated pair") as refused:
        _ = twice.csr
    assert "duplicates" in refused.value.hint


def test_a_model_of_ones_own_is_guarded_by_being_one(ratings):
    class Wild(Bias):
        def predict(self, user_idx, item_idx, timestamp=None):
            return np.full(len(user_idx), np.nan, np.float32)

    model = Wild().fit(ratings, rng=np.random.default_rng(1))
    with pytest.raises(Diverged, match="predicted rating"):
        model.predict(np.zeros(1, np.int32), np.zeros(1, np.int32))
    with pytest.raises(DataError, match="item_idx"):
        model.predict(np.zeros(1, np.int32), np.full(1, 60, np.int32))


def test_methods_of_a_mixin_are_guarded_too(ratings):
    class Mixin:
        def predict(self, user_idx, item_idx, timestamp=None):
            return np.full(len(user_idx), np.nan, np.float32)

    class Mixed(Mixin, Bias):
        """Predicts by the mixin."""

    model = Mixed().fit(ratings, rng=np.random.default_rng(1))
    with pytest.raises(Diverged, match="a predicted rating"):
        model.predict(np.zeros(2, np.int32), np.zeros(2, np.int32))
    with pytest.raises(DataError):
        model.predict(np.array([10**6]), np.array([0]))


def test_a_model_may_take_more_than_the_guard_knows(ratings):
    class Boosted(Bias):
        """Has a keyword of its own."""

        def recommend(self, user_idx, k, *, exclude=None, candidates=None, boost=1.0):
            items, scores = super().recommend(user_idx, k, exclude=exclude, candidates=candidates)
            return items, scores * np.float32(boost)

    model = Boosted().fit(ratings, rng=np.random.default_rng(1))
    users = np.arange(3, dtype=np.int32)
    plain, boosted = model.recommend(users, 4)[1], model.recommend(users, 4, boost=2.0)[1]
    np.testing.assert_array_equal(boosted, 2 * plain)


def test_scores_that_are_no_numbers_reach_no_ensemble(ratings):
    model = MF(factors=2, epochs=1).fit(ratings, rng=np.random.default_rng(1))
    model.item_factors_ = np.full_like(model.item_factors_, 1e25)
    model.user_factors_ = np.full_like(model.user_factors_, 1e20)
    users = np.arange(3, dtype=np.int32)
    with pytest.raises(Diverged, match="item_factors reaches 1e\\+25"):
        model.score(users)
    for blend in ("linear", "z-score", "rank"):
        with pytest.raises(Diverged):
            voted(model, users, blend)


@pytest.mark.parametrize("users", [[3], [*range(60)]])
@pytest.mark.parametrize("k", [2, 300])
def test_a_score_that_is_no_number_is_refused_however_many_are_asked(ratings, users, k):
    model = ALS(factors=2, epochs=1).fit(ratings, rng=np.random.default_rng(1))
    model.user_factors_[:], model.item_factors_[:] = 1, -1
    model.item_factors_[7] = np.nan
    with pytest.raises(Diverged, match="a score of als is not finite; item_factors"):
        model.recommend(np.array(users, np.int32), k)
    allowed = np.arange(60) != 7
    items, _ = model.recommend(np.array([3], np.int32), 2, candidates=allowed)
    assert items.tolist() == [[0, 1]]


def test_a_cosine_beyond_1_is_refused(ratings):
    pytest.importorskip("implicit", reason="pip install implicit")
    model = ImplicitCosine().fit(ratings, rng=np.random.default_rng(1))
    asked = np.arange(3, dtype=np.int32)
    model.similar_items(asked, 2)
    model.similarity_data_ = model.similarity_data_ * np.float32(3)
    told = r"a cosine of implicit-cosine is [\d.]+; \w+ reaches"
    with pytest.raises(Diverged, match=told):
        model.similar_items(asked, 2)


def test_what_vanishes_in_float32_is_none_of_a_library_s_similarities():
    found = csr_matrix(([1e-50, 2.0], [0, 1], [0, 2]), shape=(1, 2))
    np.testing.assert_array_equal(native(found).indices, [1])


def test_a_fit_taken_up_names_the_epoch_that_it_is_in(ratings):
    kept = []
    config = {"factors": 2, "epochs": 6, "burn_in": 1, "samples": 2}

    def keep(model, epoch, _loss):
        found = model.checkpoint(epoch)
        kept.append(replace(found, arrays={k: a.copy() for k, a in found.arrays.items()}))
        return epoch == 3

    BayesianMF(**config).fit(ratings, rng=np.random.default_rng(1), on_epoch=keep)
    kept[-1].arrays["0/own"][:] = 1e30
    with pytest.raises(Diverged, match="in epoch 4"):
        BayesianMF(**config).fit(ratings, rng=np.random.default_rng(1), begins=kept[-1])
