"""MANIFEST.json: size and hashes of every file that train wrote; with it a run is complete."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from recsys_cli.errors import DamagedRun
from recsys_cli.fingerprint import digest, file_digest
from recsys_cli.runs._atomic import atomic_write, disk_errors, sync
from recsys_cli.runs._log import LOG
from recsys_cli.runs._names import CHECKPOINTS
from recsys_cli.runs._parts import CHANGED, CheckedFile, digests
from recsys_cli.runs._reading import damaged, read_sealed, read_versioned, reading
from recsys_cli.runs._seal import identity, seal
from recsys_cli.runs._tags import TAGS

MANIFEST = "MANIFEST.json"
MODEL = "model.safetensors"
#: Written again after the commit, so never part of it.
_RECORD = "run.json"
_OUTSIDE = {_RECORD, LOG, TAGS, MANIFEST}
_FOLD = re.compile(r"(?:fold-([^/]+)/)?" + re.escape(MODEL))
ONLY_FOLD = "1"
_HISTORY = "history.jsonl"
#: Files that are read by parts.
_BY_PARTS = ".safetensors"


class _File(NamedTuple):
    """``crc32`` has eight hexadecimal digits a block; None of a file that is read whole."""

    bytes: int
    sha256: str
    crc32: str | None = None


@dataclass(frozen=True)
class Manifest:
    """What a complete run holds.

    Attributes
    ----------
    folder : Path
        The run's folder.
    files : dict of str to (bytes, sha256, crc32)
        By path relative to the folder, with ``/``.
    """

    folder: Path
    files: dict[str, _File]

    @classmethod
    def write(cls, folder: Path) -> None:
        """Commit a run: list every file there is, and rename the list into place."""
        found = listed(folder)
        run = identity(read_versioned(folder / _RECORD))
        atomic_write(folder / MANIFEST, seal({"run": run, "files": found}))

    @classmethod
    def read(cls, folder: Path, record: Mapping[str, Any]) -> Manifest:
        """Read a manifest and check that each file is there in its full size.

        Parameters
        ----------
        folder : Path
        record : dict
            What ``run.json`` holds, which is to be of the same run.

        Raises
        ------
        DamagedRun
            If the manifest, or a file's size, is wrong, or the record is another run's.
        """
        path = folder / MANIFEST
        document = read_sealed(path)
        if document.get("run", identity(record)) != identity(record):
            raise damaged(folder / _RECORD, "the record is another run's")
        with reading(path):
            files = {
                name: _File(**entry | {"bytes": int(entry["bytes"])})
                for name, entry in document["files"].items()
            }
            if "spec.yaml" not in files or not any(map(_FOLD.fullmatch, files)):
                raise damaged(path, "the manifest names no spec or no model")
        manifest = cls(folder, files)
        manifest._check_sizes()
        return manifest

    def _check_sizes(self) -> None:
        for name, expected in self.files.items():
            try:
                # No pathlib: it would double the time that listing a thousand runs takes.
                size = os.stat(f"{self.folder}/{name}").st_size  # noqa: PTH116
            except OSError as error:
                raise damaged(self.folder / name, "the file is missing") from error
            if size != expected.bytes:
                reason = f"the file has {size:,} bytes instead of {expected.bytes:,}"
                raise damaged(self.folder / name, reason)

    def checked(self, name: str) -> Path:
        """Return the path of a file whose sha256 is what it was when the run was committed.

        Raises
        ------
        DamagedRun
            If the file is not in the manifest, is missing or has changed.
        """
        path = self.folder / name
        entry = self._entry(name)
        with reading(path):
            if file_digest(path) != entry.sha256:
                raise damaged(path, CHANGED)
        return path

    def parts(self, name: str) -> CheckedFile:
        """Return a file to read parts of, each held to its checksum.

        A run of an older recsys has none of parts: the sha256 of the whole file is checked then.

        Raises
        ------
        DamagedRun
            If the file is not in the manifest; as :meth:`checked`, where parts have no checksums.
        """
        entry = self._entry(name)
        path = self.folder / name if entry.crc32 is not None else self.checked(name)
        return CheckedFile(path, entry.bytes, entry.crc32)

    def _entry(self, name: str) -> _File:
        if name not in self.files:
            where = str(self.folder / name)
            raise DamagedRun("the manifest does not name this file", where=where)
        return self.files[name]

    @cached_property
    def trained(self) -> str:
        """The sha256 of what was asked and of what was learned: equal runs have the same.

        A training history tells seconds, so it does not count.
        """
        hashes = {name: file.sha256 for name, file in self.files.items()}
        return digest({name: h for name, h in hashes.items() if not name.endswith(_HISTORY)})

    def folds(self) -> dict[str, str]:
        """Return the prefix of each fold's files by the fold's name, in natural order.

        A run of one fold has its files at the top: ``{"1": ""}``.
        """
        names = [match[1] for match in map(_FOLD.fullmatch, self.files) if match]
        if names == [None]:
            return {ONLY_FOLD: ""}
        return {name: f"fold-{name}/" for name in sorted(filter(None, names), key=_natural)}


def listed(folder: Path) -> dict[str, dict[str, Any]]:
    """Return size and hashes of every file that a manifest of the folder names, all on the disk."""
    found = {}
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        there = path.is_file() and not path.name.startswith(".") and CHECKPOINTS not in inside.parts
        if there and inside.as_posix() not in _OUTSIDE:
            with disk_errors(path):
                sync(path)
                found[inside.as_posix()] = {"bytes": path.stat().st_size, **_hashes(path)}
    return found


def _hashes(path: Path) -> dict[str, str]:
    if path.suffix == _BY_PARTS:
        return digests(path)
    return {"sha256": file_digest(path)}


def _natural(name: str) -> list[tuple[int, str]]:
    """Order ``10`` after ``9``."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name)]
