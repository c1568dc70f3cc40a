"""The names of run folders: the experiment's name, a hyphen and a number."""

from __future__ import annotations

import re

#: The folder of a fold, or of a run of one, that is there only until the run is complete.
CHECKPOINTS = "checkpoints"
#: A file of a checkpoint.
CHECKPOINT = re.compile(r"[0-9]+\.(json|safetensors)")
RUN_ID = re.compile(r"([a-z][a-z0-9-]*)-([1-9][0-9]{0,17})")


def split(id_: str) -> tuple[str, int]:
    """Return name and number; a copied run under a name of its own has the number 0."""
    match = RUN_ID.fullmatch(id_)
    return (match[1], int(match[2])) if match else (id_, 0)
