"""The mean of the k votes of most weight, by the kernel and by NumPy, against a loop."""

from __future__ import annotations

import numpy as np
import pytest

from recsys_cli.data import CSR, csr
from recsys_cli.models._votes import Poll, add_votes, items_are_less, shares


def random_csr(shape, rng, values):
    dense = np.where(rng.random(shape) < 0.5, values(shape), 0)
    row, col = (at.astype(np.int32) for at in np.nonzero(dense))
    return csr(row, col, dense[row, col].astype(np.float32), shape), dense


def everything(n_rows, n_items):
    items = np.tile(np.arange(n_items, dtype=np.int32), n_rows)
    base = np.arange(n_rows * n_items, dtype=np.float32) / 10
    return CSR(np.arange(n_rows + 1, dtype=np.int64) * n_items, items, base, n_items)


def slow(rows, votes, rows_weigh, k, damping):
    out = np.zeros((len(rows), votes.shape[1]))
    for r, i in np.ndindex(out.shape):
        voters = np.flatnonzero((rows[r] != 0) & (votes[:, i] != 0))
        weight, value = (rows[r], votes[:, i]) if rows_weigh else (votes[:, i], rows[r])
        best = voters[np.argsort(-weight[voters], kind="stable")[:k]]
        if len(best):
            out[r, i] = weight[best] @ value[best] / (damping + weight[best].sum())
    return out


@pytest.mark.parametrize("rows_weigh", [True, False])
@pytest.mark.parametrize("n_rows", [3, 90])
@pytest.mark.parametrize(("k", "damping"), [(1, 0.0), (4, 0.3), (100, 0.0)])
def test_means_equal_a_loop(rows_weigh, n_rows, k, damping):
    rng = np.random.default_rng(5)

    def weights(shape):
        return rng.choice([0.25, 0.5, 0.75, 1.0], shape)  # many ties

    def values(shape):
        return rng.normal(size=shape)

    kinds = (weights, values) if rows_weigh else (values, weights)
    rows, dense_rows = random_csr((n_rows, 12), rng, kinds[0])
    votes, dense_votes = random_csr((12, 7), rng, kinds[1])
    poll, base = Poll(rows, votes, rows_weigh, k, damping), everything(n_rows, 7)
    found = add_votes(poll, base) - base.data
    expected = slow(dense_rows, dense_votes, rows_weigh, k, damping)
    np.testing.assert_allclose(found.reshape(n_rows, 7), expected, atol=1e-5)


@pytest.mark.parametrize("rows_weigh", [True, False])
def test_few_wanted_items_are_answered_as_all_are(rows_weigh):
    rng = np.random.default_rng(7)
    rows, _ = random_csr((90, 60), rng, lambda shape: rng.choice([0.25, 0.5, 1.0], shape))
    votes, _ = random_csr((60, 50), rng, lambda shape: rng.choice([0.25, 0.5, 1.0], shape))
    poll, whole = Poll(rows, votes, rows_weigh, 5, 0.1), everything(90, 50)
    whole = whole._replace(data=np.zeros_like(whole.data))
    few = CSR(np.arange(91), np.resize(whole.indices, 90), np.zeros(90, np.float32), 50)
    assert items_are_less(poll, few) and not items_are_less(poll, whole)
    expected = add_votes(poll, whole).reshape(90, 50)[np.arange(90), few.indices]
    np.testing.assert_array_equal(add_votes(poll, few), expected)


@pytest.mark.parametrize("n_rows", [2, 40])
def test_only_wanted_items_are_answered(n_rows):
    rng = np.random.default_rng(5)
    rows, _ = random_csr((n_rows, 12), rng, lambda s: rng.normal(size=s))
    votes, _ = random_csr((12, 7), rng, lambda s: rng.random(s))
    poll, base = Poll(rows, votes, False, 3, 0.1), everything(n_rows, 7)
    full = add_votes(poll, base)
    wanted = np.flatnonzero(rng.random(n_rows * 7) < 0.3)
    counts = np.bincount(wanted // 7, minlength=n_rows)
    indptr = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    some = CSR(indptr, base.indices[wanted], base.data[wanted], 7)
    np.testing.assert_array_equal(add_votes(poll, some), full[wanted])


def test_shares_add_up_to_the_mean():
    rng = np.random.default_rng(5)
    rows, _ = random_csr((3, 12), rng, lambda s: rng.normal(size=s))
    votes, _ = random_csr((12, 7), rng, lambda s: rng.random(s))
    poll, base = Poll(rows, votes, False, 2, 0.1), everything(3, 7)
    item, place, share = shares(poll, 1)
    assert np.bincount(item).max() == 2
    assert place.max() < np.diff(rows.indptr)[1]
    means = (add_votes(poll, base) - base.data).reshape(3, 7)
    np.testing.assert_allclose(np.bincount(item, share, 7), means[1], atol=1e-6)
