"""Compressed files: read by a name that says so, else told what they are."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from recsys_cli.errors import DataError
from recsys_cli.loaders.delimited import Delimited

Put = Callable[[str, str | bytes], Path]
TEXT = b"user,item,rating\na,b,1\n"


def zipped() -> bytes:
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w") as archive:
        archive.writestr("r.csv", TEXT)
    return found.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("r.csv", gzip.compress(TEXT), r"is compressed with gzip but is not named \.gz\nname it"),
        ("r.csv.bz2", bz2.compress(TEXT), "is compressed with bzip2\nunpack it"),
        ("r.tsv", zipped(), "is compressed with zip"),
        ("r.csv.xz", lzma.compress(TEXT), "is compressed with xz"),
        ("r.csv.zst", b"\x28\xb5\x2f\xfd\x04", "is compressed with zstandard"),
        ("r.csv.gz", gzip.compress(gzip.compress(TEXT)), "holds what is compressed with gzip"),
    ],
    ids=["gzip", "bzip2", "zip", "xz", "zstandard", "twice"],
)
@pytest.mark.parametrize("separator", [None, ","])
def test_what_is_compressed_is_not_read_as_text(
    put: Put, name: str, data: bytes, reason: str, separator: str | None
) -> None:
    path = put(name, data)
    with pytest.raises(DataError, match=reason) as caught:
        Delimited(path=name, separator=separator).load()
    assert caught.value.where == str(path)


def test_text_that_begins_alike_is_text(put: Put) -> None:
    put("r.csv", b"BZh9,PK,1\nPK,BZh,2\n")
    data = Delimited(path="r.csv", user=0, item=1, rating=2).load().interactions
    assert data.users.ids == ("BZh9", "PK")


@pytest.mark.parametrize("name", ["r.csv.GZ", "r.CSV.Gz"])
def test_the_case_of_a_suffix_does_not_count(put: Put, name: str) -> None:
    put(name, gzip.compress(TEXT))
    assert Delimited(path=name).load().interactions.value.tolist() == [1]
