from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_cli.kernels import bpr as kernel
from recsys_cli.kernels.negatives import _member, draw_negatives
from recsys_cli.models.bpr import _deal, _members, _places

MASK = (1 << 64) - 1
#: Three vectors, so that the sum of a row has an odd one.
WIDTH = 48


def mix(x):
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def draw(key, counter):
    return mix((key + counter * 0x9E3779B97F4A7C15) & MASK) >> 32


def reference(key, pairs, rows, learned, lr, reg, candidates):
    """One block in plain Python and NumPy, float64; returns the loss and the number of pairs."""
    (users, items), (p, q, b) = pairs, learned
    total, count, stream, n_items = 0.0, 0, mix(key), len(q)
    for n, (u, i) in enumerate(zip(users, items, strict=True)):
        counters = range(8 * candidates * n, 8 * candidates * (n + 1))
        tries = (draw(stream, counter) * n_items >> 32 for counter in counters)
        found = [j for j in tries if j not in rows[u]][:candidates]
        if not found:
            continue
        j = max(found, key=lambda j: b[j] + p[u] @ q[j])
        x = b[i] - b[j] + p[u] @ (q[i] - q[j])
        z = 1 / (1 + np.exp(x))
        total, count = total + np.log1p(np.exp(-x)), count + 1
        b[i], b[j] = b[i] + lr * (z - reg[2] * b[i]), b[j] - lr * (z + reg[2] * b[j])
        p[u], q[i], q[j] = (
            p[u] + lr * (z * (q[i] - q[j]) - reg[0] * p[u]),
            q[i] + lr * (z * p[u] - reg[1] * q[i]),
            q[j] - lr * (z * p[u] + reg[1] * q[j]),
        )
    return total, count


@pytest.fixture
def matrix(ratings):
    return ratings.csr


def run(matrix, learned, key, reg, candidates=1):
    members = np.arange(matrix.n_cols, dtype=np.int32)
    users = np.repeat(np.arange(matrix.n_rows, dtype=np.int32), np.diff(matrix.indptr))
    bounds, loss = np.array([[0, len(users)]]), np.zeros((1, 1, 2))
    drawn = (members, np.array([0, matrix.n_cols]), members, np.zeros(0), candidates)
    rest = (*learned, np.float32(0.1), reg, loss)
    kernel.bpr(0, 1, 0, np.uint64(key), bounds, users, matrix.indices, *drawn, *rest)
    return users, loss[0, 0]


@pytest.mark.parametrize("candidates", [1, 5])
def test_one_block_equals_numpy(matrix, candidates):
    rng = np.random.default_rng(5)
    learned = [
        rng.normal(0, 0.3, size).astype(np.float32)
        for size in ((matrix.n_rows, WIDTH), (matrix.n_cols, WIDTH), (matrix.n_cols,))
    ]
    expected = [array.astype(np.float64) for array in learned]
    reg = np.array([0.3, 0.2, 0.1], np.float32)
    users, loss = run(matrix, learned, 99, reg, candidates)
    ends = zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True)
    rows = [set(matrix.indices[start:stop].tolist()) for start, stop in ends]
    total = reference(99, (users, matrix.indices), rows, expected, 0.1, reg, candidates)
    np.testing.assert_allclose(loss, total, rtol=1e-4)
    for ours, theirs in zip(learned, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_rows_that_are_not_padded_are_refused(matrix):
    learned = [np.zeros((n, 19), np.float32) for n in (matrix.n_rows, matrix.n_cols)]
    with pytest.raises(ValueError, match="multiple of 16"):
        run(matrix, [*learned, np.zeros(matrix.n_cols, np.float32)], 1, np.zeros(3, np.float32))


@pytest.mark.parametrize("score", [-200.0, 200.0])
def test_the_loss_of_hopeless_and_of_certain_pairs_is_exact(matrix, score):
    bias = np.where(np.arange(matrix.n_cols) % 2 == 0, score, 0).astype(np.float32)
    learned = [np.zeros((n, 16), np.float32) for n in (matrix.n_rows, matrix.n_cols)]
    expected = [*(rows.astype(np.float64) for rows in learned), bias.astype(np.float64)]
    users, loss = run(matrix, [*learned, bias], 7, np.zeros(3, np.float32))
    ends = zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True)
    rows = [set(matrix.indices[start:stop].tolist()) for start, stop in ends]
    total = reference(7, (users, matrix.indices), rows, expected, 0.1, np.zeros(3), 1)
    np.testing.assert_allclose(loss, total, rtol=1e-5)


def negatives(row, n_items, candidates, key=3, mass=None):
    """The negatives of one user, who took ``row``."""
    users, items = np.zeros(len(row), np.int32), np.array(row, np.int32)
    members, drawn = np.arange(n_items, dtype=np.int32), np.empty((len(row), candidates), np.int32)
    mass = np.zeros(0) if mass is None else mass
    among = (0, n_items, members, mass, drawn)
    draw_negatives(0, len(row), users, items, members, np.uint64(key), *among)
    return drawn


@given(st.sets(st.integers(0, 40), min_size=1), st.integers(1, 6), st.integers(0, 2**32))
@settings(max_examples=200, deadline=None)
def test_a_negative_is_never_taken_and_none_is_told_at_the_end(row, candidates, key):
    drawn = negatives(sorted(row), 41, candidates, key)
    assert not set(drawn.ravel().tolist()) & row
    assert ((drawn >= 0) | (drawn == -1)).all() and (drawn < 41).all()
    missing = drawn == -1
    assert (missing[:, :-1] <= missing[:, 1:]).all()
    if len(row) == 41:
        assert missing.all()


def test_negatives_follow_their_weights_and_stay_in_their_group():
    members = np.array([5, 2, 7, 1, 0], np.int32)
    mass = np.array([0.0, 1, 3, 3, 6, 7])
    bits = np.linspace(0, 2**32 - 1, 6000).astype(np.uint64)
    drawn = [members[_member(b, 1, 4, mass)] for b in bits]
    assert {item: drawn.count(item) for item in set(drawn)} == pytest.approx(
        {2: 2400, 1: 3600}, abs=2
    )
    evenly = [members[_member(b, 1, 4, mass[:0])] for b in bits]
    assert [evenly.count(item) for item in (2, 7, 1)] == pytest.approx([2000] * 3, abs=1)


def test_dealing_puts_every_interaction_once_into_its_block(matrix):
    rng = np.random.default_rng(2)
    of_user = rng.integers(4, size=matrix.n_rows).astype(np.int32)
    of_item = rng.integers(4, size=matrix.n_cols).astype(np.int32)
    users, items = np.empty_like(matrix.indices), np.empty_like(matrix.indices)
    bounds = _deal(matrix, of_user, of_item, 4, users, items)
    for g in range(4):
        for h in range(4):
            block = slice(bounds[g, h], bounds[g, h + 1])
            assert (of_user[users[block]] == g).all()
            assert (of_item[items[block]] == h).all()
    rows = np.repeat(np.arange(matrix.n_rows), np.diff(matrix.indptr))
    dealt = sorted(zip(users.tolist(), items.tolist(), strict=True))
    assert dealt == list(zip(rows.tolist(), matrix.indices.tolist(), strict=True))


def test_members_are_the_warm_ones_group_by_group():
    group = np.array([1, 0, 1, 2, 0], np.int32)
    members, bounds = _members(group, 4, np.array([True, True, False, True, True]))
    assert members.tolist() == [1, 4, 0, 3]
    assert bounds.tolist() == [0, 2, 3, 4, 4]
    assert _places(members, bounds)[members].tolist() == [0, 1, 0, 0]
