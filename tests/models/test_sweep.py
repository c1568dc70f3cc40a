"""The inverse in place against NumPy's."""

from __future__ import annotations

import numpy as np
import pytest

from recsys_cli import threads
from recsys_cli.errors import DataError
from recsys_cli.models import _sweep
from recsys_cli.models._sweep import empty_panels, invert


def panels_of(matrix):
    panels = empty_panels(len(matrix))
    for panel in panels:
        end = panel.shape[1]
        panel[:] = matrix[end - len(panel) : end, :end]
    return panels


@pytest.mark.parametrize("n", [1, 15, 16, 17, 100, 600])
def test_the_lower_triangle_becomes_that_of_the_inverse(n, monkeypatch):
    monkeypatch.setattr(_sweep, "ROWS", 16 if n < 600 else 512)
    x = np.random.default_rng(n).normal(size=(n + 3, n))
    gram = x.T @ x + 0.01 * np.eye(n)
    panels = panels_of(gram)
    with threads.use(2):
        diagonal = invert(panels, 0.01)
    exact = np.linalg.inv(gram)
    np.testing.assert_allclose(diagonal, exact.diagonal(), rtol=1e-8)
    for found, expected in zip(panels, panels_of(exact), strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9 * np.abs(exact).max())


@pytest.mark.parametrize("block", [0, 30])
def test_a_matrix_that_is_not_positive_definite_is_refused(block, monkeypatch):
    monkeypatch.setattr(_sweep, "ROWS", 16)
    matrix = np.eye(40)
    matrix[block, block] = -1
    with pytest.raises(DataError, match="raise reg"):
        invert(panels_of(matrix), 1.0)
