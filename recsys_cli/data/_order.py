"""The order of integers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsys_cli.data._csr import Int64


def order_by(key: NDArray[np.integer]) -> Int64:
    """Return the stable order of integers, int64 (n,): equal ones keep the order of the source.

    Sorting the key and the row packed into one number is several times as fast as a stable argsort.
    """
    low, row_bits = int(key.min()), max(1, (len(key) - 1).bit_length())
    if (int(key.max()) - low).bit_length() + row_bits > 63:
        return np.argsort(key, kind="stable")
    packed = (key.astype(np.int64) - low) << row_bits
    packed |= np.arange(len(key))
    packed.sort()
    return packed & ((1 << row_bits) - 1)
