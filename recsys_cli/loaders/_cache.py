"""Parsed datasets, kept in binary form under a key made of everything that they follow from."""

from __future__ import annotations

import json
import logging
import mmap
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from recsys_cli import temporary
from recsys_cli.data import Dataset
from recsys_cli.errors import DataError, need
from recsys_cli.fingerprint import digest, file_digest
from recsys_cli.loaders._bytes import USUAL, Column, reading
from recsys_cli.loaders._home import cache_home
from recsys_cli.loaders._pack import pack, unpack

logger = logging.getLogger(__name__)

#: A hash is remembered only for files that had been left alone this long when it was taken: within
#: the resolution of a file system's clock, a second write would leave the same stamp.
_QUIET_NS = 2_000_000_000
_untouched: list[bool] = []


def bytes_to_load(
    config: Any,
    files: Sequence[Path],
    columns: Mapping[Path, Sequence[Column]] = MappingProxyType({}),
) -> int:
    """Return about how many bytes :func:`cached` holds at its peak, given the same.

    ``columns`` are those that are read of a file, where that is known.
    """
    _, entry = _entry(config, files)
    if entry.is_file():
        return 2 * entry.stat().st_size
    return sum(reading(file, columns.get(file, USUAL)) for file in files)


@contextmanager
def untouched() -> Iterator[None]:
    """Leave the cache as it is within the block: what it holds is read, and nothing is added."""
    _untouched.append(True)
    try:
        yield
    finally:
        _untouched.pop()


def _entry(config: Any, files: Sequence[Path]) -> tuple[str, Path]:
    """Return the common hash of sources, and where their dataset is kept."""
    source = digest([_hash(file) for file in files])
    return source, cache_home() / "data" / f"{digest(source, config, _code())[:32]}.bin"


def _give_back() -> None:
    """Return what pyarrow read with, twice as much as it read, to the system, not to its pool."""
    if (arrow := sys.modules.get("pyarrow")) is not None:
        arrow.default_memory_pool().release_unused()


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

    Raises
    ------
    DataError
        If a source changes meanwhile.

    Notes
    -----
    The key is a hash of the sources' bytes, of ``config`` and of the code in this folder, so a
    change of any of them makes a new entry. An entry that fails its checksum is made anew. A cache
    that cannot be written only costs time.
    """
    before = [_stamp(file) for file in files]
    source, path = _entry(config, files)
    if (found := _load(path)) is not None:
        return found
    try:
        dataset = parse(source)
    except Exception:
        _refuse_changed(files, before)
        raise
    _refuse_changed(files, before)
    _give_back()
    _write(path, pack(dataset))
    return dataset


def _refuse_changed(files: Sequence[Path], before: list[list[int]]) -> None:
    """Refuse what may be a mixture of two files, of which the hash names one at most."""
    for file, stamp in zip(files, before, strict=True):
        if not file.is_file() or _stamp(file) != stamp:
            raise DataError(
                "changed while it was read", where=str(file), hint="run it again once it is written"
            )


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
    if _untouched:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.beside(path) as new:
            with new.open("wb") as file:
                file.writelines(content)
            new.replace(path)
    except OSError as error:
        logger.info("the dataset is not cached: %s", error)


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
    found = _digest(file)
    if time.time_ns() - stamp[-1] > _QUIET_NS:
        _write(path, [json.dumps({"stamp": stamp, "sha256": found}).encode()])
    return found


def _digest(file: Path) -> str:
    try:
        return file_digest(file)
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
        raise DataError(reason, where=str(file), hint=need(error)) from error
