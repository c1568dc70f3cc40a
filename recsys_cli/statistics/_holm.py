"""Holm's correction: what is left of p-values when many comparisons are made.

References
----------
Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics
6(2), 1979.
"""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Return each p-value adjusted so that below α all together err with probability α at most.

    It holds however the comparisons depend on one another. None, where nothing was tested, stays
    None and does not count.
    """
    tested = [(p, at) for at, p in enumerate(p_values) if p is not None]
    adjusted: list[float | None] = [None] * len(p_values)
    most = 0.0
    for rank, (p, at) in enumerate(sorted(tested)):
        most = max(most, min(1.0, (len(tested) - rank) * p))
        adjusted[at] = most
    return adjusted
