"""Randomness by role: each consumer has its own generator, so none moves another's numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    import numpy as np


def generator(seed: int, role: str) -> np.random.Generator:
    """Return the generator of one role (``"split"``, ``"model"`` …) under one seed.

    Parameters
    ----------
    seed : int
        The spec's seed, at least 0.
    role : str
        Who draws. Two roles share no numbers; the same role always draws the same ones.
    """
    import numpy as np

    return np.random.default_rng([seed, crc32(role.encode())])
