from __future__ import annotations

import numpy as np
import pytest

from recsys_cli.kernels.svdpp import Holds, Learned, Ratings, implicit_sums, svdpp


def problem(drifts):
    """Return ratings of 6 users and 5 items, what is learned, and L2 weights."""
    rng = np.random.default_rng(5)
    users, items = np.nonzero(rng.random((6, 5)) < 0.6)
    n, f = len(users), 3
    indptr = np.concatenate(([0], np.cumsum(np.bincount(users, minlength=6))))
    data = Ratings(
        indptr=indptr,
        items=items.astype(np.int32),
        values=rng.normal(size=n).astype(np.float32),
        weights=rng.uniform(0.1, 9, n).astype(np.float32),
        deviation=rng.uniform(-1, 1, n).astype(np.float32),
        slots=rng.integers(0, 4, (n, 2 * drifts)).astype(np.int32),
        seen_indptr=indptr,
        seen_items=items.astype(np.int32),
    )
    shapes = [(6, f), (5, f), (5, f), 6, 5, (6, drifts * (f + 1)), 4]
    now = Learned(*(rng.normal(0, 0.3, shape).astype(np.float32) for shape in shapes))
    sizes = [6, 5, 5, 6, 5, 6, 6, 4]
    hold = Holds(*(rng.uniform(0.01, 0.3, size).astype(np.float32) for size in sizes))
    return data, now, hold


def reference(order, data, now, hold, lr):
    """Move every ``y_j`` at each rating, as the paper has it; shrink them once a user."""
    p, q, y, b_user, b_item, drift, extra = now
    total = 0.0
    for u in order:
        rows = np.arange(data.indptr[u], data.indptr[u + 1])
        seen = data.items[rows]
        norm = len(seen) ** -0.5
        for n in rows:
            i, time, slots = data.items[n], data.deviation[n], data.slots[n]
            moving = drift[u] if drift.shape[1] else np.zeros(p.shape[1] + 1)
            user = p[u] + norm * y[seen].sum(axis=0) + time * moving[:-1]
            error = data.values[n] - b_user[u] - b_item[i] - user @ q[i] - time * moving[-1]
            error -= sum(extra[s] for s in slots)
            total += data.weights[n] * error**2
            drifted = time**2 * (1 + q[i] @ q[i]) if drift.shape[1] else 0
            slope = 2 + len(slots) + user @ user + 2 * q[i] @ q[i] + drifted
            steady = data.weights[n] / (1 + lr * max(data.weights[n] - 1, 0) * slope)
            step, old_q = lr * steady * error, q[i].copy()
            b_user[u] = (b_user[u] + step) / (1 + lr * hold.b_user[u])
            b_item[i] = (b_item[i] + step) / (1 + lr * hold.b_item[i])
            for s in slots:
                extra[s] = (extra[s] + step) / (1 + lr * hold.extra[s])
            p[u] = (p[u] + step * old_q) / (1 + lr * hold.p[u])
            q[i] = (q[i] + step * user) / (1 + lr * hold.q[i])
            y[seen] += step * norm * old_q
            if drift.shape[1]:
                drift[u, :-1] = (drift[u, :-1] + step * time * old_q) / (1 + lr * hold.drift[u])
                drift[u, -1] = (drift[u, -1] + step * time) / (1 + lr * hold.b_drift[u])
        y[seen] /= (1 + lr * hold.y[seen])[:, None]
    return total


@pytest.mark.parametrize("drifts", [0, 1])
def test_it_is_the_papers_descent_which_moves_every_implicit_factor_at_each_rating(drifts):
    data, now, hold = problem(drifts)
    slow = Learned(*(array.astype(np.float64) for array in now))
    order = np.flatnonzero(np.diff(data.indptr))[::-1].copy()
    for _ in range(3):
        squared = svdpp(order, data, now, hold, np.float32(0.1))
        assert squared == pytest.approx(reference(order, data, slow, hold, 0.1), rel=1e-4)
    for found, expected in zip(now, slow, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_an_implicit_sum_is_scaled_by_the_root_of_the_items_and_zero_without_any():
    y = np.array([[1, 2], [3, 4], [5, 6], [7, 8]], np.float32)
    out = np.full((2, 2), np.nan, np.float32)
    implicit_sums(0, 2, np.array([0, 4, 4]), np.arange(4, dtype=np.int32), y, out)
    np.testing.assert_array_equal(out, [[8, 10], [0, 0]])
