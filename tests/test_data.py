"""Interactions as a matrix."""

from __future__ import annotations

import numpy as np
import pytest

from recsys_cli.data import CSR, order_by
from tests.conftest import interactions

ROWS: list[tuple[int, int, float]] = [(0, 1, 5), (0, 1, 2), (0, 0, 3), (1, 1, 4), (0, 1, 5)]


def test_repeated_ratings_are_averaged_so_that_they_stay_within_the_scale():
    assert interactions(ROWS, (2, 2), (1, 5)).csr.data.tolist() == [3, 4, 4]


def test_repeated_counts_are_summed():
    assert interactions(ROWS, (2, 2)).csr.data.tolist() == [3, 12, 4]


def test_repeats_are_all_rows_of_a_pair_but_one():
    assert interactions(ROWS, (2, 2)).n_repeated == 2
    assert interactions(ROWS[1:4], (2, 2)).n_repeated == 0
    # More pairs than 32 bits can number, of which two agree in the last 32.
    wide = [(0, 5, 1.0), (1 << 16, 5, 1.0), (1 << 16, 6, 1.0), (0, 5, 1.0)]
    assert interactions(wide, ((1 << 16) + 1, 1 << 16)).n_repeated == 1


def test_each_value_knows_its_row_and_the_rest_is_filled():
    indptr, indices = np.array([0, 2, 2, 3]), np.array([0, 2, 1], np.int32)
    matrix = CSR(indptr, indices, np.array([5, 6, 7], np.float32), 3)
    assert matrix.row_of().tolist() == [0, 0, 2]
    assert matrix.dense().tolist() == [[5, 0, 6], [0, 0, 0], [0, 7, 0]]
    assert matrix.dense(-1).tolist() == [[5, -1, 6], [-1, -1, -1], [-1, 7, -1]]
    assert matrix.transpose().row_of().tolist() == [0, 1, 2]
    nothing = CSR(np.zeros(1, np.int64), indices[:0], matrix.data[:0], 3)
    assert nothing.row_of().dtype == np.int64 and nothing.dense().shape == (0, 3)


@pytest.mark.parametrize("most", [0, 9, 1 << 16, 1 << 62])
def test_an_order_is_stable_however_large_the_keys(most):
    keys = np.random.default_rng(3).integers(0, most, 5000, endpoint=True)
    np.testing.assert_array_equal(order_by(keys), np.argsort(keys, kind="stable"))
