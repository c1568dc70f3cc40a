"""Rows of factors as kernels want them."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import Float32

#: Bytes that cores pass to each other as one.
CACHE_LINE = 64


def padded(rows: Float32) -> Float32:
    """Return a copy (n, f) whose rows begin on cache lines; f is the next multiple of 16.

    Where that adds columns, they are zero.
    """
    from recsys_cli.kernels.vectors import LANES

    n, factors = rows.shape
    width = -(-factors // LANES) * LANES
    memory = np.zeros(n * width + CACHE_LINE // 4, np.float32)
    skipped = -memory.ctypes.data % CACHE_LINE // memory.itemsize
    laid = memory[skipped : skipped + n * width].reshape(n, width)
    laid[:, :factors] = rows
    return laid
