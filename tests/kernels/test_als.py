"""The conjugate gradient kernel against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from recsys_cli.data import CSR
from recsys_cli.kernels.als import solve_rows
from recsys_cli.models._padded import padded

RNG = np.random.default_rng(5)
LENGTHS = [0, 1, 2, 3, 4, 5, 9, 40]


def reference(fixed, strength, reg, x, steps):
    """Preconditioned conjugate gradients with dense matrices, in float64."""
    gram = np.diag(np.sum(fixed**2, axis=0))
    whole = gram + reg * np.eye(len(x)) + fixed.T @ (strength[:, None] * fixed)
    preconditioner = np.linalg.inv(gram + reg * np.eye(len(x)))
    residual = fixed.T @ ((strength > 0) * (1 + strength)) - whole @ x
    p = z = preconditioner @ residual
    for _ in range(steps):
        if residual @ z < 1e-20:
            break
        length = (residual @ z) / (p @ whole @ p)
        x, lower = x + length * p, residual - length * whole @ p
        z_next = preconditioner @ lower
        p, residual, z = z_next + (lower @ z_next) / (residual @ z) * p, lower, z_next
    dots = fixed @ x
    return x, np.sum((1 + strength) * ((strength > 0) - dots) ** 2) + reg * x @ x


@pytest.mark.parametrize("factors", [1, 3, 8, 21, 64])
@pytest.mark.parametrize("steps", [1, 2, 5])
def test_rows_of_every_length_equal_the_reference(factors, steps):
    fixed = RNG.normal(size=(70, factors))
    fixed = (fixed @ np.linalg.eigh(fixed.T @ fixed)[1]).astype(np.float32)
    indices = [np.sort(RNG.choice(70, n, replace=False)) for n in LENGTHS]
    rows = CSR(
        np.concatenate([[0], np.cumsum(LENGTHS)]),
        np.concatenate(indices).astype(np.int32),
        RNG.uniform(0.5, 20, sum(LENGTHS)).astype(np.float32),
        70,
    )
    reg = RNG.uniform(0.1, 2, len(LENGTHS)).astype(np.float32)
    start = RNG.normal(size=(len(LENGTHS), factors)).astype(np.float32) / 10
    solved = start.copy()
    spectrum = np.sum(fixed.astype(float) ** 2, axis=0).astype(np.float32)
    wide, (weights,) = padded(solved), padded(spectrum[None])
    loss = solve_rows(0, len(LENGTHS), *rows[:3], padded(fixed), weights, reg, steps, wide)
    solved = wide[:, :factors]
    assert not wide[:, factors:].any()
    expected = 0.0
    for u, items in enumerate(indices):
        if not len(items):
            assert (solved[u] == start[u]).all()
            continue
        dense = np.zeros(70)
        dense[items] = rows.data[rows.indptr[u] : rows.indptr[u + 1]]
        begin = start[u].astype(float)
        x, of_row = reference(fixed.astype(float), dense, float(reg[u]), begin, steps)
        np.testing.assert_allclose(solved[u], x, atol=2e-4)
        expected += of_row
    assert loss == pytest.approx(expected, rel=1e-4)


def test_a_range_of_rows_leaves_the_others():
    rows = CSR(np.array([0, 1, 2]), np.zeros(2, np.int32), np.ones(2, np.float32), 1)
    solved = np.zeros((2, 16), np.float32)
    fixed = np.eye(1, 16, dtype=np.float32)
    solve_rows(1, 2, *rows[:3], fixed, fixed[0], np.ones(2, np.float32), 3, solved)
    np.testing.assert_allclose(solved[:, :2], [[0, 0], [2 / 3, 0]], rtol=1e-6)


def test_rows_that_are_not_padded_are_refused():
    rows = CSR(np.array([0, 1]), np.zeros(1, np.int32), np.ones(1, np.float32), 1)
    fixed, one = np.ones((1, 9), np.float32), np.ones(1, np.float32)
    with pytest.raises(ValueError, match="multiple of 16"):
        solve_rows(0, 1, *rows[:3], fixed, fixed[0], one, 2, fixed.copy())
