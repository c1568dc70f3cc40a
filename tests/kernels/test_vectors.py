"""Row arithmetic by vectors, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from recsys_cli.kernels import eights, vectors
from recsys_cli.models._padded import padded


@njit
def calls(p, q, keep, by):
    found = vectors.dot(p, 2, q, 1), vectors.dot_gap(p, 0, q, 0, q, 2)
    vectors.fetch(p, 1)
    vectors.attract(p, 1, q, 1, keep, np.float32(0.25), by)
    vectors.prefer(p, 0, q, 0, q, 2, keep, np.float32(0.25), by)
    return found


@pytest.mark.parametrize("width", [16, 32, 48, 112])
def test_rows_are_combined_as_numpy_does(width):
    rng = np.random.default_rng(width)
    p, q = (rng.normal(size=(3, width)).astype(np.float32) for _ in range(2))
    old_p, old_q = p.astype(np.float64), q.astype(np.float64)
    found = calls(p, q, np.float32(0.5), np.float32(2))
    expected = old_p[2] @ old_q[1], old_p[0] @ (old_q[0] - old_q[2])
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    gap = old_q[0] - old_q[2]
    moved_p = [0.5 * old_p[0] + 2 * gap, 0.5 * old_p[1] + 2 * old_q[1], old_p[2]]
    moved_q = [
        0.25 * old_q[0] + 2 * old_p[0],
        0.25 * old_q[1] + 2 * old_p[1],
        0.25 * old_q[2] - 2 * old_p[0],
    ]
    np.testing.assert_allclose(p, moved_p, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(q, moved_q, rtol=1e-4, atol=1e-4)


@njit
def eight(matrix, columns, n, vector, weights, found, out):
    eights.dots(matrix, columns, n, vector, found)
    eights.add(matrix, columns, n, weights, out)


@pytest.mark.parametrize("width", [16, 48, 128])
def test_eight_rows_are_combined_as_numpy_does(width):
    rng = np.random.default_rng(width)
    matrix, columns = rng.normal(size=(9, width)).astype(np.float32), rng.integers(0, 9, 12)
    columns = columns.astype(np.int32)
    vector, out = rng.normal(size=(2, width)).astype(np.float32)
    weights, found = rng.normal(size=8).astype(np.float32), np.zeros(12, np.float32)
    expected = out + weights.astype(np.float64) @ matrix[columns[3:11]]
    eight(matrix, columns, 3, vector, weights, found, out)
    np.testing.assert_allclose(out, expected, rtol=1e-4, atol=1e-4)
    dots = matrix[columns[3:11]].astype(np.float64) @ vector
    np.testing.assert_allclose(found, [0, 0, 0, *dots, 0], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("factors", [1, 16, 100])
def test_padded_rows_begin_on_cache_lines_and_end_in_zeros(factors):
    rows = np.random.default_rng(1).normal(size=(7, factors)).astype(np.float32)
    laid = padded(rows)
    assert laid.ctypes.data % 64 == 0 and laid.shape[1] % vectors.LANES == 0
    np.testing.assert_array_equal(laid[:, :factors], rows)
    assert not laid[:, factors:].any()


def test_an_array_that_is_laid_out_otherwise_is_refused():
    p, q = np.ones((3, 16), np.float32), np.asfortranarray(np.ones((3, 16), np.float32))
    with pytest.raises(Exception, match="C-ordered"):
        calls(p, q, np.float32(1), np.float32(1))
    with pytest.raises(Exception, match="32 bits"):
        calls(p, p.astype(np.float64), np.float32(1), np.float32(1))
