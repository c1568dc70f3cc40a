"""What every factor model inherits: scores, ratings, neighbours."""

from __future__ import annotations

import numpy as np
import pytest

from recsys_cli.data import csr
from recsys_cli.errors import SpecError
from recsys_cli.models import _blocks, _factor
from recsys_cli.models._base import ModelConfig
from recsys_cli.models._factor import FactorModel

Q = np.array([[1, 0], [2, 0.2], [0, 1], [0, 0], [-1, 0]], np.float32)


class Fixed(FactorModel[ModelConfig]):
    """A factor model whose arrays are given."""

    predicts_ratings = True

    def _train(self, train, features, rng):
        yield from ()

    def _fold_in(self, history):
        raise NotImplementedError


@pytest.fixture
def model():
    fixed = Fixed()
    fixed.user_factors_ = np.array([[1, 0], [0, 1], [0, 0]], np.float32)
    fixed.item_factors_ = Q
    fixed.user_counts_ = np.array([1, 1, 0])
    fixed.item_counts_ = np.array([1, 3, 1, 0, 2])
    return fixed


def test_score_adds_biases_and_mean(model):
    model.user_bias_ = np.array([0.5, 0, 0], np.float32)
    model.item_bias_ = np.array([0, 0, 0, 0, 3], np.float32)
    model.mean_ = np.float32(10)
    np.testing.assert_allclose(model.score(np.array([0])), [[11.5, 12.5, 10.5, 10.5, 12.5]])
    users, items = np.array([0, 1, 2], np.int32), np.array([4, 2, 1], np.int32)
    np.testing.assert_allclose(model.predict(users, items), [12.5, 11, 10])
    assert model.predict(users[:0], items[:0]).shape == (0,)


def test_a_model_that_ranks_predicts_no_ratings(model, monkeypatch):
    monkeypatch.setattr(Fixed, "predicts_ratings", False)
    with pytest.raises(SpecError, match="predicts no ratings"):
        model.predict(np.array([0]), np.array([0]))


@pytest.mark.parametrize("block", [1, 1 << 22])
def test_similar_items_are_other_warm_items_by_cosine(model, block, monkeypatch):
    monkeypatch.setattr(_blocks, "BLOCK_SCORES", block)
    items, cosines = model.similar_items(np.array([0, 2, 3], np.int32), 6)
    assert items.tolist() == [[1, 2, 4, -1, -1, -1], [1, 0, 4, -1, -1, -1], [-1] * 6]
    np.testing.assert_allclose(cosines[0, :3], [2 / np.sqrt(4.04), 0, -1], rtol=1e-6)
    assert (cosines[items < 0] == -np.inf).all()


@pytest.mark.parametrize("exponent", [-44, -38, -30, -20, -12, 0, 12, 18, 19, 30, 38])
def test_cosines_do_not_depend_on_the_scale_of_the_factors(model, exponent):
    asked = np.array([0, 2], np.int32)
    items, cosines = model.similar_items(asked, 3)
    model.item_factors_ = (Q.astype(np.float64) * 10.0**exponent).astype(np.float32)
    found, scaled = model.similar_items(asked, 3)
    np.testing.assert_array_equal(found, items)
    np.testing.assert_allclose(scaled, cosines, atol=1e-6 if exponent > -38 else 0.1)


def test_rows_of_any_two_scales_are_compared(model):
    model.item_factors_ = Q * np.array([[1e30], [1e-30], [1], [1], [1e-40]], np.float32)
    items, cosines = model.similar_items(np.array([0], np.int32), 3)
    assert items.tolist() == [[1, 2, 4]]
    np.testing.assert_allclose(cosines, [[2 / np.sqrt(4.04), 0, -1]], rtol=1e-6)


def test_lengths_of_ordinary_rows_are_taken_as_numpy_does():
    rows = np.random.default_rng(0).standard_normal((50, 7), np.float32)
    plain = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    np.testing.assert_array_equal(_factor._unit(rows), plain)


def test_unknown_and_cold_users_get_what_is_popular(model):
    users = np.array([-1, 2], np.int32)
    assert model.recommend(users, 2)[0].tolist() == [[1, 4]] * 2


def test_no_users_get_no_lists(model):
    items, scores = model.recommend(np.empty(0, np.int32), 3)
    assert items.shape == scores.shape == (0, 3)


@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("part", [1, 70 * 32, 1 << 18])
def test_lists_do_not_depend_on_how_many_scores_are_held_at_once(biased, part, monkeypatch):
    rng = np.random.default_rng(0)
    model = Fixed()
    model.user_factors_ = rng.integers(-3, 4, (30, 4)).astype(np.float32)
    model.item_factors_ = rng.integers(-3, 4, (300, 4)).astype(np.float32)
    model.user_counts_, model.item_counts_ = rng.integers(0, 3, 30), rng.integers(0, 9, 300)
    if biased:
        model.user_bias_ = rng.integers(0, 4, 30).astype(np.float32)
        model.item_bias_ = rng.integers(0, 4, 300).astype(np.float32)
    users = np.append(np.arange(30), [-1] * 3).astype(np.int32)
    seen, may = rng.random((33, 300)) < 0.2, rng.random(300) < 0.7
    row, column = (at.astype(np.int32) for at in np.nonzero(seen))
    allowed = np.where(seen | ~may, -np.inf, model.score(users))
    expected = np.argsort(-allowed, axis=1, kind="stable")
    monkeypatch.setattr(_factor, "_LEAST_USERS", 13)
    monkeypatch.setattr(_factor, "_PART", part)
    exclude = csr(row, column, np.ones(len(row), np.float32), seen.shape)
    for k in (7, 299):
        items, best = model.recommend(users, k, exclude=exclude, candidates=may)
        found = np.take_along_axis(allowed, expected[:, :k], 1)
        np.testing.assert_array_equal(items, np.where(found > -np.inf, expected[:, :k], -1))
        np.testing.assert_array_equal(best, found)


class Odd(Fixed):
    """A factor model that scores in its own way."""

    def _score(self, user_idx):
        scores = super()._score(user_idx)
        scores[:, -1] = 99
        return scores


def test_a_score_of_its_own_is_what_lists_are_made_of(model):
    odd = Odd()
    vars(odd).update(vars(model))
    users = np.array([0, 1] * 10, np.int32)
    assert (odd.recommend(users, 1)[0] == 4).all()


@pytest.mark.parametrize("n", [513, 514, 575, 576, 1025])
def test_equal_items_have_equal_scores_wherever_parts_end(n, monkeypatch):
    monkeypatch.setattr(_factor, "_PART", 512 * 512)
    rng = np.random.default_rng(1)
    model = Fixed()
    model.user_factors_ = rng.standard_normal((512, 64), np.float32)
    model.item_factors_ = rng.standard_normal((n, 64), np.float32)
    model.item_factors_[-1] = model.item_factors_[3]
    model.user_counts_, model.item_counts_ = np.ones(512, int), np.ones(n, int)
    parts = list(model.score_parts(np.arange(512, dtype=np.int32)))
    assert len(parts) == max(1, n // 512)
    scores = np.concatenate(parts, axis=1)
    np.testing.assert_array_equal(scores[:, -1], scores[:, 3])
