"""Zip files that mean harm, by what is wrong with them."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from collections.abc import Callable

from tests.torture.cases import FULL

Builder = Callable[[], bytes]
TEXT = b"1::2::3::978300760\n" * 40


def packed(*members: str | tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    """Return an archive of members, of which those that are names alone hold some text."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in members:
            name, content = (member, TEXT) if isinstance(member, str) else member
            archive.writestr(name, content)
    return buffer.getvalue()


def special(kind: int) -> bytes:
    """Return an archive with a member of a kind that is no file."""
    member = zipfile.ZipInfo("ml-1m/special")
    member.create_system = 3
    member.external_attr = (kind | 0o777) << 16
    return packed("ml-1m/movies.dat", (member, b"/etc/passwd"))


def patched(offset: int, new: bytes, *, central: bool = True, local: bool = True) -> bytes:
    """Return an archive of one member with bytes of its headers replaced.

    ``offset`` is that of the central header; those of the local one lie 2 bytes before it.
    """
    data = bytearray(packed("ml-1m/ratings.dat"))
    at = data.index(b"PK\x01\x02")
    if central:
        data[at + offset : at + offset + len(new)] = new
    if local:
        data[offset - 2 : offset - 2 + len(new)] = new
    return bytes(data)


def bomb() -> bytes:
    """Return an archive that unpacks to a thousand times its size."""
    return packed(("ml-1m/ratings.dat", bytes(8 << 20)))


def overlapping() -> bytes:
    """Return an archive where one member is read from within another."""
    second = packed("ml-1m/b")
    first = zipfile.ZipInfo("ml-1m/a")  # not compressed
    data = bytearray(packed((first, second[: second.index(b"PK\x01\x02")]), "ml-1m/b"))
    at = data.rindex(b"PK\x01\x02") + 42
    data[at : at + 4] = big(30 + len("ml-1m/a"))
    return bytes(data)


def many() -> bytes:
    """Return an archive of 100,000 empty members, in CI of 20,000."""
    n = 100_000 if FULL else 20_000
    central = b"".join(_entry(f"ml-1m/{i}".encode()) for i in range(n))
    counts = (n % 65536, n % 65536)
    return central + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, *counts, len(central), 0, 0)


def _entry(name: bytes) -> bytes:
    return (
        struct.pack(
            *(
                "<4s6H3L5H2L",
                b"PK\x01\x02",
                20,
                20,
                0,
                0,
                0,
                33,
                0,
                0,
                0,
                len(name),
                0,
                0,
                0,
                0,
                0,
                0,
            )
        )
        + name
    )


def big(size: int) -> bytes:
    """Return a size as a header has it."""
    return struct.pack("<L", size)


ESCAPES = [
    *("../evil", "ml-1m/../../evil", "ml-1m/../evil", "/evil", "//evil", "///etc/evil"),
    *("C:/evil", "C:evil", "ml-1m/C:/evil", "\\\\host\\evil", "..\\evil", "ml-1m\\..\\..\\evil"),
    *("ml-1m/..", "..", ".", "ml-1m/./../../evil", "ml-1m//evil", "~/evil", "ml-1m/evil:stream"),
    *("\uff0e\uff0e/evil", "\u2024\u2024/evil", "ml-1m/\u2025/evil", "ml-1m/..\u200b/evil"),
    *("ml-1m/\uff0f..\uff0fevil", "ml-1m/\u202egnp.evil", "ml-1m/e\u0301vil", "ml-1m/\x1b[2Jevil"),
    *(
        "ml-1m/evil\n",
        "ml-1m/evil ",
        " /evil",
        "-rf",
        "ml-1m/" + "../" * 40 + "evil",
    ),
]
CASES: dict[str, Builder] = {
    **{f"named {name!a}": lambda n=name: packed("ml-1m/movies.dat", n) for name in ESCAPES},
    "symbolic link": lambda: special(stat.S_IFLNK),
    "character device": lambda: special(stat.S_IFCHR),
    "block device": lambda: special(stat.S_IFBLK),
    "fifo": lambda: special(stat.S_IFIFO),
    "socket": lambda: special(stat.S_IFSOCK),
    "file said to be a folder": lambda: special(stat.S_IFDIR),
    "bomb": bomb,
    "many members": many,
    "overlapping members": overlapping,
    "declares less than it holds": lambda: patched(24, big(9)),
    "declares more than it holds": lambda: patched(24, big(900_000)),
    "declares more packed bytes": lambda: patched(20, big(900_000)),
    "declares 4 GB": lambda: patched(24, big(2**32 - 2)),
    "wrong checksum of a member": lambda: patched(16, b"\0\0\0\0"),
    "headers that disagree": lambda: packed("ml-1m/a").replace(b"ml-1m/a", b"ml-1m/b", 1),
    "a name with NUL": lambda: packed("ml-1m/aXb").replace(b"/aXb", b"/a\0b"),
    "encrypted": lambda: patched(8, b"\1\0"),
    "strongly encrypted": lambda: patched(8, b"\x41\0"),
    "patch data": lambda: patched(8, b"\x20\0"),
    **{f"compression {n}": lambda n=n: patched(10, bytes([n, 0])) for n in (1, 9, 12, 14, 93, 99)},
    "begins before the file": lambda: patched(42, b"\xff\xff\xff\x7f", local=False),
    "a name twice": lambda: _twice("ml-1m/a", "ml-1m/a"),
    "names that differ in case": lambda: packed("ml-1m/a", "ml-1m/A"),
    "a file that is a folder": lambda: packed("ml-1m/a", "ml-1m/a/b"),
    "a folder that is a file": lambda: packed("ml-1m/A/b", "ml-1m/a"),
    "cut in the members": lambda: packed("ml-1m/a")[:50],
    "cut in the directory": lambda: packed("ml-1m/a")[:-30],
    "cut by a byte": lambda: packed("ml-1m/a")[:-1],
    "cut at its beginning": lambda: packed("ml-1m/a")[9:],
    "no zip": lambda: b"<html>not found</html>" * 50,
    "gz": lambda: b"\x1f\x8b\x08" + bytes(500),
}


def _twice(*names: str) -> bytes:
    # The library warns of a second member of a name, so it gets one that is renamed afterwards.
    return packed(names[0], names[1][:-1] + "z").replace(b"ml-1m/z", names[1].encode())
