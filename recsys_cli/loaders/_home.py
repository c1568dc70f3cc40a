"""Where source files and parsed copies of them live."""

from __future__ import annotations

import os
from pathlib import Path

from recsys_cli.errors import NotFound


def data_home() -> Path:
    """Return the folder of source files: ``RECSYS_DATA_HOME``, or ``datasets`` here."""
    return Path(os.environ.get("RECSYS_DATA_HOME") or "datasets")


def cache_home() -> Path:
    """Return the folder of parsed copies: ``RECSYS_CACHE``, or ``recsys`` in the user's cache."""
    if own := os.environ.get("RECSYS_CACHE"):
        return Path(own)
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "recsys"
    except RuntimeError:  # a user whom the system does not know: nothing is kept then
        return Path(os.devnull) / "recsys"


def locate(path: str) -> Path:
    """Return the file of that name in the current folder, else in the data home.

    Raises
    ------
    NotFound
        If it is in neither.
    """
    for found in (Path(path), data_home() / path):
        if found.is_file():
            return found
    raise NotFound(
        f"no such file, neither here nor in {data_home()}",
        where=path,
        hint="put it there or set RECSYS_DATA_HOME; --set dataset.name=synthetic needs no file",
    )
