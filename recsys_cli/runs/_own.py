"""Which folders of a store are runs: other tools keep folders of such names too."""

from __future__ import annotations

from pathlib import Path

from recsys_cli.errors import DataError
from recsys_cli.runs._evaluation import METRICS
from recsys_cli.runs._log import LOG
from recsys_cli.runs._manifest import MANIFEST
from recsys_cli.runs._names import RUN_ID
from recsys_cli.runs._reading import read_versioned
from recsys_cli.runs._recorder import RECORD, SPEC


def is_run(folder: Path) -> bool:
    """Return whether a folder of a store is a run, begun, dead or damaged ones included.

    One that may not be looked into is, if it is called like one.
    """
    named = bool(RUN_ID.fullmatch(folder.name))
    try:
        if (folder / RECORD).exists():
            return not folder.name.startswith(".")
        return named and (
            any((folder / name).exists() for name in (SPEC, MANIFEST, METRICS))
            or _visible(folder) <= {LOG}
        )
    except (FileNotFoundError, NotADirectoryError):  # removed meanwhile
        return False
    except OSError:
        return named


def is_ours(folder: Path) -> bool:
    """Return whether recsys wrote all of a dead run, so that it may delete it."""
    try:
        return "id" in read_versioned(folder / RECORD)
    except DataError:
        return _visible(folder) <= {SPEC, LOG}


def _visible(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}
