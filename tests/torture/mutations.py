"""What can happen to a delimited file: one change each, drawn from a generator of its own."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from random import Random

#: Lines of the file, each with its end; the first may be a header.
Lines = list[bytes]
Mutation = Callable[[Lines, int, bytes, Random], Lines]

_NUMBERS = (
    "1e400 -1e400 1e39 3.4028235677973366e38 3.4028235e38 1e-50 1e-400 nan NaN inf -Infinity 1_0 "
    "0x1F 1e 1e5 1E-3 .5 5. . +3 --3 - 03 16777217 9007199254740993 18446744073709551616 -5 -0 "
    "881250949000 253402300799 253402300800 -62135596800 -62135596801 881250949.999999999 "
    "2020-01-01 2020-01-01T24:00 2020-13-01 9999-12-31T23:59:59.999999 0000-01-01 true None ٣ ３ ½ "
    "1,5 1'000 3f 3d 1e+5 1e1000000 0.1e-7 00000000000000000000000000000000000000000001"
)
_ODD_NUMBERS = ("", " ", " 3 ", "\t4", "3\u00a0", "9" * 400, "3\x00", "3." + "0" * 300 + "1")
NUMBERS = [*_NUMBERS.split(" "), *_ODD_NUMBERS]
_IDS = "3|03|+3|3.0|-0|３|٣|1e5|NA|null|nan|None|True|é|e\u0301|日本|🦉|u;1|a::b|../x| 3|3 |a b|'q'"
_ODD_IDS = ("\u200b", "\ufeff3", "x" * 9000, "NULL", "\u2028", "\x85", "\u00a0z")
#: Ids that stay as they are.
GOOD_IDS = _IDS.split("|")
_NO_IDS = ("", " ", "\u3000", "\x00", "a\x00b", "\x1b[31m", "\x7f", "\x1f", "a\x0bb", "a\x0cb")
IDS = [*GOOD_IDS, *_ODD_IDS, *_NO_IDS]
RAW = [b"\xe9", b"\xff", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf5\x80\x80\x80", b"\xc3", b"\x80"]
QUOTES = [
    '"',
    '""',
    '"x',
    'x"',
    '"x"',
    '"x"y',
    'x"y',
    '"x""y"',
    '""x',
    '"x\ny"',
    '"x,y"',
    '" x"',
    '"""',
]


def field(lines: Lines, at: int, separator: bytes, rng: Random, options: list[bytes]) -> Lines:
    """Put one of ``options`` in the place of a field."""
    body, end = _split(lines[at])
    fields = body.split(separator)
    fields[rng.randrange(len(fields))] = rng.choice(options)
    return _with(lines, at, separator.join(fields) + end)


def number(lines: Lines, at: int, separator: bytes, rng: Random) -> Lines:
    """A field becomes an odd number, or none."""
    return field(lines, at, separator, rng, [text.encode() for text in NUMBERS])


def id_(lines: Lines, at: int, separator: bytes, rng: Random) -> Lines:
    """A field becomes an odd id."""
    return field(lines, at, separator, rng, [text.encode() for text in IDS])


def raw(lines: Lines, at: int, separator: bytes, rng: Random) -> Lines:
    """A field becomes bytes that are no UTF-8."""
    return field(lines, at, separator, rng, RAW)


def quote(lines: Lines, at: int, separator: bytes, rng: Random) -> Lines:
    """A field gets quotes, matched or not."""
    return field(lines, at, separator, rng, [text.encode() for text in QUOTES])


def unclosed(lines: Lines, at: int, separator: bytes, rng: Random) -> Lines:
    """Two lines end in a field that a quote opens: their quotes could match each other."""
    for line in (at, rng.randrange(at, len(lines))):
        body, end = _split(lines[line])
        fields = [*body.split(separator)[:-1], b'"open']
        lines = _with(lines, line, separator.join(fields) + end)
    return lines


def missing(lines: Lines, at: int, separator: bytes, rng: Random) -> Lines:
    """A field goes."""
    body, end = _split(lines[at])
    fields = body.split(separator)
    fields.pop(rng.randrange(len(fields)))
    return _with(lines, at, separator.join(fields) + end)


def extra(lines: Lines, at: int, separator: bytes, rng: Random) -> Lines:
    """A field comes, or a separator at the end."""
    body, end = _split(lines[at])
    return _with(lines, at, body + separator + rng.choice([b"", b"5", b"x"]) + end)


def swapped(lines: Lines, at: int, separator: bytes, rng: Random) -> Lines:
    """The fields change places."""
    body, end = _split(lines[at])
    fields = body.split(separator)
    rng.shuffle(fields)
    return _with(lines, at, separator.join(fields) + end)


def byte(lines: Lines, at: int, separator: bytes, rng: Random) -> Lines:
    """One byte becomes another, comes or goes."""
    line = lines[at]
    start = rng.randrange(len(line))
    new = bytes([rng.choice([0, 9, 10, 13, 32, 34, 44, 46, 48, 57, 58, 255, rng.randrange(256)])])
    return _with(
        lines, at, line[:start] + rng.choice([b"", new]) + line[start + rng.randrange(2) :]
    )


def line_end(lines: Lines, at: int, separator: bytes, rng: Random) -> Lines:
    """One line ends otherwise, or is followed by blank ones."""
    ends = [b"\r", b"\r\n", b"\n\r", b"\r\r\n", b"\n\n", b"\n \n", b"\n\t\n", b"\n\x00\n", b""]
    return _with(lines, at, _split(lines[at])[0] + rng.choice(ends))


def line_ends(lines: Lines, at: int, separator: bytes, rng: Random) -> Lines:
    """All lines end otherwise."""
    end = rng.choice([b"\r\n", b"\r", b"\r\r\n"])
    return [_split(line)[0] + end for line in lines]


def repeated(lines: Lines, at: int, separator: bytes, rng: Random) -> Lines:
    """A line comes again, perhaps the header."""
    return lines[:at] + [rng.choice([lines[0], lines[at]])] * rng.randint(1, 3) + lines[at:]


def cut(lines: Lines, at: int, separator: bytes, rng: Random) -> Lines:
    """The file ends within a line."""
    line = lines[at]
    return [*lines[:at], line[: rng.randrange(len(line))]]


def beheaded(lines: Lines, at: int, separator: bytes, rng: Random) -> Lines:
    """The file begins within a line."""
    line = lines[at]
    return [line[rng.randrange(len(line)) :], *lines[at + 1 :]]


def hole(lines: Lines, at: int, separator: bytes, rng: Random) -> Lines:
    """Bytes are lost or are all NUL, as after a crash of the machine."""
    data = b"".join(lines[at : at + 3])
    start, stop = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    filling = rng.choice([b"", bytes(stop - start)])
    return [*lines[:at], data[:start] + filling + data[stop:], *lines[at + 3 :]]


def headless(lines: Lines, at: int, separator: bytes, rng: Random) -> Lines:
    """The first line is lost."""
    return lines[1:]


def bare(lines: Lines, at: int, separator: bytes, rng: Random) -> Lines:
    """Nothing but the first line is left, or less."""
    return rng.choice([lines[:1], [], [b"\n"], [b"\xef\xbb\xbf"], [b"\x00"], [b" "]])


def encoded(lines: Lines, at: int, separator: bytes, rng: Random) -> Lines:
    """The whole file is written in another encoding, or with a mark."""
    text = b"".join(lines).decode()
    if rng.random() < 0.5:
        return [codecs.BOM_UTF8 * rng.choice([1, 1, 2]), *lines]
    return [
        text.encode(rng.choice(["utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp500"]), "replace")
    ]


def latin(lines: Lines, at: int, separator: bytes, rng: Random) -> Lines:
    """One line is written in Latin-1."""
    return _with(lines, at, lines[at].decode().encode("latin-1", "replace"))


def long(lines: Lines, at: int, separator: bytes, rng: Random) -> Lines:
    """A field is longer than a block, or than the csv module likes."""
    size = rng.choice([5_000, 140_000])
    return field(lines, at, separator, rng, [b"z" * size, b'"' + b"z" * size + b'"', b"1" * size])


MUTATIONS: tuple[Mutation, ...] = (
    *(
        number,
        number,
        number,
        id_,
        id_,
        raw,
        quote,
        quote,
        unclosed,
        missing,
        extra,
        swapped,
        byte,
        byte,
    ),
    *(
        line_end,
        line_ends,
        repeated,
        cut,
        cut,
        beheaded,
        hole,
        headless,
        bare,
        encoded,
        latin,
        long,
    ),
)


def _split(line: bytes) -> tuple[bytes, bytes]:
    body = line.rstrip(b"\r\n")
    return body, line[len(body) :]


def _with(lines: Lines, at: int, line: bytes) -> Lines:
    return [*lines[:at], line, *lines[at + 1 :]]


def mutate(lines: Lines, separator: bytes, rng: Random) -> tuple[Lines, str]:
    """Return the lines after one or two changes at head, middle or tail, and what was done."""
    done = []
    for _ in range(rng.choice([1, 1, 2])):
        change = rng.choice(MUTATIONS)
        at = rng.choice([0, min(1, len(lines) - 1), len(lines) // 2, len(lines) - 1])
        try:
            lines = change(lines, at, separator, rng)
        except (ValueError, IndexError):
            continue  # nothing is left to change there, or it is no text any more
        done.append(f"{change.__name__} at {at}")
    return lines, " and ".join(done)
