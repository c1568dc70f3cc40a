"""One hash for everything that is compared by content: data, splits, specs, arrays."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any


def digest(*parts: Any) -> str:
    """Return the sha256 of arrays (dtype, shape, bytes) and JSON values, in order, as hex.

    The same on every machine: arrays are hashed little-endian and C-ordered.
    """
    sha = hashlib.sha256()
    for part in parts:
        if hasattr(part, "dtype"):
            little = part.astype(part.dtype.newbyteorder("<"), copy=False)
            sha.update(f"{little.dtype.str}{little.shape};".encode())
            sha.update(little.tobytes() if not little.flags.c_contiguous else little.data)
        else:
            sha.update(json.dumps(part, sort_keys=True, allow_nan=False).encode() + b";")
    return sha.hexdigest()


def file_digest(path: Path) -> str:
    """Return the sha256 of a file's bytes, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
