"""Damage to a run folder: what a disk, a copy cut short or a hand can do to one of its files."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

Bytes = Callable[[random.Random, bytes], bytes]


def _bit(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]


def _digit(chance: random.Random, data: bytes) -> bytes:
    """Another digit in place of one: text stays text, and JSON stays JSON."""
    places = [at for at, byte in enumerate(data) if 48 <= byte < 58]
    if not places:
        return _bit(chance, data)
    at = chance.choice(places)
    return data[:at] + chance.choice("0123456789").encode() + data[at + 1 :]


def _letter(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + bytes([chance.randrange(97, 123)]) + data[at + 1 :]


def _bits(chance: random.Random, data: bytes) -> bytes:
    for _ in range(chance.randrange(2, 9)):
        data = _bit(chance, data)
    return data


def _span(chance: random.Random, data: bytes) -> tuple[int, int]:
    start = chance.randrange(len(data))
    return start, min(len(data), start + chance.choice([1, 4, 16, 512]))


def _noise(chance: random.Random, data: bytes) -> bytes:
    start, stop = _span(chance, data)
    return data[:start] + chance.randbytes(stop - start) + data[stop:]


def _zeros(chance: random.Random, data: bytes) -> bytes:
    start, stop = _span(chance, data)
    return data[:start] + bytes(stop - start) + data[stop:]


def _drop(chance: random.Random, data: bytes) -> bytes:
    start, stop = _span(chance, data)
    return data[:start] + data[stop:]


def _insert(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.randbytes(chance.choice([1, 8, 512])) + data[at:]


def _double(chance: random.Random, data: bytes) -> bytes:
    start, stop = _span(chance, data)
    return data[:stop] + data[start:stop] + data[stop:]


def _swap(chance: random.Random, data: bytes) -> bytes:
    """Two stretches in each other's place."""
    a, b, c, d = sorted(chance.randrange(len(data) + 1) for _ in range(4))
    return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def _swap_lines(chance: random.Random, data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    one, two = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[one], lines[two] = lines[two], lines[one]
    return b"".join(lines)


def _drop_line(chance: random.Random, data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    del lines[chance.randrange(len(lines))]
    return b"".join(lines)


def _cut(chance: random.Random, data: bytes) -> bytes:
    return data[: chance.randrange(len(data))]


def _add(chance: random.Random, data: bytes) -> bytes:
    return data + chance.choice([b"\0", b"\n", b" ", b"}", chance.randbytes(512), data])


#: What changes the bytes of a file.
BYTES: tuple[Bytes, ...] = (
    *(_bit, _digit, _digit, _letter, _bits, _noise, _zeros, _drop, _insert, _double),
    *(_swap, _swap_lines, _drop_line, _cut, _add),
)


def _remove(path: Path, other: Path) -> None:
    path.unlink()


def _folder(path: Path, other: Path) -> None:
    path.unlink()
    path.mkdir()


def _dangling(path: Path, other: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def _loop(path: Path, other: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def _link(path: Path, other: Path) -> None:
    path.unlink()
    path.symlink_to(other)


def _endless(path: Path, other: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def _pipe(path: Path, other: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _replaced(path: Path, other: Path) -> None:
    shutil.copyfile(other, path)


def _exchanged(path: Path, other: Path) -> None:
    data = path.read_bytes()
    shutil.copyfile(other, path)
    other.write_bytes(data)


def _again(path: Path, other: Path) -> None:
    """A second copy of a file beside it, as a sync of two machines leaves."""
    shutil.copyfile(path, path.with_name(f"{path.stem} (copy){path.suffix}"))


#: What is done to a file with another one at hand.
FILES: tuple[Callable[[Path, Path], None], ...] = (
    *(_remove, _folder, _dangling, _loop, _link, _endless, _pipe),
    *(_replaced, _replaced, _exchanged, _exchanged, _again),
)


def kind(path: Path) -> str:
    """Return the name of a file without the hash of its content, which differs from run to run."""
    return path.name.partition("-")[0]


def damage(chance: random.Random, run: Path, twin: Path) -> tuple[Path, str]:
    """Damage one file of a run; return which, and how.

    Parameters
    ----------
    run : Path
        Its folder.
    twin : Path
        Another run's, of the same spec but for the seed, which files may be swapped with.
    """
    files = sorted(path for path in run.rglob("*") if path.is_file())
    path = chance.choice(files)
    if chance.random() < 0.75:
        how: Callable[..., object] = chance.choice(BYTES)
        path.write_bytes(how(chance, path.read_bytes() or b"\0"))
    else:
        how = chance.choice(FILES)
        likes = [other for other in twin.rglob("*") if kind(other) == kind(path)]
        others = [other for other in files if other != path]
        how(path, chance.choice([*likes, *likes, *likes, *others]))
    return path, getattr(how, "__name__", "")
