from __future__ import annotations

import numpy as np
import pytest

from recsys_cli.kernels.sgd import sgd


def reference(data, learned, scales, lr, reg):
    """One pass in plain NumPy, float64; returns the sum of weighted squared errors."""
    p, q, b_user, b_item = learned
    total = 0.0
    for u, i, r, w in zip(*data, strict=True):
        e = r - b_user[u] - b_item[i] - p[u] @ q[i]
        total += w * e**2
        w /= 1 + lr * max(w - 1, 0) * (2 + p[u] @ p[u] + q[i] @ q[i])
        hold_u, hold_i = scales[0][u], scales[1][i]
        b_user[u] += lr * (w * e - reg[2] * hold_u * b_user[u])
        b_item[i] += lr * (w * e - reg[3] * hold_i * b_item[i])
        p[u], q[i] = (
            p[u] + lr * (w * e * q[i] - reg[0] * hold_u * p[u]),
            q[i] + lr * (w * e * p[u] - reg[1] * hold_i * q[i]),
        )
    return total


def test_one_pass_equals_numpy():
    rng = np.random.default_rng(3)
    n, shape, factors = 400, (20, 15), 48
    data = (
        rng.integers(shape[0], size=n).astype(np.int32),
        rng.integers(shape[1], size=n).astype(np.int32),
        rng.normal(size=n).astype(np.float32),
        rng.uniform(0.1, 9, n).astype(np.float32),
    )
    sizes = ((shape[0], factors), (shape[1], factors), shape[:1], shape[1:])
    learned = [rng.normal(0, 0.2, size).astype(np.float32) for size in sizes]
    scales = [rng.uniform(0.1, 1, size).astype(np.float32) for size in shape]
    reg = np.array([0.3, 0.2, 0.1, 0.4], np.float32)
    expected = [array.astype(np.float64) for array in learned]
    total = reference(data, expected, scales, 0.05, reg)
    loss = np.zeros((1, 1))
    sgd(0, 1, 0, np.array([[0, n]]), *data, *learned, *scales, np.float32(0.05), reg, loss)
    np.testing.assert_allclose(loss[0, 0], total, rtol=1e-5)
    for ours, theirs in zip(learned, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_a_diagonal_visits_its_own_blocks_alone():
    users, items = np.repeat(np.arange(2, dtype=np.int32), 2), np.array([0, 1, 0, 1], np.int32)
    bounds = np.array([[0, 1, 2], [2, 3, 4]])
    p, q = np.zeros((2, 16), np.float32), np.zeros((2, 16), np.float32)
    b_user, b_item, ones = np.zeros(2, np.float32), np.zeros(2, np.float32), np.ones(2, np.float32)
    loss, weights = np.full((2, 2), -1.0), np.ones(4, np.float32)
    ratings = np.array([1, 2, 3, 4], np.float32)
    learned = (p, q, b_user, b_item, ones, ones, np.float32(0.5), np.zeros(4, np.float32))
    sgd(0, 2, 1, bounds, users, items, ratings, weights, *learned, loss)
    assert loss.tolist() == [[-1, 4], [9, -1]]
    assert b_user.tolist() == [1, 1.5]
    assert b_item.tolist() == [1.5, 1]


@pytest.mark.parametrize("weight", [0.5, 1.0, 3.0, 1e6])
def test_a_rating_moves_as_far_as_a_plain_step_and_an_implicit_one_of_the_weight_above_1(weight):
    none, one = np.zeros(1, np.int32), np.ones(1, np.float32)
    p, q = np.zeros((1, 16), np.float32), np.zeros((1, 16), np.float32)
    b_user, b_item, lr = np.zeros(1, np.float32), np.zeros(1, np.float32), 0.1
    data, weights = (none, none, one * 4), one * np.float32(weight)
    learned = (p, q, b_user, b_item, one, one, np.float32(lr), np.zeros(4, np.float32))
    sgd(0, 1, 0, np.array([[0, 1]]), *data, weights, *learned, np.zeros((1, 1)))
    after_plain = 4 * (1 - 2 * lr * min(weight, 1))  # each bias takes a step of lr w e
    expected = after_plain / (1 + 2 * lr * max(weight - 1, 0))
    assert 4 - b_user[0] - b_item[0] == pytest.approx(expected, rel=1e-5, abs=1e-5)


def test_rows_that_are_not_padded_are_refused():
    rows, one, none = np.zeros((1, 19), np.float32), np.ones(1, np.float32), np.zeros(1, np.int32)
    learned = (rows, rows.copy(), one, one, one, one, np.float32(1), np.zeros(4, np.float32))
    with pytest.raises(ValueError, match="multiple of 16"):
        sgd(0, 1, 0, np.array([[0, 1]]), none, none, one, one, *learned, np.zeros((1, 1)))
