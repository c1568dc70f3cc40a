"""Parquet files of items and users: columns of a plain type, and labels in lists."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from recsys_cli.data import Dataset
from recsys_cli.errors import DataError
from recsys_cli.loaders.delimited import Delimited


@pytest.fixture
def load(home: Path) -> Callable[..., Dataset]:
    """Load interactions with items 1 and 2, which columns describe."""

    def run(columns: dict[str, Any], **asked: Any) -> Dataset:
        (home / "r.csv").write_text("user,item,rating\na,1,1\na,2,1\n")
        parquet.write_table(pa.table(columns), home / "i.parquet")
        return Delimited(path="r.csv", items={"path": "i.parquet", **asked}).load()

    return run


def test_each_plain_type_and_lists_of_labels(load: Callable[..., Dataset]) -> None:
    columns = {
        "id": [1, 2],
        "title": pa.array(["One", None]).dictionary_encode(),
        "labels": [["x|y", " z "], None],
        "made": [date(2020, 1, 2), None],
        "new": [True, None],
        "size": pa.array([0.1, None], pa.float32()),
        "count": [2**40, 3],
        "unasked": [{"a": 1}, {"a": 2}],
    }
    data = load(
        columns,
        title="title",
        multilabel=["labels"],
        label_separator=";",
        categorical=["made", "new"],
        numeric=["size", "count"],
    )
    found = data.features.items
    assert found is not None and data.titles == ["One", "2"]
    assert found.multilabel == {"labels": [("x|y", "z"), ()]}
    assert found.categorical == {"made": ["2020-01-02", ""], "new": ["True", ""]}
    np.testing.assert_array_equal(found.numeric["size"], np.array([0.1, np.nan], np.float32))
    assert found.numeric["count"].tolist() == [2**40, 3]


LISTS = [["x"], ["y"]]


@pytest.mark.parametrize(
    ("column", "asked", "reason"),
    [
        (LISTS, {"categorical": ["c"]}, r"column c is of type list<.*>, no text or number"),
        (LISTS, {"categorical": ["c"], "multilabel": ["c"]}, r"column c is of type list"),
        ([[1], [2]], {"multilabel": ["c"]}, r"column c is of type list<.*int64>"),
        ([b"x", b"y"], {"title": "c"}, "column c is of type binary"),
        ([{"a": 1}] * 2, {"text": ["c"]}, "column c is of type struct"),
        ([1.0, 2.0], {"id": "c"}, "the ids in c are of type double"),
        ([b"x", b"y"], {"id": "c"}, "the ids in c are of type binary"),
    ],
)
def test_other_types_are_refused(
    load: Callable[..., Dataset], column: Any, asked: dict[str, Any], reason: str
) -> None:
    with pytest.raises(DataError, match=reason):
        load({"id": [1, 2], "c": column}, **asked)


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"id": [1, 1], "g": [[], []]}, "the id .1. is also in row 1"),
        ({"id": [1, None], "g": [[], []]}, "the id is empty"),
        ({"id": [1, 2], "g": [["a"], ["b|c"]]}, r'a label of g holds "\|"\nset label_separator'),
    ],
)
def test_a_bad_row_is_named(
    load: Callable[..., Dataset], home: Path, columns: dict[str, Any], reason: str
) -> None:
    with pytest.raises(DataError, match=reason) as caught:
        load(columns, multilabel=["g"])
    assert caught.value.where == f"{home / 'i.parquet'}: row 2"


def test_a_file_that_another_replaces_is_read_to_its_end(home: Path) -> None:
    from recsys_cli.loaders._parquet import ParquetFile

    path = home / "i.parquet"
    parquet.write_table(pa.table({"id": [1], "c": ["old"]}), path)
    file = ParquetFile(path)
    assert file.head[1] == ["id", "c"]
    parquet.write_table(pa.table({"id": [1], "c": ["new"]}), home / "other")
    (home / "other").replace(path)
    assert file.column(1).to_pylist() == ["old"]
