"""What killed writers left in a run: temporary files, tables that no metrics name, checkpoints.

``recsys runs gc`` deletes them; the next evaluation of a run deletes the first two kinds.
"""

from __future__ import annotations

import os
from pathlib import Path

from recsys_cli import temporary
from recsys_cli.errors import DataError
from recsys_cli.runs._evaluation import METRICS, named, unnamed
from recsys_cli.runs._manifest import MANIFEST
from recsys_cli.runs._names import CHECKPOINT, CHECKPOINTS
from recsys_cli.runs._reading import read_versioned
from recsys_cli.runs._recorder import RECORD


def strays(folder: Path) -> list[Path]:
    """Return the files in a run folder that belong to no run and no evaluation.

    Where the caller does not hold the lock of the run, the tables of an evaluation that is being
    written are among them.
    """
    if not os.access(folder, os.R_OK | os.X_OK):
        return []
    folders = [Path(at) for at, _, _ in os.walk(folder)]
    found = [path for at in folders for path in temporary.strays(at)]
    return sorted([*found, *_checkpoints(folder, folders), *_tables(folder, folders)])


def _checkpoints(run: Path, folders: list[Path]) -> list[Path]:
    """Return what a training that was killed right after its commit has not deleted."""
    if not ((run / MANIFEST).exists() and (run / RECORD).exists()):
        return []
    found = [path for at in folders if at.name == CHECKPOINTS for path in at.iterdir()]
    return [path for path in found if CHECKPOINT.fullmatch(path.name) and not path.is_dir()]


def _tables(run: Path, folders: list[Path]) -> list[Path]:
    prefixes = [f"{at.name}/" for at in folders if at.parent == run]
    try:
        top = read_versioned(run / METRICS) if (run / METRICS).exists() else {"folds": {}}
        keep = named(top["folds"].values() if "folds" in top else [top])
    except (DataError, LookupError, TypeError, AttributeError):
        return []  # what they name cannot be told
    return list(unnamed(run, prefixes, keep))
