from __future__ import annotations

import numpy as np

from recsys_cli.data import csr
from recsys_cli.kernels.gibbs import sample_rows, sample_weights, squared_error


def draw(*shape, seed=3):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def ratings():
    """Nine ratings of rows 0, 1 and 3; row 2 has none, row 3 the same column twice."""
    indptr = np.array([0, 4, 6, 6, 9])
    return indptr, np.array([0, 1, 3, 4, 1, 2, 3, 3, 0], np.int32)


def lag():
    return (draw(4, seed=5), draw(4, seed=6)), (draw(5, seed=7), draw(5, seed=8))


def up_to_date(errors, indptr, columns):
    row = np.repeat(np.arange(4), np.diff(indptr))
    rows, cols = lag()
    late = sum(x[row].astype(float) * y[columns] for x, y in zip(rows, cols, strict=True))
    return row, errors - late


def test_the_number_of_a_row_is_drawn_from_its_dense_conditional():
    indptr, columns = ratings()
    errors, fixed, own, normals = draw(9), draw(5, seed=1), draw(4, seed=2), draw(4, seed=4)
    row, error = up_to_date(errors.copy(), indptr, columns)
    old, change, sums = own.copy(), draw(4), (draw(4), draw(4))
    noise, mean, precision = np.float32(1.7), np.float32(0.3), np.float32(2.5)
    prior = (noise, mean, precision)
    sample_rows(0, 4, indptr, columns, errors, *lag(), fixed, own, prior, normals, sums, change)
    np.testing.assert_allclose(errors, error, rtol=1e-5)
    for r in (0, 1, 3):
        h = fixed[columns[row == r]].astype(float)
        target = error[row == r] + h * old[r]
        total = noise * h @ h + precision
        expected = (noise * h @ target + precision * mean) / total + normals[r] / np.sqrt(total)
        np.testing.assert_allclose(own[r], expected, rtol=1e-5)
    assert own[2] == mean
    np.testing.assert_allclose(change, own - old)


def test_weights_are_drawn_one_after_another_from_their_dense_conditionals():
    indptr, columns = ratings()
    row = np.repeat(np.arange(4), np.diff(indptr))
    fixed, errors = draw(5, seed=1).astype(float), draw(9).astype(float)
    side = np.array([[1, 0, 0.5], [0, 2, 0.5], [1, 1, 0], [0, 0.3, -1]], np.float32)
    squares = np.bincount(row, fixed[columns] ** 2, 4).astype(np.float32)
    products = np.bincount(row, fixed[columns] * errors, 4).astype(np.float32)
    weights, normals = draw(3, seed=2), draw(3, seed=4)
    mean, precision = np.array([0.2, -1], np.float32), np.array([1.5, 4], np.float32)
    group, noise, change = np.array([0, 1, 1], np.int32), np.float32(1.7), np.zeros(4, np.float32)
    cells = np.nonzero(side.T)
    index = tuple(part.astype(np.int32) for part in cells)
    design = csr(*index, side.T[cells], (3, 4))
    expected, moved = weights.astype(float), np.zeros(4)
    for j in range(3):
        h = side[row, j] * fixed[columns]
        target = errors - fixed[columns] * moved[row] + h * expected[j]
        total = noise * h @ h + precision[group[j]]
        new = (noise * h @ target + precision[group[j]] * mean[group[j]]) / total
        new += normals[j] / np.sqrt(total)
        moved += side[:, j] * (new - expected[j])
        expected[j] = new
    given = (noise, mean, precision, normals)
    sample_weights(*design[:3], group, weights, *given, (squares, products), change)
    np.testing.assert_allclose(weights, expected, rtol=1e-4)
    np.testing.assert_allclose(change, moved, rtol=1e-4, atol=1e-6)


def test_the_squared_error_is_that_of_errors_brought_up_to_date():
    indptr, columns = ratings()
    errors = draw(9)
    _, error = up_to_date(errors.copy(), indptr, columns)
    before = errors.copy()
    parts = [squared_error(*span, indptr, columns, errors, *lag()) for span in ((0, 2), (2, 4))]
    np.testing.assert_allclose(sum(parts), np.sum(error**2), rtol=1e-5)
    np.testing.assert_array_equal(errors, before)
