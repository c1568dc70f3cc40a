"""Tags of a run: ``tags.json``, outside the manifest; a run that has any is never deleted."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from recsys_cli.errors import DamagedRun, DataError, NotFound, SpecError
from recsys_cli.runs._atomic import atomic_write
from recsys_cli.runs._lock import lock
from recsys_cli.runs._reading import RESTORE, SCHEMA_VERSION, damaged, read_versioned, reading
from recsys_cli.runs._seal import seal

TAGS = "tags.json"
#: What the tag of a run that a baseline was measured from begins with; then comes the baseline.
_BASELINE = "baseline:"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def read_tags(folder: Path) -> list[str]:
    """Return the tags of the run in a folder, sorted.

    Raises
    ------
    DamagedRun
        If the file is damaged.
    DataError
        If a newer recsys wrote it.
    """
    path = folder / TAGS
    try:
        with reading(path):
            if not path.exists():
                return []
        tags = read_versioned(path).get("tags")
    except DamagedRun as error:
        if error.hint != RESTORE:
            raise
        hint = "delete the file, then tag the run again"
        raise DamagedRun(error.message, where=error.where, hint=hint) from None
    if not isinstance(tags, list) or not all(isinstance(t, str) and t.isprintable() for t in tags):
        raise damaged(path, "the tags are no list of printable text")
    return sorted(tags)


def add_tag(folder: Path, tag: str) -> list[str]:
    """Tag the run in a folder; return its tags.

    Raises
    ------
    SpecError
        If the tag is no word of letters, digits, ``.``, ``_`` and ``-``.
    Locked
        If the run is being written.
    NotFound
        If it is gone.
    """
    if not _NAME.fullmatch(tag):
        hint = "use up to 64 letters, digits, dots, hyphens and underscores"
        raise SpecError(f"a tag cannot be called {tag!r:.80}", hint=hint)
    return _change(folder, lambda tags: {*tags, tag})


def remove_tag(folder: Path, tag: str) -> list[str]:
    """Take a tag, or the mark of a baseline, off the run in a folder; return those left.

    Raises
    ------
    NotFound
        If the run has no such tag.
    Locked
        If the run is being written.
    """
    tags = read_tags(folder)
    if tag not in tags:
        hint = f"its tags: {', '.join(tags)}" if tags else "it has no tags"
        raise NotFound(f"no tag {tag!r:.80}", where=folder.name, hint=hint)
    return _change(folder, lambda tags: tags - {tag})


def mark(folder: Path, baseline: str) -> None:
    """Say in the run's folder that a baseline holds what it measured."""
    _change(folder, lambda tags: {*tags, _mark(baseline)})


def unmark(folder: Path, baseline: str) -> None:
    """Say that the baseline holds it no more; nothing where it did not, or nobody can tell."""
    try:
        marked = _mark(baseline) in read_tags(folder)
    except DataError:
        return
    if marked:
        _change(folder, lambda tags: tags - {_mark(baseline)})


def refuse_tagged(folder: Path) -> None:
    """Raise unless a run may be deleted.

    Raises
    ------
    SpecError
        If it is tagged, or a baseline was measured from it.
    DataError
        If its tags cannot be read.
    """
    if tags := read_tags(folder):
        raise SpecError(
            f"the run is kept, as it is tagged: {', '.join(tags)}",
            where=folder.name,
            hint=f"recsys runs untag {folder.name} '{tags[0]}' gives it free",
        )


def _mark(baseline: str) -> str:
    return _BASELINE + "".join(
        c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in baseline
    )


def _change(folder: Path, change: Callable[[set[str]], set[str]]) -> list[str]:
    with lock(folder):
        tags = sorted(change(set(read_tags(folder))))
        atomic_write(folder / TAGS, seal({"schema_version": SCHEMA_VERSION, "tags": tags}))
    return tags
