"""Hostile Parquet: what Python says was written, or an error that names the row or the column."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from recsys_cli.errors import DataError
from recsys_cli.loaders.delimited import Delimited
from tests.torture.cases import each, seeds
from tests.torture.mutations import IDS, NUMBERS
from tests.torture.plain_reader import Layout, as_rating, as_seconds
from tests.torture.test_data import listed

#: Type of a column, and a sound value from a number; what reads it back is below.
Kind = tuple[pa.DataType, Callable[[int], Any]]
ID_KINDS: list[Kind] = [
    (pa.string(), "u{}".format),
    (pa.large_string(), "u{}".format),
    (pa.string_view(), "u{}".format),
    (pa.dictionary(pa.int32(), pa.string()), "u{}".format),
    *((kind, int) for kind in (pa.int8(), pa.uint8(), pa.int32(), pa.int64(), pa.uint64())),
]
NO_IDS: list[Kind] = [
    (pa.float64(), float),
    (pa.bool_(), bool),
    (pa.binary(), b"%d".__mod__),
    (pa.decimal128(9, 2), Decimal),
    (pa.list_(pa.int64()), lambda n: [n]),
    (pa.struct([("a", pa.int64())]), lambda n: {"a": n}),
    (pa.timestamp("us"), datetime.fromtimestamp),
    (pa.null(), lambda n: None),
]
RATING_KINDS: list[Kind] = [
    (pa.float32(), lambda n: n / 2),
    (pa.float64(), lambda n: n / 3),
    (pa.float16(), np.float16),
    *((kind, int) for kind in (pa.int8(), pa.int64(), pa.uint64())),
    (pa.decimal128(20, 4), lambda n: Decimal(n) / 4),
    (pa.string(), str),
    (pa.string_view(), str),
    (pa.dictionary(pa.int8(), pa.float64()), float),
]
TIME_KINDS: list[Kind] = [
    (pa.int32(), int),
    (pa.int64(), int),
    (pa.uint64(), int),
    (pa.float64(), lambda n: n + 0.5),
    (pa.date32(), lambda n: date(1970, 1, 1) + timedelta(days=n)),
    *((pa.timestamp(unit), lambda n: datetime.fromtimestamp(n, UTC)) for unit in ("s", "ms", "us")),
    (pa.timestamp("us", "Asia/Tokyo"), lambda n: datetime.fromtimestamp(n, UTC)),
]
NO_NUMBERS: list[Kind] = [
    (pa.list_(pa.float64()), lambda n: [float(n)]),
    (pa.struct([("a", pa.int64())]), lambda n: {"a": n}),
    (pa.binary(), b"%d".__mod__),
    (pa.time64("us"), lambda n: time(n % 24)),
    (pa.duration("s"), lambda n: timedelta(n)),
]
HOSTILE: dict[str, list[Any]] = {
    "int": [2**63 - 1, -(2**63), 2**53 + 1, 253402300800, -1, 0],
    "float": [math.nan, math.inf, -math.inf, 1e39, 3.4028235677973366e38, 1e-50, 1e300, -0.0, 0.1],
    "timestamp": [10**15, -(10**15), -1, 253402300800],
}


@pytest.fixture(autouse=True)
def _apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSYS_CACHE", str(tmp_path / "cache"))
    logging.getLogger("recsys_cli.loaders").setLevel(logging.ERROR)


def column(kinds: list[Kind], n: int, rng: Random) -> pa.Array:
    """Return a column of one of the kinds with a hostile value at head, middle or tail."""
    kind, make = rng.choice(kinds)
    values = [make(rng.randrange(100)) for _ in range(n)]
    array = pa.array(values, kind)
    if rng.random() < 0.5:
        return array
    at = rng.choice([0, n // 2, n - 1])
    odd = _odd(kind, rng)
    return pa.chunked_array([array[:at], odd, array[at + 1 :]]).combine_chunks()


def _odd(kind: pa.DataType, rng: Random) -> pa.Array:
    """Return an array of one odd value of a type, null where none other is known."""
    types, value = pa.types, None
    raw = {
        pa.string(): pa.binary(),
        pa.large_string(): pa.large_binary(),
        pa.string_view(): pa.binary_view(),
    }
    if kind in raw:
        value = rng.choice([*IDS, *NUMBERS])
        if rng.random() < 0.2:
            return pa.array([b"\xff\xfe"], raw[kind]).view(kind)
    elif types.is_floating(kind) and kind != pa.float16():
        value = rng.choice(HOSTILE["float"])
    elif kind in (pa.int64(), pa.timestamp("s")):
        value = rng.choice(HOSTILE["int" if kind == pa.int64() else "timestamp"])
    elif kind == pa.uint64():
        value = 2**64 - 1
    return pa.array([value], pa.float64() if kind == pa.float32() else kind).cast(kind)


def texts(array: pa.Array) -> list[Any]:
    """Return Python's values; None where bytes are no UTF-8."""
    found = []
    for value in array:
        try:
            found.append(value.as_py())
        except UnicodeDecodeError:
            found.append(None)
    return found


def plain_id(value: Any) -> str:
    """Return an id as text."""
    if value is None or not str(value).strip():
        raise ValueError("no id")
    if any(ord(c) < 32 or ord(c) == 127 for c in str(value)):
        raise ValueError("control character")
    return str(value)


def plain_rating(value: Any) -> float:
    """Return the float32 nearest to a rating."""
    if value is None:
        raise ValueError("none")
    return as_rating(value if isinstance(value, str) else repr(float(value)), None)


def plain_time(scalar: Any) -> int:
    """Return whole Unix seconds of a scalar."""
    kind, value = scalar.type, scalar.value if hasattr(scalar, "value") else scalar.as_py()
    if value is None:
        raise ValueError("none")
    if kind == pa.date32():
        return as_seconds(str(value * 86400), "unix")
    if pa.types.is_timestamp(kind):
        return as_seconds(str(value // {"s": 1, "ms": 10**3, "us": 10**6}[kind.unit]), "unix")
    return as_seconds(repr(scalar.as_py()), "unix")


@seeds(quick=40, full=500, chunk=20)
def test_a_hostile_parquet_file(
    request: pytest.FixtureRequest, seeds: range, tmp_path: Path
) -> None:
    for seed, guard in each(request, seeds):
        with guard:
            rng = Random(seed)
            n = rng.choice([1, 2, 50, 300])
            sound = seed % 4 > 0
            user = column(ID_KINDS if sound else ID_KINDS + NO_IDS, n, rng)
            item = column(ID_KINDS, n, rng)
            rating = column(RATING_KINDS if sound else RATING_KINDS + NO_NUMBERS, n, rng)
            at = column(TIME_KINDS if sound else TIME_KINDS + NO_NUMBERS, n, rng)
            table = pa.table({"user": user, "item": item, "rating": rating, "at": at})
            path = tmp_path / f"{seed}.parquet"
            parquet.write_table(table, path, row_group_size=rng.choice([7, 1000]))
            _check(path, table)


def _check(path: Path, table: pa.Table) -> None:
    read = [plain_id, plain_id, plain_rating, plain_time]
    columns = [texts(table["user"]), texts(table["item"]), texts(table["rating"]), table["at"]]
    good, bad = [], []
    for row, values in enumerate(zip(*columns, strict=True), 1):
        try:
            good.append(tuple(convert(v) for convert, v in zip(read, values, strict=True)))
        except (ValueError, OverflowError, TypeError):
            bad.append(row)
    kinds = [kind[0] for kind in NO_IDS], [kind[0] for kind in NO_NUMBERS]
    wrong = table["user"].type in kinds[0] or {table[c].type for c in ("rating", "at")} & {
        *kinds[1]
    }
    for on_error in ("refuse", "skip"):
        try:
            loader = Delimited(path=str(path), timestamp="at", on_error=on_error)
            found = loader.load().interactions
        except DataError as error:
            assert error.exit_code == 5
            if wrong:
                assert error.where == str(path) and "of type" in error.message
            elif on_error == "skip":
                assert not good, error
            else:
                assert error.where == f"{path}: row {bad[0]}", error
            continue
        assert not wrong and good and not (bad and on_error == "refuse"), "read in silence"
        assert listed(found, Layout()) == good
        assert listed(loader.load().interactions, Layout()) == good


@seeds(quick=20, full=200, chunk=20)
def test_a_damaged_parquet_file(
    request: pytest.FixtureRequest, seeds: range, tmp_path: Path
) -> None:
    table = pa.table({"user": ["a", "b"] * 50, "item": list(range(100)), "rating": [1.5] * 100})
    parquet.write_table(table, tmp_path / "whole.parquet", write_page_checksum=True)
    whole = (tmp_path / "whole.parquet").read_bytes()
    for seed, guard in each(request, seeds):
        with guard:
            rng = Random(seed)
            at = rng.choice(
                [rng.randrange(len(whole)), rng.randrange(40), len(whole) - 1 - seed % 40]
            )
            data = rng.choice(
                [whole[:at], whole[at:], rng.randbytes(at), whole[:at] + bytes(9), b""]
            )
            path = tmp_path / f"{seed}.parquet"
            path.write_bytes(data)
            try:
                found = Delimited(path=str(path)).load().interactions
            except DataError as error:
                assert error.exit_code == 5 and error.where == str(path), error
            else:
                assert data == whole and found.value.tolist() == [1.5] * 100
