"""Sparse similarities, by the kernel and by NumPy, against dense matrices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_cli import threads
from recsys_cli.data import csr
from recsys_cli.models._similarity import Measure, nearest, norms

KINDS = ["dot", "cosine", "pearson", "jaccard", "common-cosine", "common-pearson"]


def sparse(dense):
    row, col = (at.astype(np.int32) for at in np.nonzero(dense))
    return csr(row, col, dense[row, col].astype(np.float32), dense.shape)


def dense_similarity(kind, x, shrinkage, power):
    """Return what rows of x are to each other, 0 on the diagonal and instead of negatives."""
    there = (x != 0).astype(float)
    common = there @ there.T
    out = np.zeros((len(x), len(x)))
    for i, j in zip(*np.nonzero(common), strict=True):
        a, b = x[i], x[j]
        if kind == "jaccard":
            out[i, j] = common[i, j] / ((there[i] + there[j]) > 0).sum()
            continue
        if kind.startswith("common"):
            both = (a != 0) & (b != 0)
            a, b = a[both], b[both]
        if kind.endswith("pearson"):
            a, b = a - a.mean(), b - b.mean()
        size = 1 if kind == "dot" else np.sqrt((a @ a) * (b @ b))
        out[i, j] = a @ b / size if size > 1e-6 else 0
    np.fill_diagonal(out, 0)
    return np.maximum(out * common / np.maximum(common + shrinkage, 1), 0) ** power


def matrix(n_rows=23, n_features=17, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.integers(1, 6, (n_rows, n_features)) + rng.choice([0, 0.5], (n_rows, n_features))
    return np.where(rng.random((n_rows, n_features)) < 0.35, values, 0)


def find(kind, dense, n, shrinkage=0.0, power=1.0, rows=None):
    x = sparse(np.sign(dense) if kind == "jaccard" else dense)
    measure = Measure(kind, shrinkage, power)
    rows = np.arange(len(dense)) if rows is None else rows
    lengths = (norms(measure, x)[rows], norms(measure, x))
    found = nearest(measure, x.rows(rows), x.transpose(), lengths, rows.astype(np.int32), n)
    out = np.zeros((len(rows), len(dense)))
    out[np.repeat(np.arange(len(rows)), np.diff(found.indptr)), found.indices] = found.data
    assert all((np.diff(found.rows(np.array([r])).indices) > 0).all() for r in range(len(rows)))
    return out


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("shrinkage", "power"), [(0.0, 1.0), (5.0, 1.5)])
def test_equals_the_dense_matrix(kind, shrinkage, power):
    x = matrix()
    expected = dense_similarity(kind, x, shrinkage, power)
    tolerance = 1e-5 * expected.max()
    everything = find(kind, x, 100, shrinkage, power)
    np.testing.assert_allclose(everything, expected, rtol=0, atol=tolerance)
    few = find(kind, x, 100, shrinkage, power, rows=np.array([3, 0, 22]))
    np.testing.assert_allclose(few, expected[[3, 0, 22]], rtol=0, atol=tolerance)


@pytest.mark.parametrize("kind", ["cosine", "common-cosine"])
@pytest.mark.parametrize("shape", [(23, 17), (700, 9), (700, 300)])
def test_keeps_the_largest_wherever_they_stand(kind, shape):
    x = matrix(*shape, seed=2)
    full = find(kind, x, len(x))
    some = find(kind, x, 5)
    for all_of, kept in zip(full, some, strict=True):
        wanted = np.sort(all_of)[::-1][:5]
        np.testing.assert_allclose(np.sort(kept)[::-1][:5], wanted, rtol=1e-6)
        assert (kept > 0).sum() == min(5, (all_of > 0).sum())


@pytest.mark.parametrize("rows", [4, 40])
def test_of_equal_similarities_the_lower_index_is_kept(rows):
    found = find("jaccard", np.ones((rows, 3)), 2)
    kept = [np.flatnonzero(row).tolist() for row in found]
    assert kept[:3] == [[1, 2], [0, 2], [0, 1]]
    assert kept[3:] == [[0, 1]] * (rows - 3)


@pytest.mark.parametrize("rows", [5, 400])
def test_ties_go_by_the_index_whatever_the_counts(rows):
    rng = np.random.default_rng(5)
    share = rng.permutation(np.linspace(0.02, 0.6, 400))
    x = (rng.random((400, 30)) < share[:, None]).astype(float)
    dots = x @ x.T
    np.fill_diagonal(dots, 0)
    wanted = np.zeros_like(dots)
    for row, kept in zip(dots, wanted, strict=True):
        best = np.argsort(-row, kind="stable")[:9]
        kept[best] = row[best]
    found = find("dot", x, 9, rows=np.arange(rows))
    np.testing.assert_array_equal(found, wanted[:rows])


@pytest.mark.parametrize("rows", [5, 30])
def test_means_alone_make_nobody_alike(rows):
    x = np.zeros((30, 60))
    x[np.arange(30), np.arange(30)] = np.where(np.arange(30) % 2, 1.0, -1.0)
    assert not find("pearson", x, 10, rows=np.arange(rows)).any()


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.sampled_from(KINDS), st.integers(1, 30))
def test_kernel_and_numpy_agree(seed, kind, n):
    rng = np.random.default_rng(seed)
    x = matrix(int(rng.integers(9, 30)), int(rng.integers(1, 20)), seed)
    many = find(kind, x, n, shrinkage=3.0)
    few = np.concatenate([find(kind, x, n, 3.0, rows=np.array([r])) for r in range(len(x))])
    # where two similarities differ by rounding only, either may be kept
    np.testing.assert_allclose(
        np.sort(many, axis=1), np.sort(few, axis=1), atol=1e-5 * max(1, many.max())
    )


@pytest.mark.parametrize("kind", ["pearson", "common-pearson"])
def test_rows_without_variance_are_similar_to_nothing(kind):
    x = matrix(20, 12)
    x[:10] = 3.3
    assert not find(kind, x, 20)[:10].any()
    assert not find(kind, x, 20, rows=np.arange(5)).any()


def test_the_number_of_threads_changes_no_bit():
    x = matrix(300, 40)
    found = []
    for count in (1, 2, 5):
        with threads.use(count):
            found.append([find(kind, x, 7, 10.0, 1.5) for kind in KINDS])
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])
