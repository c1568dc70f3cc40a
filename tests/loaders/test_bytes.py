"""What reading a file takes, from its size once unpacked and its rows."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from recsys_cli.errors import DataError
from recsys_cli.loaders._bytes import USUAL, reading
from recsys_cli.loaders.delimited import Delimited

Put = Callable[[str, str | bytes], Path]
ROWS = b"u1,i1,5,9\n" * 100_000


def test_a_gz_file_takes_what_its_text_takes(put: Put) -> None:
    plain = reading(put("r.csv", ROWS), USUAL)
    assert plain == pytest.approx(100_000 * (2.3 * 10 + 70), rel=0.01)
    members = gzip.compress(ROWS[:500_000]) + gzip.compress(ROWS[500_000:])
    for name, packed in (("one.csv.gz", gzip.compress(ROWS)), ("two.CSV.GZ", members)):
        assert reading(put(name, packed), USUAL) == plain + len(packed)
    assert reading(put("cut.csv.gz", members[:-9]), USUAL) > 0


def test_a_parquet_file_takes_its_rows_and_not_its_bytes(home: Path) -> None:
    columns = {"user": ["u1"] * 10**6, "item": [1] * 10**6, "rating": [1.5] * 10**6}
    long = pa.DictionaryArray.from_arrays(pa.array([0] * 10**6), ["x" * 1000])
    parquet.write_table(pa.table(columns | {"other": long}), home / "r.parquet")
    assert (home / "r.parquet").stat().st_size < 200_000
    found = reading(home / "r.parquet", ["user", "item", "rating"])
    assert 100 << 20 < found < 150 << 20
    assert reading(home / "r.parquet", ["user", "item", "rating", "other"]) > 1 << 30
    assert Delimited(path="r.parquet").load_bytes == found


def test_what_is_no_parquet_file_is_told_by_its_reader(put: Put) -> None:
    assert reading(put("r.parquet", b"PAR1"), USUAL) == 4


def test_what_the_system_denies_is_said_and_not_guessed(tmp_path):
    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        reading(tmp_path)
