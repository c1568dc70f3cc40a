"""Last.fm and Coat: made-up files of the same form, and the real ones if there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from recsys_cli.errors import DataError, NotFound
from recsys_cli.loaders import lastfm
from recsys_cli.loaders.coat import Coat
from recsys_cli.loaders.lastfm import LastFM

Put = Callable[[str, str | bytes], Path]
HOME = Path(os.environ.get("RECSYS_DATA_HOME", "datasets"))
FM = "hetrec2011-lastfm-2k"


def real(file: str) -> pytest.MarkDecorator:
    reason = f"needs {file}: set RECSYS_DATA_HOME to the folder that holds it"
    return pytest.mark.skipif(not (HOME / file).is_file(), reason=reason)


def test_lastfm(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    put(f"{FM}/user_artists.dat", "userID\tartistID\tweight\r\n2\t51\t13883\r\n3\t52\t1\r\n")
    put(
        f"{FM}/artists.dat", 'id\tname\turl\tpictureURL\n52\t"Björk"\tu\tp\n51\tA\tu\t\n9\tB\tu\t\n'
    )
    put(f"{FM}/tags.dat", "tagID\ttagValue\r\n1\tmetal\r\n2\ttropicália\r\n".encode("latin-1"))
    head = "userID\tartistID\ttagID\tday\tmonth\tyear\r\n"
    given = put(
        f"{FM}/user_taggedartists.dat",
        head + "".join(f"{u}\t52\t{t}\t1\t4\t2009\r\n" for u, t in [(2, 1), (2, 2), (3, 2)]),
    )
    monkeypatch.setattr(lastfm, "_ROWS", 2)
    data = LastFM().load()
    assert data.interactions.value.tolist() == [13883, 1]
    assert data.interactions.scale is None
    assert data.titles == ["A", '"Björk"', "B"]
    assert data.features.items is not None
    assert data.features.items.multilabel["tag"] == [(), ("tropicália", "metal"), ()]
    given.write_text(head + "2\t52\t7\t1\t4\t2009\n")
    with pytest.raises(DataError, match=r"tag 7 is not in tags\.dat"):
        LastFM().load()
    given.write_text("userID\tartistID\n2\t52\n")
    with pytest.raises(DataError, match='has no column "tagID"'):
        LastFM().load()
    put(f"{FM}/tags.dat", "tagID\ttagValue\n1\tmetal\n1\tjazz\n")
    with pytest.raises(DataError, match='the id "1" is also in line 2'):
        LastFM().load()


@real(f"{FM}/user_artists.dat")
def test_real_lastfm() -> None:
    data = LastFM().load()
    x = data.interactions
    assert (x.n_users, x.n_items, len(x)) == (1892, 17_632, 92_834)
    assert data.titles is not None and data.features.items is not None
    at = x.items.index(["51"])[0]
    assert data.titles[at] == "Duran Duran"
    assert data.features.items.multilabel["tag"][at][:2] == ("80s", "new wave")


@pytest.fixture
def coat(put: Put) -> Path:
    """Write a Coat where user 1 rated coat 2 in training, and coats 2 and 300 in the test."""

    def matrix(cells: dict[tuple[int, int], int], shape: tuple[int, int]) -> str:
        table = np.zeros(shape, int)
        for cell, value in cells.items():
            table[cell] = value
        return "".join(" ".join(map(str, row)) + "\r\n" for row in table)

    side = "coat/user_item_features"
    put("coat/train.ascii", matrix({(0, 1): 4}, (290, 300)))
    put("coat/test.ascii", matrix({(0, 1): 2, (0, 299): 5}, (290, 300)))
    put(f"{side}/user_features.ascii", matrix({(0, 1): 1}, (290, 2)))
    put(f"{side}/user_features_map.txt", "gender:men\ngender:women")
    put(f"{side}/item_features.ascii", matrix({(1, 0): 1, (1, 1): 1, (1, 2): 1}, (300, 3)))
    put(f"{side}/item_features_map.txt", "gender:men\njackettype:rain\ncolor:red")
    return put("coat/README.txt", "").parent


def test_coat(coat: Path) -> None:
    data = Coat().load()
    x = data.interactions
    assert (x.user_idx.tolist(), x.item_idx.tolist()) == ([0, 0, 0], [1, 1, 299])
    assert x.value.tolist() == [4, 2, 5]
    assert x.items.ids[299] == "300"
    assert data.folds["random-test"].tolist() == [1, 2, 2]
    assert data.features.users is not None
    assert data.features.users.categorical == {"gender": ["women"] + [""] * 289}
    assert data.titles is not None
    assert data.titles[1] == "red rain (men)"


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("0 4 0", "0 6 0", '"6" is no whole number from 0 to 5'),
        ("0 4 0", "0 4.5 0", '"4.5" is no whole number'),
        ("0 4 0", "0 40", "300 numbers expected, 299 found"),
    ],
)
def test_a_bad_matrix(coat: Path, before: str, after: str, reason: str) -> None:
    path = coat / "train.ascii"
    path.write_text(path.read_text().replace(before, after))
    with pytest.raises(DataError, match=reason) as caught:
        Coat().load()
    assert caught.value.where == f"{path}:1"


def test_a_matrix_cut_short(coat: Path) -> None:
    path = coat / "test.ascii"
    path.write_text("\n".join(path.read_text().splitlines()[:-1]))
    with pytest.raises(DataError, match="290 rows expected, 289 found"):
        Coat().load()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("gender:men\njackettype\ncolor:red", "2 fields expected, 1 found"),
        ("gender:men\njackettype:rain:coat\ncolor:red", "2 fields expected, 3 found"),
        ("gender\njackettype\ncolor", "lines of attribute:category expected"),
        ("gender:men\njackettype:\ncolor:red", "is there twice, or empty"),
        ("gender:men\ncolor:red\ncolor:red", "is there twice, or empty"),
        ("gender:men\ncolor:blue\ncolor:red", "item 2 has two of color"),
        ("gender:men\nsleeves:long\ncolor:red", "has no attribute jackettype"),
    ],
)
def test_a_bad_map_of_flags(coat: Path, content: str, reason: str) -> None:
    (coat / "user_item_features/item_features_map.txt").write_text(content)
    with pytest.raises(DataError, match=reason):
        Coat().load()


def test_coat_weighs_what_trains_by_inverse_propensity(coat: Path) -> None:
    path, chance = coat / "propensities.ascii", np.full((290, 300), 0.5)
    with pytest.raises(NotFound, match=r"propensities\.ascii"):
        Coat(propensities=True).load()
    train = coat / "train.ascii"
    train.write_text(train.read_text().replace("0 4 0 0", "0 4 0 3", 1))
    chance[0, 3] = 0.125
    np.savetxt(path, chance)
    x = Coat(propensities=True).load().interactions
    assert x.value.tolist() == [4, 3, 2, 5]
    assert x.weight is not None
    np.testing.assert_allclose(x.weight, [0.4, 1.6, 1, 1])
    chance[7, 1] = 0
    np.savetxt(path, chance)
    with pytest.raises(DataError, match="is not above 0 and at most 1") as caught:
        Coat(propensities=True).load()
    assert caught.value.where == f"{path}:8"


@real("coat/train.ascii")
def test_real_coat() -> None:
    data = Coat().load()
    x, fold = data.interactions, data.folds["random-test"]
    assert (x.n_users, x.n_items) == (290, 300)
    assert ((fold == 1).sum(), (fold == 2).sum()) == (6960, 4640)
    assert (np.bincount(x.user_idx[fold == 2]) == 16).all()
    assert data.features.items is not None
    assert all("" not in values for values in data.features.items.categorical.values())
