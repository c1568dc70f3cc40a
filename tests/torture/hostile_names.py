"""Names and ids as nobody should choose them, and as somebody will."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from random import Random
from typing import Any

import pyarrow.parquet as pq

KNOWN = [
    *("", " ", "  ", ".", "..", "...", "/", "//", "~", "-", "--", "---", "-x", "--help", "-1", "*"),
    *("../x", "../../x", "..\\x", "/etc/passwd", "a/b", "a/../b", "./x", "x/", "~/x", "%2e%2e%2fx"),
    *("a;b", "a|b", "a&b", "a>x", "$(touch x)", "`touch x`", "$HOME", "${IFS}", "!!", "a\\nb"),
    *("'", '"', '"x', "a'b", 'a"b', "a,b", "a:b", "a:1", ":", ",", "a=b", "=", "{x}", "{0}", "%s"),
    *("a\nb", "\n", "a\rb", "a\tb", "\x1b[2J", "\x1b]0;x\x07", "\x07", "\x08\x08", "a\x00b"),
    *("\x7f", "\x85", "\x9b2J", "\u2028", "\u202ex"),
    *("\u2066x\u2069", "a\u200bb", "\u200f", "\ufeffx", "\xad"),
    *("😀", "👨\u200d👩\u200d👧", "🏴\U000e0067\U000e007f", "é", "e\u0301", "İ", "ß"),
    *("ﬁ", "中文", "א"),
    *("007", "7", "1e3", "+3", "3.0", "3", "nan", "NaN", "inf", "True", "true", "null", "None"),
    *("no", "0x1F", "1_000", "９", "٣", "-0", "1.", ".5", "9223372036854775808", "2020-01-01"),
    *("1:30", "CON", "nul", "com1", "aux.csv", "x.", "x ", " x", "a b", "Thumbs.db", ".git"),
    *("latest-1", "als-0", "als-01", "als-1 ", "ALS-1", "als-1/", "als-99999999999999999999"),
    *("runs", "[bold]x[/bold]", "<script>", "&amp;", "\\", "\\x", "#x", "@x", "&x", "*x", "|"),
    *("\udcff", "a\udce9", "\ud83d", "\U0010ffff", "\uffff", "\ue000", "\U000e0001", "x" * 255),
    *("x" * 256, "x" * 10_000, "😀" * 2_500, "/" * 5_000, "a/" * 3_000, "é" * 200, "\n" * 500),
]  # fmt: skip
_PIECES = [*KNOWN[:-12], *"abcxyz019-_.", "als", "ndcg@10", "model", "user"]
#: What no output may hold that is looked at: it would move, hide or turn what is beside it.
DRIVES = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\ud800-\udfff]"
)


def draw(rng: Random) -> str:
    """Return one of those known, or one made of two or three of them."""
    if rng.random() < 0.6:
        return rng.choice(KNOWN)
    return "".join(rng.choice(_PIECES) for _ in range(rng.randint(2, 3)))


def word(rng: Random) -> str:
    """Return one that can be a word of a command line: of bytes, none of them NUL."""
    bytes_ = draw(rng).replace("\0", "").encode("utf-8", "surrogatepass")
    return bytes_.decode("utf-8", "surrogateescape")


def text(rng: Random) -> str:
    """Return one that a file in UTF-8 can hold."""
    return draw(rng).encode("utf-8", "ignore").decode()


def rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a file of recommendations, read without recsys."""
    if path.suffix == ".parquet":
        return list(pq.read_table(path).to_pylist())
    with path.open(encoding="utf-8", newline="") as file:
        if path.suffix == ".jsonl":
            return [json.loads(line) for line in file.read().split("\n") if line]
        return list(csv.DictReader(file))
