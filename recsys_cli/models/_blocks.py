"""Rows of scores in blocks, on all threads."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from recsys_cli import threads
from recsys_cli.data import Float32, Int32

#: Scores that one thread holds at once (float32, so four bytes each).
BLOCK_SCORES = 1 << 22


def best_of_blocks(
    best: Callable[[int, int], tuple[Int32, Float32]], rows: int, block: int
) -> tuple[Int32, Float32]:
    """Run ``best(start, stop)``, a top-k, over blocks of rows on all threads; join the results."""
    with threads.single_blas():
        found = threads.map_blocks(best, rows, block) or [best(0, 0)]
    items, scores = zip(*found, strict=True)
    return np.concatenate(items), np.concatenate(scores)


def rows_at_once(n_items: int) -> int:
    """Return how many rows of scores one thread holds: memory goes by threads, not by rows."""
    return max(1, BLOCK_SCORES // max(1, n_items))
