"""safetensors files: arrays by name and one JSON document; nothing in them can run."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from recsys_cli.runs._atomic import replacing
from recsys_cli.runs._reading import damaged, reading

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from recsys_cli.runs._parts import CheckedFile

#: The only key of the metadata: with two, the order in the file would differ from run to run.
_KEY = "document"
_METADATA = "__metadata__"
#: How the format calls NumPy's types, all little-endian.
_DTYPES = {
    **{f"F{8 * size}": f"<f{size}" for size in (2, 4, 8)},
    **{f"I{8 * size}": f"<i{size}" for size in (1, 2, 4, 8)},
    **{f"U{8 * size}": f"<u{size}" for size in (1, 2, 4, 8)},
    "BOOL": "?",
}
_NAMES = {kind.lstrip("<"): name for name, kind in _DTYPES.items()} | {"b1": "BOOL"}
#: In which the library writes arrays; those of one type by their names.
_ORDER = ("U64", "I64", "F64", "F32", "U32", "I32", "F16", "U16", "I16", "I8", "U8", "BOOL")
#: The arrays begin at a multiple of so many bytes.
_ALIGNED = 8


def save_arrays(path: Path, arrays: dict[str, NDArray[Any]], document: dict[str, Any]) -> None:
    """Write arrays and a document, whole or not at all; equal content gives equal bytes.

    They are the bytes that the library would write, which makes a temporary file of its own that
    a killed process leaves behind, and that nobody but its owner may read.

    Raises
    ------
    OutOfResources
        If the disk is full, fails or denies it.
    """
    import numpy as np

    plain = {name: _little(np.asarray(array, order="C")) for name, array in arrays.items()}
    ordered = sorted(plain.items(), key=lambda entry: (_ORDER.index(_kind(entry[1])), entry[0]))
    with replacing(path) as new, new.open("wb") as file:
        file.write(_encoded(dict(ordered), document))
        for _, array in ordered:
            file.write(array.reshape(-1).view(np.uint8).data)


def _little(array: NDArray[Any]) -> NDArray[Any]:
    return array.astype(array.dtype.newbyteorder("<"), copy=False)


def _kind(array: NDArray[Any]) -> str:
    return _NAMES[array.dtype.str.lstrip("<|")]


def _encoded(arrays: dict[str, NDArray[Any]], document: dict[str, Any]) -> bytes:
    """Return the header of a file that holds the arrays in this order, with its length."""
    text = json.dumps(document, sort_keys=True, allow_nan=False)
    header: dict[str, Any] = {_METADATA: {_KEY: text}}
    stop = 0
    for name, array in arrays.items():
        start, stop = stop, stop + array.nbytes
        header[name] = {
            "dtype": _kind(array),
            "shape": list(array.shape),
            "data_offsets": [start, stop],
        }
    encoded = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    encoded += b" " * (-len(encoded) % _ALIGNED)
    return len(encoded).to_bytes(8, "little") + encoded


class StoredArray(NamedTuple):
    """One array of a file, read when it is asked for, into memory of its own.

    ``shape`` and ``dtype`` (as the file calls it) are the header's word; ``start`` is the first
    byte in ``file``.
    """

    file: CheckedFile
    shape: tuple[int, ...]
    dtype: str
    start: int

    @property
    def size(self) -> int:
        """Number of bytes."""
        return math.prod(self.shape) * int(_DTYPES[self.dtype][2:] or 1)

    def whole(self) -> NDArray[Any]:
        """Return the array.

        Raises
        ------
        DamagedRun
            If it has changed since the run was committed.
        """
        return self._read(0, self.shape)

    def rows(self, start: int, stop: int) -> NDArray[Any]:
        """Return some rows, reading no others.

        Raises
        ------
        DamagedRun
            As :meth:`whole`.
        """
        start, stop, _ = slice(start, stop).indices(self.shape[0])
        rest = self.shape[1:]
        return self._read(start * math.prod(rest), (max(0, stop - start), *rest))

    def _read(self, skipped: int, shape: tuple[int, ...]) -> NDArray[Any]:
        import numpy as np

        found = np.empty(shape, _DTYPES[self.dtype])
        if found.size:
            self.file.read(self.start + skipped * found.itemsize, found.reshape(-1).view(np.uint8))
        return found


class StoredArrays(Mapping[str, StoredArray]):
    """The arrays of one file. Nothing is believed that the manifest does not vouch for.

    Parameters
    ----------
    file : CheckedFile

    Raises
    ------
    DamagedRun
        By every member, if the file is not what :func:`save_arrays` wrote.
    """

    def __init__(self, file: CheckedFile) -> None:
        self._file = file

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._file.path

    @cached_property
    def document(self) -> dict[str, Any]:
        """The document of the file."""
        with reading(self.path):
            return dict(json.loads(self._header[0][_METADATA][_KEY]))

    def __getitem__(self, name: str) -> StoredArray:
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    @cached_property
    def _header(self) -> tuple[dict[str, Any], int]:
        """The header, and where the bytes of arrays begin."""
        with reading(self.path):
            length, begin = bytearray(8), 8
            self._file.read(0, length)
            size = int.from_bytes(length, "little")
            if size > self._file.size - begin:
                raise damaged(self.path, "the header is longer than the file")
            header = bytearray(size)
            self._file.read(begin, header)
            return dict(json.loads(header)), begin + size

    @cached_property
    def _arrays(self) -> dict[str, StoredArray]:
        header, begin = self._header
        found = {}
        with reading(self.path):
            for name, entry in header.items():
                if name == _METADATA:
                    continue
                start, stop = map(int, entry["data_offsets"])
                shape = tuple(map(int, entry["shape"]))
                array = StoredArray(self._file, shape, entry["dtype"], begin + start)
                if min(start, *shape, 0) < 0 or array.size != stop - start:
                    raise damaged(self.path, f"{name} does not fit its bytes")
                found[name] = array
        return found
