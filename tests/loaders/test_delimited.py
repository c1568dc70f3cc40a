"""The delimited loader: what a spec can ask of files of one's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from recsys_cli.data import Dataset
from recsys_cli.errors import DataError, NotFound
from recsys_cli.loaders.delimited import Delimited

Put = Callable[[str, str | bytes], Path]
RATINGS = "user,item,rating,at\nu2,i9,5,200\nu1,i1,3.5,100\nu1,i9,1,50\n"


def load(**parameters: Any) -> Dataset:
    return Delimited(**parameters).load()


def test_columns_by_name(put: Put) -> None:
    put("r.csv", RATINGS)
    data = load(path="r.csv", timestamp="at", scale=[1, 5]).interactions
    assert data.users.ids == ("u2", "u1")
    assert data.items.ids == ("i9", "i1")
    assert data.user_idx.tolist() == [0, 1, 1]
    assert data.item_idx.tolist() == [0, 1, 0]
    assert data.value.tolist() == [5, 3.5, 1]
    assert data.timestamp is not None
    assert data.timestamp.tolist() == [200, 100, 50]
    assert data.scale == (1.0, 5.0)


def test_columns_by_number_and_weights(put: Put) -> None:
    put("r.dat", "5::u1::i1::0.5\n3::u2::i1::2\n")
    data = load(path="r.dat", separator="::", user=1, item=2, rating=0, weight=3).interactions
    assert data.users.ids == ("u1", "u2")
    assert data.weight is not None
    assert data.weight.tolist() == [0.5, 2]
    put("w.dat", "5::u1::i1::0\n")
    with pytest.raises(DataError, match="the weight is not a positive number"):
        load(path="w.dat", separator="::", user=1, item=2, rating=0, weight=3)


def test_propensities_weigh_by_their_inverse(put: Put) -> None:
    put("p.csv", "user,item,rating,p\na,x,1,0.5\na,y,2,1\nb,x,3,0.25\n")
    data = load(path="p.csv", propensity="p").interactions
    assert data.weight is not None
    np.testing.assert_allclose(data.weight, np.array([2, 1, 4]) * 3 / 7, rtol=1e-6)
    for bad in ("0", "1.5", "-0.1", "1e-40"):
        put("q.csv", f"user,item,rating,p\na,x,1,0.5\na,y,2,{bad}\n")
        with pytest.raises(DataError, match="the propensity is not above 0") as caught:
            load(path="q.csv", propensity="p")
        assert str(caught.value.where).endswith("q.csv:3")
    with pytest.raises(ValidationError, match="either weight or propensity"):
        load(path="p.csv", propensity="p", weight="rating")


def test_without_ratings_every_value_is_one(put: Put) -> None:
    put("r.tsv", "user\titem\na\tb\na\tc\n")
    data = load(path="r.tsv", rating=None).interactions
    assert data.value.tolist() == [1, 1]
    assert data.scale is None
    assert data.timestamp is None


def test_names_on_a_first_line_that_is_read_as_data(put: Put) -> None:
    put("r.csv", RATINGS)
    with pytest.raises(DataError, match=r'r\.csv:1: the rating "rating" is not a number'):
        load(path="r.csv", user=0, item=1, rating=2)
    assert len(load(path="r.csv", user=0, item=1, rating=2, header=True).interactions) == 3


def test_bad_rows(put: Put) -> None:
    path = put("r.csv", RATINGS + "u3,i1,7,4\n")
    with pytest.raises(DataError) as caught:
        load(path="r.csv", scale=[1, 5])
    assert caught.value.exit_code == 5
    assert caught.value.where == f"{path}:5"
    assert "dataset.on_error=skip" in str(caught.value.hint)
    skipped = load(path="r.csv", scale=[1, 5], on_error="skip")
    assert skipped.info.skipped == 1
    assert "u3" not in skipped.interactions.users


ITEMS = """id,name,genres,year,colour
i1,"One, first",Drama|Comedy,1999,red
i7,Seven,,,
i9,Nine,Drama|Drama| ,2001.5,blue
"""


def test_item_and_user_files(put: Put) -> None:
    put("r.csv", RATINGS + "u1,i5,2,9\n")
    put("items.csv", ITEMS)
    put("users.tsv", "u1\t31\nu8\t20\n")
    items = {
        "path": "items.csv",
        "title": "name",
        "multilabel": ["genres"],
        "categorical": ["colour"],
        "numeric": ["year"],
    }
    data = load(path="r.csv", items=items, users={"path": "users.tsv", "id": 0, "numeric": [1]})
    assert data.interactions.items.ids == ("i9", "i1", "i5", "i7")
    assert data.interactions.users.ids == ("u2", "u1")
    assert data.titles == ["Nine", "One, first", "i5", "Seven"]
    found, people = data.features.items, data.features.users
    assert found is not None and people is not None
    assert found.multilabel["genres"] == [("Drama",), ("Drama", "Comedy"), (), ()]
    assert found.categorical["colour"] == ["blue", "red", "", ""]
    np.testing.assert_array_equal(found.numeric["year"], [2001.5, 1999, np.nan, np.nan])
    np.testing.assert_array_equal(people.numeric["1"], [np.nan, 31])


@pytest.mark.parametrize(
    ("row", "line", "reason"),
    [
        ("i1,x,,,", 5, "is also in line 2"),
        (",x,,,", 5, "the id is empty"),
        ("i2,x,,", 5, "5 fields expected, 4 found"),
        ("i2,x,,old,", 5, 'the feature "old" is not a number'),
        ("i2,x,,1e99,", 5, "too large"),
        ("i2,x,,-1e-60,", 5, "so small that it would count 0"),
    ],
)
def test_bad_rows_of_an_item_file(put: Put, row: str, line: int, reason: str) -> None:
    put("r.csv", RATINGS)
    path = put("items.csv", ITEMS + row + "\n")
    with pytest.raises(DataError, match=reason) as caught:
        load(path="r.csv", items={"path": "items.csv", "numeric": ["year"]}, on_error="skip")
    assert caught.value.where == f"{path}:{line}"


def test_latin_1_titles(put: Put) -> None:
    put("r.csv", RATINGS)
    put("items.csv", "id,name\ni1,Misérables\n".encode("latin-1"))
    items = {"path": "items.csv", "title": "name"}
    with pytest.raises(DataError, match="not UTF-8"):
        load(path="r.csv", items=items)
    titles = load(path="r.csv", items=items | {"encoding": "latin-1"}).titles
    assert titles is not None
    assert titles[1] == "Misérables"


def test_folds_are_files(put: Put) -> None:
    put("a.csv", "user,item,rating\nu1,i1,1\nu2,i2,2\n")
    put("b.csv", "user,item,rating\nu2,i1,3\n")
    put("c.csv", "user,item,rating\nu3,i3,4\nu1,i2,5\n")
    folds = [{"train": "a.csv", "test": "b.csv"}, {"train": "b.csv", "test": "c.csv"}]
    data = load(folds=folds)
    assert data.interactions.value.tolist() == [1, 2, 3, 4, 5]
    assert data.interactions.users.ids == ("u1", "u2", "u3")
    assert data.interactions.user_idx.tolist() == [0, 1, 1, 2, 0]
    assert {name: label.tolist() for name, label in data.folds.items()} == {
        "1": [1, 1, 2, 0, 0],
        "2": [0, 0, 1, 2, 2],
    }
    assert data.folds["1"].dtype == np.int8


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"path": "a", "folds": [{"train": "a", "test": "b"}]},
        {"path": "a", "scale": [5, 1]},
        {"path": "a", "scale": [1, 5], "rating": None},
        {"path": "a", "separator": ""},
        {"path": "a", "user": -1},
    ],
)
def test_specs_that_make_no_sense(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Delimited(**wrong)


def test_a_file_that_is_not_there(home: Path) -> None:
    with pytest.raises(NotFound, match="synthetic") as caught:
        load(path="none.csv")
    assert str(home) in str(caught.value)


def test_the_current_folder_comes_before_the_data_home(
    put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("r.csv", RATINGS)
    monkeypatch.chdir(tmp_path)
    assert len(load(path="r.csv").interactions) == 3
    (tmp_path / "r.csv").write_text("user,item,rating\na,b,1\n")
    assert len(load(path="r.csv").interactions) == 1


def test_a_suffix_that_says_nothing(put: Put) -> None:
    put("u.data", "1\t2\t3\n")
    with pytest.raises(DataError, match=r"dataset\.separator"):
        load(path="u.data", user=0, item=1, rating=2)
    assert len(load(path="u.data", separator="\t", user=0, item=1, rating=2).interactions) == 1


def write_parquet(path: Path, **columns: Any) -> None:
    pq.write_table(pa.table(columns), path)


def test_parquet(home: Path) -> None:
    write_parquet(
        home / "r.parquet",
        user=pa.array([2**60 + 1, 3, 3]),
        item=pa.array(["b", "a", "b"]).dictionary_encode(),
        rating=pa.array([1, 2, 3]),
        at=pa.array([datetime(2020, 1, 1, tzinfo=UTC)] * 3, pa.timestamp("ns", "Europe/Paris")),
    )
    data = load(path="r.parquet", timestamp="at").interactions
    assert data.users.ids == ("1152921504606846977", "3")
    assert data.items.ids == ("b", "a")
    assert data.value.tolist() == [1, 2, 3]
    assert data.timestamp is not None
    assert data.timestamp.tolist() == [1577836800] * 3


def test_bad_rows_of_a_parquet_file(home: Path) -> None:
    path = home / "r.parquet"
    write_parquet(path, user=["a", None, "b", "c"], item=[1, 1, 2, 2], rating=[1, 2, None, 4.0])
    with pytest.raises(DataError, match="the user id is empty") as caught:
        load(path="r.parquet")
    assert caught.value.where == f"{path}: row 2"
    found = load(path="r.parquet", on_error="skip")
    assert found.info.skipped == 2
    assert found.interactions.users.ids == ("a", "c")
    assert found.interactions.items.ids == ("1", "2")


def test_parquet_files_that_cannot_serve(put: Put, home: Path) -> None:
    write_parquet(home / "r.parquet", user=[1.0, 2.0], item=[1, 2], rating=["x", "y"])
    with pytest.raises(DataError, match="ids in user are of type double"):
        load(path="r.parquet")
    write_parquet(home / "r.parquet", user=[1, 2], item=[1, 2], rating=["3.5", "y"])
    with pytest.raises(DataError, match="the rating is not a finite number") as caught:
        load(path="r.parquet")
    assert str(caught.value.where).endswith("r.parquet: row 2")
    write_parquet(home / "r.parquet", user=[1, 2], item=[1, 2], rating=[[1], [2]])
    with pytest.raises(DataError, match="column rating is of type list"):
        load(path="r.parquet")
    twice = pa.table([pa.array(["a"]), pa.array(["b"])], names=["u", "u"])
    pq.write_table(twice, home / "r.parquet")
    with pytest.raises(DataError, match='two columns named "u"'):
        load(path="r.parquet", user=0, item=1, rating=None)
    write_parquet(home / "e.parquet", user=pa.array([], pa.int64()), item=pa.array([], pa.int64()))
    with pytest.raises(DataError, match="holds no rows"):
        load(path="e.parquet", rating=None)
    put("t.parquet", b"PAR1 no parquet")
    with pytest.raises(DataError, match="is no readable Parquet file"):
        load(path="t.parquet")


@pytest.mark.parametrize(
    ("column", "format_", "expected"),
    [
        (pa.array([10**15], pa.timestamp("s")), "unix", None),
        (pa.array([-1], pa.timestamp("ns")), "unix", -1),
        (pa.array([1577836799999999999], pa.timestamp("ns", "UTC")), "iso", 1577836799),
        (pa.array([-1], pa.date32()), "unix", -86400),
        (pa.array(["2020-01-01T01:00:00+01:00"]), "iso", 1577836800),
        (pa.array(["881250949"]), "unix", 881250949),
        (pa.array([2**63 - 1]), "unix", None),
        (pa.array([None], pa.int64()), "unix", None),
    ],
)
def test_times_of_a_parquet_file(
    home: Path, column: pa.Array, format_: str, expected: int | None
) -> None:
    write_parquet(home / "r.parquet", user=["u"], item=["i"], rating=[1], at=column)
    if expected is None:
        with pytest.raises(DataError, match="the timestamp is no time") as caught:
            load(path="r.parquet", timestamp="at", time_format=format_)
        assert str(caught.value.where).endswith(": row 1")
        return
    times = load(path="r.parquet", timestamp="at", time_format=format_).interactions.timestamp
    assert times is not None and times.tolist() == [expected]


def test_numbers_are_no_iso_times(home: Path) -> None:
    write_parquet(home / "r.parquet", user=["u"], item=["i"], rating=[1], at=[881250949])
    with pytest.raises(DataError, match="column at is of type int64, no times"):
        load(path="r.parquet", timestamp="at", time_format="iso")


def test_parquet_bytes_that_are_no_text_or_fail_their_checksum(put: Put, home: Path) -> None:
    broken = pa.array([b"fine", b"\xff"]).view(pa.string())
    write_parquet(home / "r.parquet", user=broken, item=[1, 2])
    with pytest.raises(DataError, match="is no UTF-8") as caught:
        load(path="r.parquet", rating=None)
    assert str(caught.value.where).endswith(": row 2")
    table = pa.table({"user": ["abcdefgh"], "item": ["x"]})
    pq.write_table(
        table,
        home / "r.parquet",
        compression="none",
        write_page_checksum=True,
        write_statistics=False,
    )
    put("r.parquet", (home / "r.parquet").read_bytes().replace(b"abcdefgh", b"abXdefgh", 1))
    with pytest.raises(DataError, match="is damaged"):
        load(path="r.parquet", rating=None)


def test_parquet_item_file(put: Put, home: Path) -> None:
    put("r.csv", RATINGS)
    write_parquet(home / "i.parquet", id=["i1", "i9"], name=["One", None], year=[1999, None])
    items = {"path": "i.parquet", "title": "name", "numeric": ["year"]}
    data = load(path="r.csv", items=items)
    assert data.titles == ["i9", "One"]


def test_fetch_needs_the_files_only(put: Put, home: Path) -> None:
    put("r.csv", RATINGS)
    assert Delimited(path="r.csv").fetch(lambda _: None) == home
    with pytest.raises(NotFound):
        Delimited(path="none.csv").fetch(lambda _: None)
