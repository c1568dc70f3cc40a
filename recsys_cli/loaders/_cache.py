"""Parsed datasets, kept in binary form under a key made of everything that they follow from."""

from __future__ import annotations

import json
import logging
import mmap
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from recsys_cli.data import Dataset
from recsys_cli.fingerprint import digest, file_digest
from recsys_cli.loaders._home import cache_home
from recsys_cli.loaders._pack import pack, unpack

logger = logging.getLogger(__name__)

#: A hash is remembered only for files that had been left alone this long when it was taken: within
#: the resolution of a file system's clock, a second write would leave the same stamp.
_QUIET_NS = 2_000_000_000


def cached(config: Any, files: Sequence[Path], parse: Callable[[str], Dataset]) -> Dataset:
    """Return what ``parse`` makes of the files, from the cache where it lies there whole.

    Parameters
    ----------
    config : JSON value
        Whatever else the result depends on.
    files : sequence of Path
        The sources.
    parse : callable
        Called with the sources' common hash.

    Notes
    -----
    The key is a hash of the sources' bytes, of ``config`` and of the code in this folder, so a
    change of any of them makes a new entry. An entry that fails its checksum is made anew. A cache
    that cannot be written only costs time.
    """
    before = [_stamp(file) for file in files]
    source = digest([_hash(file) for file in files])
    path = cache_home() / "data" / f"{digest(source, config, _code())[:32]}.bin"
    if (found := _load(path)) is not None:
        return found
    dataset = parse(source)
    if before == [_stamp(file) for file in files]:
        _write(path, pack(dataset))
    return dataset


def _load(path: Path) -> Dataset | None:
    try:
        with path.open("rb") as file:
            # Not read but mapped; a page that is written to becomes a copy of the process's own.
            return unpack(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        logger.info("the cached dataset %s is made anew: %s", path, error)
        return None


def _write(path: Path, content: Iterable[bytes | memoryview]) -> None:
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
            temporary = Path(file.name)
            file.writelines(content)
        temporary.replace(path)
    except OSError as error:
        logger.info("the dataset is not cached: %s", error)
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _code() -> str:
    """Return a hash of the code that parses, this folder's."""
    return digest([file_digest(path) for path in sorted(Path(__file__).parent.glob("*.py"))])


def _stamp(file: Path) -> list[int]:
    """Return what changes when a file does: the change time cannot be set back, unlike mtime."""
    stat = file.stat()
    return [stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]


def _hash(file: Path) -> str:
    """Return the sha256 of a file, remembered for as long as its stamp stays."""
    stamp = _stamp(file)
    path = cache_home() / "hashes" / f"{digest(str(file.resolve()))[:32]}.json"
    try:
        known = json.loads(path.read_bytes())
        if known["stamp"] == stamp:
            return str(known["sha256"])
    except (OSError, ValueError, LookupError, TypeError):
        pass  # not known, or the note is damaged: hash it
    found = file_digest(file)
    if time.time_ns() - stamp[-1] > _QUIET_NS:
        _write(path, [json.dumps({"stamp": stamp, "sha256": found}).encode()])
    return found
