"""Unpacking an archive that is not trusted to stay in its folder or to be of bearable size."""

from __future__ import annotations

import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from recsys_cli.errors import DataError

_MAX_BYTES = 4 << 30
_MAX_MEMBERS = 10_000


def unzip(archive: Path, folder: str, target: Path, max_bytes: int = _MAX_BYTES) -> None:
    """Unpack what the archive holds below ``folder`` into ``target``.

    Raises
    ------
    DataError
        If a member would leave the folder or is a link, if the whole is too large, or if the
        archive is damaged.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = opened.infolist()
            _check(members, archive.name, max_bytes)
            for member in members:
                inside = PurePosixPath(member.filename)
                if not member.is_dir() and inside.parts[0] == folder:
                    path = target.joinpath(*inside.parts[1:])
                    path.parent.mkdir(parents=True, exist_ok=True)
                    with opened.open(member) as source, path.open("wb") as sink:
                        shutil.copyfileobj(source, sink)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise DataError(
            f"is no archive that can be unpacked: {error}", where=archive.name
        ) from error


def _check(members: list[zipfile.ZipInfo], name: str, max_bytes: int) -> None:
    # zipfile never yields more of a member than its header declares, so the sum is a true cap.
    if len(members) > _MAX_MEMBERS or sum(member.file_size for member in members) > max_bytes:
        raise DataError(f"unpacks to more than {max_bytes:,} bytes", where=name)
    for member in members:
        path = PurePosixPath(member.filename)
        escapes = path.is_absolute() or ".." in path.parts or "\\" in member.filename
        if escapes or not path.parts or ":" in path.parts[0]:
            raise DataError(f'its member "{member.filename}" would leave the folder', where=name)
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise DataError(f'its member "{member.filename}" is a link or a device', where=name)
