"""What YAML can be made to hold: tricks at a line of a sound spec, encodings, broken bytes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random

SOUND = """\
# every block
name: toy
seed: 7
dataset:
  name: synthetic
  users: 200
  prepare:
    - {name: min-value, value: 3}
split: {name: leave-last, n: 1, validation: 1}
model:
  name: als
  factors: 8
  reg: 1e-2
train: {monitor: ndcg@10, every: 2, patience: 3, min_delta: 0.001, refit: true}
evaluation:
  metrics: [ndcg@10, recall@10]
  relevant: {min_value: 4}
  candidates: all
  users: warm
recommend: {users: ["196", "é😀"], k: 5, exclude_seen: false}
"""
#: A line that cannot be, the column of what is wrong with it, and what is said of it.
LINES: list[tuple[str, int, str]] = [
    ("name: again", 1, "is given twice"),
    ("seeds: &a 1", 8, "anchors"),
    ("seeds: *a", 8, "aliases"),
    ("seeds: !!int 1", 8, "tags"),
    ("seeds: !!python/object/apply:os.system [ls]", 8, "tags"),
    ("<<: {seed: 1}", 1, "merge keys"),
    ("? [a]\n: 1", 3, "a key must be a word"),
    ("\tseeds: [1, 2]", 1, "tab"),
    ("seeds: [1, \0]", 12, "U+0000"),
    ("seeds: [1, \x1b]", 12, "U+001B"),
    ("seeds: 99999999999999999999", 8, "64 bits"),
    ("seeds: -99999999999999999999", 8, "64 bits"),
    ("seeds: " + "[" * 200, 71, "deep"),
    ("seeds: " + "{a: " * 200, 260, "deep"),
    ('seeds: "\\uD800"', 8, "no character"),
    ('seeds: "\\0"', 8, "no character"),
    ('seeds: "\\UFFFFFFFF"', 11, "too large"),
    ("--- 1", 1, "one document"),
    ("seeds: @a", 8, "quotes"),
    ("seeds: `a", 8, "quotes"),
    ("seeds: a: b", 9, 'second ":"'),
    ("seeds: 1:30", 8, "must be a list"),
    ("seeds: 2020-01-01", 8, "must be a list"),
    ("seeds: .nan", 8, "must be a list"),
    ("seeds: [1, .inf]", 12, "integer"),
    ("seeds: [1, 1e-3]", 12, "integer"),
    ("seeds: [1, 0123]", 12, "integer"),
    ("seeds: [1, no]", 12, "integer"),
    ("seeds: [1, 1_000]", 12, "integer"),
    ("seeds: [1, 0x1F]", 12, "integer"),
    ("seeds: [1, true]", 12, "integer"),
    ("seeds: [1, 3.5]", 12, "integer"),
]
#: What is put anywhere into a text.
FRAGMENTS = [
    *(*"[]{},|>%@`'?#~!&*-:\"\\", ": ", "- ", "\n", "\r", "\t", "  ", "\0", "\x7f", "\x85"),
    *("\u2028", "\u202e", "\ufeff", "&x ", "*x", "!!", "<<: ", "---\n", "...\n", "%YAML 9.9\n"),
    *("'", '"', "|\n", ">-\n", "=", "1e999", "9" * 30, ".nan", "extends: x.yaml\n", "[" * 80),
]


@dataclass(frozen=True)
class Trick:
    """The bytes of a spec; where it must be refused and why, or ``sound``, or None for either."""

    data: bytes
    place: tuple[int, int] | None = None
    says: str = ""
    sound: bool | None = None


def draw(rng: Random) -> Trick:
    """Return a trick: half of them at a line, the others of bytes."""
    kind = rng.random()
    if kind < 0.5:
        return _line(rng)
    if kind < 0.6:
        return Trick(dressed(SOUND, rng), sound=True)
    return _broken(rng)


def dressed(text: str, rng: Random) -> bytes:
    """Return a text with other line ends, a byte order mark, blanks or comments behind."""
    end = rng.choice(["\n", "\r\n", " \n", "  # é😀\n", "\r"])
    mark = rng.choice([b"", b"\xef\xbb\xbf"])
    return mark + text.replace("\n", end).encode()


def _line(rng: Random) -> Trick:
    text, column, says = rng.choice(LINES)
    tops = [at for at, line in enumerate(SOUND.splitlines()) if line[:1].isalpha()]
    lines = SOUND.splitlines()
    at = rng.choice([*tops[1:], len(lines)])
    whole = "\n".join([*lines[:at], text, *lines[at:]]) + "\n"
    data = dressed(whole, rng) if "\n" not in text and says != "tab" else whole.encode()
    return Trick(data, (at + 1, column), says, sound=False)


def _broken(rng: Random) -> Trick:
    if rng.random() < 0.15:
        encoding = rng.choice(["utf-16", "utf-16-le", "utf-32", "utf-7", "cp037"])
        return Trick(SOUND.encode(encoding, "replace"))
    if rng.random() < 0.1:
        return Trick(json.dumps({"name": "toy", "a": [1] * rng.randrange(9000)}).encode())
    data = bytearray(SOUND.encode())
    for _ in range(rng.randint(1, 4)):
        at, much = rng.randrange(len(data) + 1), rng.randrange(12)
        match rng.randrange(4):
            case 0:
                data[at : at + much] = b""
            case 1:
                data[at:at] = rng.choice(FRAGMENTS).encode()
            case 2:
                data[at : at + 1] = bytes([rng.randrange(256)])
            case _:
                data[at:at] = data[rng.randrange(len(data)) :][: much * 9]
    return Trick(bytes(data))
