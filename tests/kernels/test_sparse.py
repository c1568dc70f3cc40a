"""Products of sparse rows against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from recsys_cli.data import csr
from recsys_cli.models._sparse import gram_rows, times_dense, times_sparse
from recsys_cli.models._topk import SMALL


def sparse(rows, cols, seed):
    rng = np.random.default_rng(seed)
    dense = rng.integers(1, 6, (rows, cols)) * (rng.random((rows, cols)) < 0.2)
    row, col = (part.astype(np.int32) for part in dense.nonzero())
    return csr(row, col, dense[row, col].astype(np.float32), dense.shape), dense


@pytest.mark.parametrize("rows", [1, SMALL, SMALL + 1, 300])
def test_a_sparse_matrix_times_a_dense_or_a_sparse_one(rows):
    left, left_dense = sparse(rows, 150, 1)
    right, right_dense = sparse(150, 131, 2)
    expected = (left_dense @ right_dense).astype(np.float32)
    np.testing.assert_array_equal(times_sparse(left, right), expected)
    np.testing.assert_array_equal(times_dense(left, right_dense.astype(np.float32)), expected)


def test_rows_of_the_gramian_as_far_as_they_are_wanted():
    x, dense = sparse(90, 40, 3)
    out = np.full((5, 12), np.nan)
    gram_rows(x.transpose(), x, 7, out)
    np.testing.assert_array_equal(out, (dense.T @ dense)[7:12, :12])
