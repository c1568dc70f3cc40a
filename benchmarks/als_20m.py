"""ALS as in the job ``als``, on twenty million made-up pairs of 138,493 users and 26,744 items.

Each run is made once, without a warm-up.
"""

from __future__ import annotations

from benchmarks import als
from benchmarks._measure import Row


def run(quick: bool) -> list[Row]:
    """Return a row for each number of factors."""
    return als.large(300_000, (64,), repeats=1) if quick else als.large(20_000_000, repeats=1)
