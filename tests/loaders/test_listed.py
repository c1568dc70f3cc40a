"""Files that list items for users, and the three files of the NCF protocol."""

from __future__ import annotations

import gzip

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recsys_cli.errors import DataError, NotFound
from recsys_cli.evaluation import Evaluator
from recsys_cli.loaders import LOADERS
from recsys_cli.loaders._listed import read_listed
from recsys_cli.spec import EvaluationSpec
from recsys_cli.splitters import SPLITTERS

TRAIN = "0\t0\t5\t100\n0\t1\t3\t101\n1\t2\t4\t90\n1\t0\t0\t95\n1\t3\t1\t99\n0\t4\t2\t102\n"
TEST = "0\t2\t4\t200\n1\t1\t5\t201\n"
NEGATIVE = "(0,2)\t3\t17\n(1,1)\t4\t4\t0\n"


@pytest.fixture
def ncf(tmp_path, monkeypatch):
    """The three files, as He et al. distribute them, in the data home."""
    monkeypatch.setenv("RECSYS_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("RECSYS_CACHE", str(tmp_path / "cache"))
    for end, text in (("train.rating", TRAIN), ("test.rating", TEST), ("test.negative", NEGATIVE)):
        (tmp_path / f"toy.{end}").write_text(text)
    return tmp_path


def test_the_three_files_of_ncf_are_read_as_they_are(ncf):
    dataset = LOADERS.get("ncf")(path="toy").load()
    data = dataset.interactions
    # The row with the rating 0 is none.
    assert len(data) == 7 and dataset.info.skipped == 1
    assert data.value.tolist() == [1.0] * 7 and data.scale is None
    assert data.timestamp[:3].tolist() == [100, 101, 90]
    split = next(SPLITTERS.get("predefined")().split(dataset, np.random.default_rng(0)))
    pairs = zip(split.test.user_idx.tolist(), split.test.item_idx.tolist(), strict=True)
    assert [(data.users[u], data.items[i]) for u, i in pairs] == [("0", "2"), ("1", "1")]
    spec = EvaluationSpec.model_validate({"candidates": {"file": "toy.test.negative"}})
    lists = Evaluator(split, spec).lists
    listed = [
        {data.items[i] for i in lists.items.rows(np.array([at])).indices.tolist()} for at in (0, 1)
    ]
    assert listed == [{"2", "3"}, {"1", "4", "0"}]
    assert lists.left_out == 1  # 17
    rated = LOADERS.get("ncf")(path="toy", ratings=True).load().interactions
    assert rated.value.tolist() == [5, 3, 4, 1, 2, 4, 5]


def test_files_without_times_are_read_too(ncf):
    for end, text in (("train.rating", "0\t1\t1\n1\t2\t1\n"), ("test.rating", "0\t2\t1\n")):
        (ncf / f"pin.{end}").write_text(text)
    loader = LOADERS.get("ncf")(path="pin")
    assert loader.at_hand and loader.load().interactions.timestamp is None
    (ncf / "pin.train.rating").write_text("0\t1\t1\t100\n1\t2\t1\t100\n")
    with pytest.raises(DataError, match="one of its files has times and the other none"):
        loader.load()
    lacking = LOADERS.get("ncf")(path="none")
    assert not lacking.at_hand
    with pytest.raises(NotFound, match=r"none\.train\.rating"):
        lacking.load()


def test_a_bad_line_of_negatives_is_named(tmp_path):
    path = tmp_path / "x.negative"
    for text in ("(0,2)\t3\n0,2\t3\n", "(0,2)\t3\n(0,2)\n", "(0,2)\t3\n(0,2)\t3\t\t4\n"):
        path.write_text(text)
        with pytest.raises(DataError, match=r"x\.negative:2: .*item ids expected"):
            read_listed(path)


def test_tables_of_all_kinds_give_the_same_rows(tmp_path):
    rows = [("a", "x", 2.5), ("b", "y", -1.0), ("a", "y", 1e-3)]
    csv = "item,score,user\n" + "".join(f"{i},{v!r},{u}\n" for u, i, v in rows)
    (tmp_path / "r.csv").write_text(csv)
    (tmp_path / "r.tsv").write_text(csv.replace(",", "\t"))
    (tmp_path / "r.csv.gz").write_bytes(gzip.compress(csv.encode()))
    names = ("user", "item", "score")
    table = pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
    pq.write_table(table, tmp_path / "r.parquet")
    for name in ("r.csv", "r.tsv", "r.csv.gz", "r.parquet"):
        found = read_listed(tmp_path / name, ("rank", "score"))
        assert list(zip(found.user, found.item, found.value.tolist(), strict=True)) == rows
        assert found.by == "score"
    assert read_listed(tmp_path / "r.csv").value is None


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("r.csv", "user,item,rank\na,x,1\na,y\n", r"r\.csv:3: 3 fields expected, 2 found"),
        ("r.csv", "user,item,rank\na,x,one\n", r'r\.csv:2: the rank "one" is not a number'),
        ("r.csv", "user,item,rank\na,x,1e400\n", r'r\.csv:2: the rank "1e400" is not a finite'),
        ("r.negative", "(0,2)\t3\n(1,1)\t\udcff\n", r"r\.negative:2: an id is not UTF-8 text"),
        ("r.csv", "user,item\na,\n", r"r\.csv:2: the user or item id is empty"),
        ("r.csv", "user,itme\na,x\n", r'has no column "item"\n.*did you mean "itme"'),
        ("r.csv", "user,item\n", r"holds no rows"),
        ("r.dat", "user,item\na,x\n", r'the suffix "\.dat" does not say'),
        ("r.csv.bz2", "BZh91AY&SY...", r"is compressed with bzip2\nunpack it"),
        ("r.csv", "user,item,Score\na,x,1\n", r'neither rank nor score\nrename "Score" to score,'),
        ("r.csv", "user,item,rnk,t\na,x,1,2\n", r'the columns user, .*\nrename "rnk" to rank, or'),
        ("r.csv", "user,item,prediction\na,x,1\n", r"\nname the column that orders the list rank"),
    ],
)
def test_a_bad_table_is_named(tmp_path, name, text, message):
    path = tmp_path / name
    path.write_text(text, errors="surrogateescape")
    with pytest.raises(DataError, match=message):
        read_listed(path, ("rank", "score"))


def test_text_of_the_view_type_is_read_as_any_other(ncf):
    view = pa.string_view()
    columns = {
        "user": pa.array(["a", "b"], view),
        "item": pa.array(["x", "é"], view),
        "rating": pa.array(["2.5", "3"], view),
    }
    pq.write_table(pa.table(columns), ncf / "view.parquet")
    data = LOADERS.get("delimited")(path="view.parquet").load().interactions
    assert (data.users.ids, data.items.ids) == (("a", "b"), ("x", "é"))
    assert data.value.tolist() == [2.5, 3]
    found = read_listed(ncf / "view.parquet", ["rating"])
    assert (found.item, found.value.tolist()) == (["x", "é"], [2.5, 3])


def test_a_column_that_may_be_meant_for_the_order_is_refused_in_parquet_too(tmp_path):
    path = tmp_path / "r.parquet"
    pq.write_table(pa.table({"user": ["a"], "item": ["x"], "Rank": [1]}), path)
    with pytest.raises(DataError, match='rename "Rank" to rank'):
        read_listed(path, ("rank", "score"))
    assert read_listed(path).item == ["x"]  # where no order is asked for, any column may be there
