"""safetensors files: arrays by name and one JSON document; nothing in them can run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys_cli.errors import OutOfResources
from recsys_cli.runs._atomic import replacing
from recsys_cli.runs._reading import reading

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: The only key of the metadata: with two, the order in the file would differ from run to run.
_KEY = "document"


def save_arrays(path: Path, arrays: dict[str, NDArray[Any]], document: dict[str, Any]) -> None:
    """Write arrays and a document, whole or not at all; equal content gives equal bytes.

    Raises
    ------
    OutOfResources
        If the disk is full, fails or denies it.
    """
    import numpy as np
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    # The library copies from a pointer: what is not contiguous would be saved scrambled.
    plain = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    text = json.dumps(document, sort_keys=True, allow_nan=False)
    with replacing(path) as temporary:
        try:
            save_file(plain, temporary, metadata={_KEY: text})
        except SafetensorError as error:
            hint = "free some disk space, then run it again"
            raise OutOfResources(f"cannot write: {error}", where=str(path), hint=hint) from error


def load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Return all arrays of a file, in memory of their own.

    Raises
    ------
    DamagedRun
        If the file is not what :func:`save_arrays` wrote.
    """
    from safetensors.numpy import load_file

    with reading(path):
        arrays: dict[str, NDArray[np.generic]] = load_file(path)
    return arrays


def load_array(path: Path, name: str) -> NDArray[Any]:
    """Return one array of a file.

    Raises
    ------
    DamagedRun
        If the file is not what :func:`save_arrays` wrote, or lacks the array.
    """
    from safetensors import safe_open

    with reading(path), safe_open(path, framework="np") as file:
        array: NDArray[np.generic] = file.get_tensor(name)
    return array


def load_document(path: Path) -> dict[str, Any]:
    """Return the document of a file, reading no array.

    Raises
    ------
    DamagedRun
        If the file is not what :func:`save_arrays` wrote.
    """
    from safetensors import safe_open

    with reading(path), safe_open(path, framework="np") as file:
        return dict(json.loads(file.metadata()[_KEY]))
