"""Hostile data: what a plain reading of the file says, or an error that names the line."""

from __future__ import annotations

import gzip
import logging
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest

from recsys_cli.data import Interactions
from recsys_cli.errors import DataError
from recsys_cli.loaders import _read_text
from recsys_cli.loaders.delimited import Delimited
from tests.torture.cases import each, seeds
from tests.torture.mutations import GOOD_IDS, mutate
from tests.torture.plain_reader import Layout, Row, Unreadable, read_plain

LAYOUTS = {
    "r.csv": Layout(),
    "scaled.csv": Layout(scale=(0.5, 5.0)),
    "plain.csv": Layout(",", False, 0, 1, 2, 3, "unix-ms"),
    "iso.csv": Layout(",", True, time_format="iso"),
    "pairs.csv": Layout(",", True, rating=None, time=None),
    "r.tsv": Layout("\t", True, 1, 0, 2, None),
    "bare.txt": Layout("\t", False, 0, 1, 2, 3),
    "semi.csv": Layout(";", True),
    "wide.dat": Layout("::", False, 0, 1, 2, 3),
    "pipe.dat": Layout("|", True, time_format="iso"),
    "old.csv": Layout(encoding="latin-1"),
}
#: Rows of a file: such that head, middle and tail lie in several blocks of the readers, or not.
SIZES = [1, 2, 3, 11, 90, 300]
BLOCK = 4096


@pytest.fixture(autouse=True)
def _apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test a cache of its own, and blocks so small that little data cross them."""
    monkeypatch.setenv("RECSYS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(_read_text, "_BLOCK", BLOCK)
    logging.getLogger("recsys_cli.loaders").setLevel(logging.ERROR)


@dataclass
class Case:
    """One hostile file: its layout, its bytes once unpacked, and what was done to it."""

    path: Path
    layout: Layout
    data: bytes
    done: str
    options: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.path.name}, {len(self.data)} bytes: {self.done}"

    def load(self, on_error: str = "refuse") -> Interactions:
        """Return what the delimited loader makes of it."""
        at = self.layout
        loader = Delimited(
            path=str(self.path),
            separator=at.separator,
            header=at.header,
            encoding=at.encoding,
            user=at.user,
            item=at.item,
            rating=at.rating,
            timestamp=at.time,
            time_format=at.time_format,
            scale=None if at.scale is None else list(at.scale),
            on_error=on_error,
        )
        return loader.load().interactions


def rows(layout: Layout, n: int, rng: Random) -> list[bytes]:
    """Return the lines of a sound file of ``n`` rows, its header first if it has one."""
    odd = [id_ for id_ in GOOD_IDS if not set(id_) & set(layout.separator)]
    users = [f"u{i}" for i in range(rng.choice([1, 3, 40]))] + rng.sample(
        odd, rng.choice([0, 0, 3])
    )
    items = [f"i{i}" for i in range(rng.choice([1, 5, 60]))] + rng.sample(
        odd, rng.choice([0, 0, 3])
    )
    lines = []
    if layout.header:
        lines.append(["user", "item", "rating", "at", "note"])
    for _ in range(n):
        second = rng.choice([0, -5, 881250949, rng.randrange(10**9)])
        iso = f"{rng.randint(1, 9999):04}-0{rng.randint(1, 9)}-10T00:00:0{rng.randint(0, 9)}"
        time = {
            "unix": str(second),
            "unix-ms": str(second * 1000 + rng.randrange(1000)),
            "iso": iso,
        }[layout.time_format]
        value = rng.choice(["1", "5", "4.5", "0.5", f"{rng.uniform(0.5, 5)}"])
        note = rng.choice(["", "x", '12" disc', '"a, b"' if layout.separator == "," else "é"])
        lines.append([rng.choice(users), rng.choice(items), value, time, note])
    swap = layout.user == 1
    lines = [[line[1], line[0], *line[2:]] if swap else line for line in lines]
    ends = rng.choice(["\n", "\n", "\r\n"])
    return [
        (layout.separator.join(line) + ends).encode(layout.encoding, "replace") for line in lines
    ]


def make(seed: int, folder: Path) -> Case:
    """Return the case of a seed, its file written."""
    rng = Random(seed)
    name, layout = rng.choice(list(LAYOUTS.items()))
    lines = rows(layout, rng.choice(SIZES), rng)
    if rng.random() < 0.3:
        lines[-1] = lines[-1].rstrip(b"\r\n")
    lines, done = mutate(lines, layout.separator.encode(), rng)
    data = b"".join(lines)
    packed = rng.random() < 0.2
    path = folder / (f"{seed}-{name}" + ".gz" * packed)
    path.write_bytes(gzip.compress(data, 1) if packed else data)
    return Case(path, layout, data, done)


def listed(data: Interactions, layout: Layout) -> list[Row]:
    """Return the rows as the reference gives them."""
    users = [data.users[i] for i in data.user_idx.tolist()]
    items = [data.items[i] for i in data.item_idx.tolist()]
    times = [None] * len(data) if data.timestamp is None else data.timestamp.tolist()
    values = [None if layout.rating is None else value for value in data.value.tolist()]
    return list(zip(users, items, values, times, strict=True))


def check(case: Case) -> None:
    """Assert that a case is read as the reference reads it, or refused with the same line."""
    try:
        good, bad = read_plain(case.data, case.layout)
    except Unreadable:
        good, bad = [], []
    for on_error in ("refuse", "skip"):
        refused = not good or (on_error == "refuse" and bad)
        try:
            found = case.load(on_error)
        except DataError as error:
            line = str(error.where).removeprefix(str(case.path)).removeprefix(":")
            assert error.exit_code == 5 and str(error.where).startswith(str(case.path)), error
            if "the file is cut within" in error.message:
                assert not case.data.endswith((b"\n", b"\r")) and int(line) >= max(bad, default=1)
                return
            assert refused, f"{case}: {error}"
            assert line == (str(bad[0]) if bad and on_error == "refuse" else ""), f"{case}: {error}"
            continue
        assert not refused, f"{case}: read in silence; bad lines {bad[:3]}"
        assert listed(found, case.layout) == good or _cut(case, found, good), case
        again = case.load(on_error)
        assert listed(again, case.layout) == listed(found, case.layout), f"{case}, from the cache"


def _cut(case: Case, found: Interactions, good: list[Row]) -> bool:
    """Say whether all that is lacking is a last row that may be cut, and was to be skipped."""
    ended = case.data.endswith((b"\n", b"\r"))
    return not ended and listed(found, case.layout) == good[:-1]


@seeds(quick=60, full=500, chunk=20)
def test_a_hostile_file_is_read_plainly_or_refused_with_its_line(
    request: pytest.FixtureRequest,
    seeds: range,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for seed, guard in each(request, seeds):
        with guard:
            case = make(seed, tmp_path)
            check(case)
            with monkeypatch.context() as patch:
                patch.setattr(_read_text, "_fast", lambda *_: None)
                patch.setenv("RECSYS_CACHE", str(tmp_path / "slow"))
                check(case)


@seeds(quick=1, full=16)
def test_a_file_of_several_real_blocks(
    request: pytest.FixtureRequest, seeds: range, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed, guard in each(request, seeds):
        with guard:
            monkeypatch.setattr(_read_text, "_BLOCK", 1 << 23)
            rng = Random(seed)
            name, layout = rng.choice(list(LAYOUTS.items()))
            lines = rows(layout, 400, rng)
            lines = lines[: layout.header] + 24 * lines[layout.header :]
            # A note of some length makes a line, so that fewer of them fill the blocks.
            lines = [_longer(line) for line in lines]
            assert sum(map(len, lines)) > 1 << 23
            at = [i * len(lines) // 4 for i in range(1, 4)]
            for start in [0, *at] if seed % 4 else at[:1]:
                part, done = mutate(lines[start : start + 40], layout.separator.encode(), rng)
                lines[start : start + 40] = part
            path = tmp_path / name
            path.write_bytes(b"".join(lines))
            check(Case(path, layout, b"".join(lines), done))


def _longer(line: bytes) -> bytes:
    body = line.rstrip(b"\r\n")
    return body if body.endswith(b'"') else body + b"-" * 2000 + line[len(body) :]


@seeds(quick=20, full=100, chunk=20)
def test_a_damaged_gz_file(request: pytest.FixtureRequest, seeds: range, tmp_path: Path) -> None:
    for seed, guard in each(request, seeds):
        with guard:
            rng = Random(seed)
            lines = rows(Layout(), 60, rng)
            whole = b"".join(lines)
            packed = gzip.compress(whole)
            kind = rng.choice(
                ["cut", "flip", "garbage", "trailing", "none", "two", "zeros", "empty"]
            )
            at = rng.randrange(1, len(packed))
            data = {
                "cut": packed[:at],
                "flip": packed[:at]
                + bytes([packed[at] ^ 1 << rng.randrange(8)])
                + packed[at + 1 :],
                "garbage": rng.randbytes(50),
                "trailing": packed + rng.randbytes(9),
                "none": whole,
                "two": gzip.compress(b"".join(lines[:9])) + gzip.compress(b"".join(lines[9:])),
                "zeros": packed + bytes(9),
                "empty": b"",
            }[kind]
            path = tmp_path / f"{seed}.csv.gz"
            path.write_bytes(data)
            case = Case(path, Layout(), whole, f"gz {kind} at {at}")
            try:
                found = case.load()
            except DataError as error:
                assert kind not in ("two", "zeros") and error.where == str(path), error
            else:
                assert kind in ("two", "zeros", "flip"), case
                assert listed(found, case.layout) == read_plain(whole, case.layout)[0]
