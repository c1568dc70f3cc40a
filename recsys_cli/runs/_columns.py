"""Columns of a table as pyarrow has them, made of their buffers: ``pa.array`` imports pandas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

#: Texts in one array, whose offsets have 32 bits.
_TEXTS = 1 << 20


def column(values: Any) -> Any:
    """Return a column: an array of numbers or of bool, or a sequence of str."""
    import numpy as np
    import pyarrow as pa

    if not isinstance(values, np.ndarray):
        starts = range(0, len(values), _TEXTS)
        texts = [_texts(values[start : start + _TEXTS]) for start in starts]
        return pa.chunked_array(texts, pa.string())
    plain = np.packbits(values, bitorder="little") if values.dtype == np.bool_ else values
    buffer = pa.py_buffer(np.ascontiguousarray(plain))
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [None, buffer])


def _texts(values: Sequence[str]) -> Any:
    import numpy as np
    import pyarrow as pa

    encoded = [value.encode() for value in values]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(encoded), buffers)
