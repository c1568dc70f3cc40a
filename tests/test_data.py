"""Interactions as a matrix."""

from __future__ import annotations

from tests.conftest import interactions

ROWS: list[tuple[int, int, float]] = [(0, 1, 5), (0, 1, 2), (0, 0, 3), (1, 1, 4), (0, 1, 5)]


def test_repeated_ratings_are_averaged_so_that_they_stay_within_the_scale():
    assert interactions(ROWS, (2, 2), (1, 5)).csr.data.tolist() == [3, 4, 4]


def test_repeated_counts_are_summed():
    assert interactions(ROWS, (2, 2)).csr.data.tolist() == [3, 12, 4]
