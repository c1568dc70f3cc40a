"""A run that is named by the path of its folder."""

from __future__ import annotations

from pathlib import Path

from recsys_cli.errors import NotFound
from recsys_cli.runs._evaluation import METRICS
from recsys_cli.runs._manifest import MANIFEST
from recsys_cli.runs._recorder import RECORD


def folder_of(ref: str) -> Path | None:
    """Return the folder of a run that a path leads to; None if it is no folder's.

    Raises
    ------
    NotFound
        If the folder holds nothing that every run has.
    """
    folder = Path(ref)
    try:
        if not folder.is_dir():
            return None
    except (OSError, ValueError):  # what can be no path at all
        return None
    if not any((folder / name).exists() for name in (RECORD, MANIFEST, METRICS)):
        hint = "recsys runs lists those there are"
        raise NotFound("the folder holds no run", where=str(folder), hint=hint)
    return folder
