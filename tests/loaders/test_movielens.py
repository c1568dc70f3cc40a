"""MovieLens in its three layouts: made-up files of the same form, and the real ones if there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from recsys_cli.errors import DataError
from recsys_cli.loaders import movielens
from recsys_cli.loaders.movielens import MovieLens

Put = Callable[[str, str | bytes], Path]
real = pytest.mark.skipif(
    not (Path(os.environ.get("RECSYS_DATA_HOME", "datasets")) / "ml-100k/u.data").is_file(),
    reason="needs MovieLens: set RECSYS_DATA_HOME to a folder with ml-100k, ml-1m, ml-latest-small",
)


def count(monkeypatch: pytest.MonkeyPatch, size: str, ratings: int) -> None:
    known = movielens._SIZES[size]
    monkeypatch.setitem(movielens._SIZES, size, known._replace(ratings=ratings))


def test_csv_layout(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    put("ml-25m/ratings.csv", "userId,movieId,rating,timestamp\n1,296,5.0,1147880044\n2,7,0.5,9\n")
    put(
        "ml-25m/movies.csv",
        'movieId,title,genres\n7,"American President, The (1995)",Comedy|Drama\n'
        '8,"A ""B"" C",(no genres listed)\n296,Misérables,Crime\n',
    )
    count(monkeypatch, "25m", 2)
    data = MovieLens(size="25m").load()
    assert data.interactions.items.ids == ("296", "7", "8")
    assert data.titles == ["Misérables", "American President, The (1995)", 'A "B" C']
    assert data.features.items is not None
    assert data.features.items.multilabel["genre"] == [("Crime",), ("Comedy", "Drama"), ()]
    assert data.interactions.scale == (0.5, 5)
    assert data.info.name == "MovieLens 25m"


def test_one_million_layout(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    put("ml-1m/ratings.dat", "1::1193::5::978300760\n")
    put("ml-1m/movies.dat", "1193::Misérables, Les (1995)::Drama|Musical\n".encode("latin-1"))
    put("ml-1m/users.dat", "1::F::1::10::48067\n")
    count(monkeypatch, "1m", 1)
    data = MovieLens(size="1m").load()
    assert data.titles == ["Misérables, Les (1995)"]
    assert data.features.users is not None
    columns = set(data.features.users.columns)
    assert columns == {"age=1", "gender=F", "occupation=10", "zip=48067"}


def test_rows_are_counted(put: Put) -> None:
    put("ml-1m/ratings.dat", "1::1193::5::978300760\n")
    put("ml-1m/movies.dat", "1193::Title::Drama\n")
    put("ml-1m/users.dat", "1::F::1::10::48067\n")
    with pytest.raises(DataError, match="holds 1 rows; 1,000,209 were published"):
        MovieLens(size="1m").load()


def test_a_bad_row_is_refused_with_its_line(put: Put) -> None:
    path = put("ml-latest-small/ratings.csv", "userId,movieId,rating,timestamp\n1,2,7,3\n")
    put("ml-latest-small/movies.csv", "movieId,title,genres\n2,Two,Drama\n")
    with pytest.raises(DataError, match=r"outside the scale 0\.5 to 5") as caught:
        MovieLens(size="latest-small").load()
    assert caught.value.where == f"{path}:2"


def test_what_the_catalogue_and_folds_of_100k_must_be(
    put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    count(monkeypatch, "100k", 2)
    flags = "|".join("0" * 19)
    film = "1|One|01-Jan-1995||url|"
    put("ml-100k/u.data", "1\t1\t5\t9\n2\t1\t4\t9\n")
    put("ml-100k/u.user", "1|24|M|artist|0\n2|24|F|artist|0\n")
    put("ml-100k/u1.test", "1\t1\t5\t9\n")
    put("ml-100k/u.item", film + flags[:-1] + "1\n")
    data = MovieLens().load()
    assert data.folds["u1"].tolist() == [2, 1]
    assert data.features.items is not None
    assert data.features.items.multilabel["genre"] == [("Western",)]
    for wrong in (flags[:-1] + "2", flags + "|0"):
        path = put("ml-100k/u.item", film + wrong + "\n")
        with pytest.raises(DataError, match="19 flags expected, each 0 or 1") as caught:
            MovieLens().load()
        assert caught.value.where == f"{path}:1"
    put("ml-100k/u.item", film + flags[:-2] + "\n")
    with pytest.raises(DataError, match="has 23 columns"):
        MovieLens().load()
    put("ml-100k/u.item", film + flags + "\n")
    put("ml-100k/u.data", "1\t1\t5\t9\n1\t1\t4\t9\n")
    with pytest.raises(DataError, match="holds a pair of user and item twice"):
        MovieLens().load()


@real
def test_100k() -> None:
    data = MovieLens().load()
    x = data.interactions
    assert (x.n_users, x.n_items, len(x)) == (943, 1682, 100_000)
    assert x.users.ids[:3] == ("196", "186", "22")
    assert x.timestamp is not None
    assert (x.items[x.item_idx[0]], x.value[0], x.timestamp[0]) == ("242", 3, 881250949)
    assert data.titles is not None
    assert data.titles[x.items.index(["543"])[0]] == "Misérables, Les (1995)"
    toy = x.items.index(["1"])[0]
    assert data.features.items is not None and data.features.users is not None
    assert data.features.items.multilabel["genre"][toy] == ("Animation", "Children's", "Comedy")
    first = x.users.index(["1"])[0]
    assert data.features.users.numeric["age"][first] == 24
    assert data.features.users.categorical["occupation"][first] == "technician"


@real
def test_100k_folds_are_the_published_files() -> None:
    home = Path(os.environ.get("RECSYS_DATA_HOME", "datasets"))
    data = MovieLens().load()
    x = data.interactions
    tested = np.sum([data.folds[f"u{n}"] == 2 for n in range(1, 6)], axis=0)
    assert (tested == 1).all()
    for fold, size in (("u1", 20_000), ("ua", 9_430)):
        lines = (home / f"ml-100k/{fold}.base").read_text().split("\n")[:-1]
        base = {tuple(line.split("\t")) for line in lines}
        rows = np.flatnonzero(data.folds[fold] == 1)
        assert len(rows) == len(base) == 100_000 - size
        assert x.timestamp is not None
        assert base == {
            (x.users[x.user_idx[r]], x.items[x.item_idx[r]], f"{x.value[r]:g}", f"{x.timestamp[r]}")
            for r in rows
        }


@real
def test_1m_and_latest_small() -> None:
    x = MovieLens(size="1m").load().interactions
    assert (x.n_users, x.n_items, (x.item_counts > 0).sum(), len(x)) == (
        6040,
        3883,
        3706,
        1_000_209,
    )
    assert (x.item_counts[:3706] > 0).all()
    small = MovieLens(size="latest-small").load()
    assert (small.interactions.n_users, len(small.interactions)) == (610, 100_836)
    assert small.titles is not None
    assert small.titles[0] == "Toy Story (1995)"
