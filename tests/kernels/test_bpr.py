from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_cli.kernels import bpr as kernel
from recsys_cli.models.bpr import _deal, _members

MASK = (1 << 64) - 1


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
    for n in range(len(users)):
        counter = (8 * candidates + 1) * n
        at = draw(stream, counter) * len(users) >> 32
        u, i = users[at], items[at]
        tries = (draw(stream, counter + t) * n_items >> 32 for t in range(1, 8 * candidates + 1))
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
    drawn = (matrix.indptr, matrix.indices, members, np.array([0, matrix.n_cols]), np.zeros(0))
    drawn += (candidates,)
    rest = (*learned, np.float32(0.1), reg, loss)
    kernel.bpr(0, 1, 0, np.uint64(key), bounds, users, matrix.indices, *drawn, *rest)
    return users, loss[0, 0]


@pytest.mark.parametrize("candidates", [1, 5])
def test_one_block_equals_numpy(matrix, candidates):
    rng = np.random.default_rng(5)
    learned = [
        rng.normal(0, 0.3, size).astype(np.float32)
        for size in ((matrix.n_rows, 19), (matrix.n_cols, 19), (matrix.n_cols,))
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


@given(st.lists(st.integers(0, 60), unique=True, max_size=30), st.integers(0, 60))
@settings(max_examples=200, deadline=None)
def test_a_row_is_searched_rightly_between_its_bounds(row, item):
    indices = np.array([item, *sorted(row), item], np.int32)
    assert kernel._contains(indices, 1, len(row) + 1, item) == (item in row)


def test_negatives_follow_their_weights_and_stay_in_their_group():
    members = np.array([5, 2, 7, 1, 0], np.int32)
    mass = np.array([0.0, 1, 3, 3, 6, 7])
    bits = np.linspace(0, 2**32 - 1, 6000).astype(np.uint64)
    drawn = [kernel._negative(b, 1, 4, members, mass) for b in bits]
    assert {item: drawn.count(item) for item in set(drawn)} == pytest.approx(
        {2: 2400, 1: 3600}, abs=2
    )
    evenly = [kernel._negative(b, 1, 4, members, mass[:0]) for b in bits]
    assert [evenly.count(item) for item in (2, 7, 1)] == pytest.approx([2000] * 3, abs=1)


def test_dealing_puts_every_interaction_once_into_its_block(matrix):
    rng = np.random.default_rng(2)
    of_user = rng.integers(4, size=matrix.n_rows).astype(np.int32)
    of_item = rng.integers(4, size=matrix.n_cols).astype(np.int32)
    bounds, users, items = _deal(matrix, of_user, of_item, 4)
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
