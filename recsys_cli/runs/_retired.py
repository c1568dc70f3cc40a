"""The numbers of runs that are gone: with them on record, an id never means a second run."""

from __future__ import annotations

from pathlib import Path

from recsys_cli.errors import DamagedRun
from recsys_cli.runs._atomic import atomic_write
from recsys_cli.runs._names import split
from recsys_cli.runs._reading import SCHEMA_VERSION, damaged, read_versioned
from recsys_cli.runs._seal import seal

_FILE = ".retired.json"


def last_retired(root: Path, name: str) -> int:
    """Return the highest number of this name that was ever removed; 0 if none was.

    Raises
    ------
    DamagedRun
        If the record of the store is damaged.
    """
    return _read(root).get(name, 0)


def retire(root: Path, id_: str) -> None:
    """Put down that the number of this run is used up; the caller holds the lock of the store."""
    name, number = split(id_)
    known = _read(root)
    if number > known.get(name, 0):
        document = {"schema_version": SCHEMA_VERSION, "last": known | {name: number}}
        atomic_write(root / _FILE, seal(document))


def _read(root: Path) -> dict[str, int]:
    path = root / _FILE
    if not path.exists():
        return {}
    try:
        last = read_versioned(path).get("last")
    except DamagedRun as error:
        hint = "delete the file: then the numbers of removed runs may be given again"
        raise DamagedRun(error.message, where=error.where, hint=hint) from None
    if not isinstance(last, dict) or not all(type(number) is int for number in last.values()):
        raise damaged(path, "it does not hold numbers")
    return last
