"""Files read by parts, each held to a checksum: a row of a large array costs that row's block."""

from __future__ import annotations

import hashlib
import os
import zlib
from pathlib import Path
from typing import Any

from recsys_cli.runs._reading import damaged, reading

#: Bytes that have a checksum of their own, and so what the least part of a file costs to read; part
#: of the format.
BLOCK = 1 << 18
_DIGITS = 8
CHANGED = "the file has changed since the run was committed"


class CheckedFile:
    """A file of which every block that is touched is held to its checksum.

    It is read into memory of the caller, not mapped: a mapped file that somebody cuts kills the
    process, and what was checked is what is used.

    Parameters
    ----------
    path : Path
    size : int
        Its bytes.
    crc32 : str, optional
        That of each block, as :func:`digests` writes it; None where the whole file is known to be
        sound.

    Raises
    ------
    DamagedRun
        If there is not a checksum for each block.
    """

    def __init__(self, path: Path, size: int, crc32: str | None) -> None:
        self.path, self.size = path, size
        self._crc32 = crc32
        blocks = -(-size // BLOCK)
        if crc32 is not None and not (isinstance(crc32, str) and len(crc32) == _DIGITS * blocks):
            raise damaged(path, "the manifest lacks checksums of its parts")

    def read(self, start: int, out: Any) -> None:
        """Fill ``out``, a buffer of bytes, with what the file has from ``start`` on.

        Raises
        ------
        DamagedRun
            If the file is shorter, cannot be read or has changed.
        """
        left = memoryview(out)
        if start + len(left) > self.size:
            raise damaged(self.path, "the file is shorter than its header says")
        with reading(self.path), self.path.open("rb", buffering=0) as file:
            while len(left):
                at, skip = divmod(start, BLOCK)
                block = os.pread(file.fileno(), BLOCK, at * BLOCK)
                if self._crc32 is not None:
                    here = slice(at * _DIGITS, (at + 1) * _DIGITS)
                    if _digits(block) != self._crc32[here]:
                        raise damaged(self.path, CHANGED)
                part = block[skip : skip + len(left)]
                if not part:
                    raise damaged(self.path, CHANGED)
                left[: len(part)] = part
                left, start = left[len(part) :], start + len(part)


def digests(path: Path) -> dict[str, str]:
    """Return the sha256 of a file, and the CRC-32 of each block, eight hexadecimal digits each."""
    sha, crcs = hashlib.sha256(), []
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            sha.update(block)
            crcs.append(_digits(block))
    return {"sha256": sha.hexdigest(), "crc32": "".join(crcs)}


def _digits(block: bytes) -> str:
    return f"{zlib.crc32(block):0{_DIGITS}x}"
