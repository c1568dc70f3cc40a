"""Unpacking an archive that is not trusted to stay in its folder or to be of bearable size."""

from __future__ import annotations

import errno
import re
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path, PurePosixPath

from recsys_cli.errors import DataError
from recsys_cli.loaders._fields import shown

_MAX_BYTES = 4 << 30
_MAX_MEMBERS = 10_000
#: Text packs to a tenth; what packs to less than this part of its size is made to fill a disk.
_MAX_RATIO, _ANY_RATIO = 200, 1 << 20
#: What every system takes for a name, and for that name alone: no accent, colon or backslash.
_PLAIN = re.compile(r"(?!\.\.?$)[A-Za-z0-9._]([A-Za-z0-9._ -]*[A-Za-z0-9._-])?")
_ENCRYPTED = 1
#: Bytes before a member's name in the archive.
_HEAD = 30
_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError),
    *(NotImplementedError, RuntimeError, ValueError, OverflowError, MemoryError),
)


def unzip(
    archive: Path, folder: str, target: Path, where: str, max_bytes: int = _MAX_BYTES
) -> None:
    """Unpack what the archive holds below ``folder`` into ``target``.

    ``where`` is what errors call the archive. Nothing is written before all members are checked.

    Raises
    ------
    DataError
        If a member would leave the folder or is a link, if the whole is too large, or if the
        archive is damaged.
    OSError
        If it cannot be written.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = opened.infolist()
            _check_sizes(members, min(max_bytes, _bearable(archive)))
            _check_names(members)
            _check_places(members, opened.start_dir)
            for member in members:
                _extract(opened, member, folder, target)
    except DataError as error:
        raise error.within(where) from None
    except _DAMAGED as error:
        raise _unreadable(error, where) from error
    except OSError as error:
        if error.errno not in (None, errno.EINVAL):  # a place before the file's beginning
            raise
        raise _unreadable(error, where) from error


def _unreadable(error: Exception, where: str) -> DataError:
    reason = shown(str(error), 100) or type(error).__name__
    return DataError(f"is no archive that can be unpacked: {reason}", where=where)


def _bearable(archive: Path) -> int:
    return max(_ANY_RATIO, _MAX_RATIO * archive.stat().st_size)


def _extract(opened: zipfile.ZipFile, member: zipfile.ZipInfo, folder: str, target: Path) -> None:
    inside = PurePosixPath(member.filename)
    if member.is_dir() or inside.parts[0] != folder:
        return
    path = target.joinpath(*inside.parts[1:])
    path.parent.mkdir(parents=True, exist_ok=True)
    with opened.open(member) as source, path.open("xb") as sink:
        shutil.copyfileobj(source, sink)
    if path.stat().st_size != member.file_size:
        raise DataError(f'its member "{member.filename}" has not the size that it says')


def _check_sizes(members: Sequence[zipfile.ZipInfo], most: int) -> None:
    if len(members) > _MAX_MEMBERS:
        raise DataError(f"has more than {_MAX_MEMBERS:,} members")
    # zipfile never yields more of a member than its header declares, so the sum is a true cap.
    if sum(member.file_size for member in members) > most:
        raise DataError(f"unpacks to more than {most:,} bytes")


def _check_names(members: Sequence[zipfile.ZipInfo]) -> None:
    files: set[str] = set()
    folders: set[str] = set()
    for member in members:
        name = member.filename
        parts = name.removesuffix("/").split("/")
        if not all(map(_PLAIN.fullmatch, parts)) or name != member.orig_filename:
            raise DataError(
                f'its member "{shown(name)}" would leave the folder, or has an odd name'
            )
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFDIR if member.is_dir() else stat.S_IFREG):
            raise DataError(f'its member "{name}" is a link or a device')
        # Some systems take names that differ in case for one.
        path = name.removesuffix("/").lower()
        if not member.is_dir() and path in files:
            raise DataError(f'its member "{name}" comes twice')
        (folders if member.is_dir() else files).add(path)
        folders.update("/".join(parts[:depth]).lower() for depth in range(1, len(parts)))
    if both := files & folders:
        raise DataError(f'its member "{min(both)}" is a file and a folder')


def _check_places(members: Sequence[zipfile.ZipInfo], end: int) -> None:
    """Refuse what is encrypted or packed unusually, and members that share bytes."""
    for member in members:
        if member.flag_bits & _ENCRYPTED:
            raise DataError(f'its member "{member.filename}" is encrypted')
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise DataError(f'its member "{member.filename}" is packed in a way that is not read')
    spans = sorted((m.header_offset, m.header_offset + _HEAD + m.compress_size) for m in members)
    if any(stop > start for (_, stop), (start, _) in pairwise([*spans, (end, end)])):
        raise DataError("its members overlap")
