"""Small files in the layouts of published data, and a plain reading of their titles."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from recsys_cli.data import Dataset
from recsys_cli.loaders import lastfm, movielens
from recsys_cli.loaders.coat import Coat
from recsys_cli.loaders.delimited import Delimited
from recsys_cli.loaders.lastfm import LastFM
from recsys_cli.loaders.movielens import MovieLens
from recsys_cli.loaders.ncf import NCF
from tests.torture.mutations import Lines
from tests.torture.plain_reader import Layout

#: Rows of interactions in each file; the loaders are told that so many were published.
ROWS = 40
_TABS = Layout("\t", False, 0, 1, 2, 3, scale=(1, 5))


@dataclass
class Files:
    """One published dataset: its files, those of interactions, and that of titles.

    ``titles`` is a file, its separator, whether it has a header, its encoding, and the columns of
    id and title.
    """

    lines: dict[str, Lines]
    separators: dict[str, str]
    tables: dict[str, Layout]
    load: Callable[[], Dataset]
    titles: tuple[str, str, bool, str, int, int] | None = None
    counted: bool = True

    def write(self, home: Path) -> None:
        """Write all of them."""
        for name, lines in self.lines.items():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_bytes(b"".join(lines))


def table(
    rng: Random, separator: str, header: str = "", rows: int = ROWS, columns: int = 4
) -> Lines:
    """Return rows of user, item, rating and time."""
    pairs = rng.sample([(u, i) for u in range(1, 13) for i in range(1, 13)], rows)
    found = [[u, i, rng.randint(1, 5), 881250000 + rng.randrange(9999)][:columns] for u, i in pairs]
    return text([header] * bool(header) + [separator.join(map(str, row)) for row in found])


def text(lines: list[str], encoding: str = "utf-8") -> Lines:
    """Return lines as bytes."""
    return [f"{line}\n".encode(encoding) for line in lines]


def ml_100k(rng: Random) -> Files:
    """Tabs, and a catalogue in Latin-1 with flags."""
    flags = "|".join("01"[i % 3 == 0] for i in range(19))
    items = text([f"{i}|Misérables {i}|01-Jan-1995||u|{flags}" for i in range(1, 14)], "latin-1")
    users = text([f"{u}|{20 + u}|F|artist|0{u}" for u in range(1, 14)])
    folder = "ml-100k/"
    lines = {"u.data": table(rng, "\t"), "u.item": items, "u.user": users}
    lines["u1.test"] = lines["u.data"][:9]
    return Files(
        {folder + name: content for name, content in lines.items()},
        {folder + name: "\t|"[name in ("u.item", "u.user")] for name in lines},
        {folder + "u.data": _TABS},
        MovieLens(size="100k").load,
        (folder + "u.item", "|", False, "latin-1", 0, 1),
    )


def ml_1m(rng: Random) -> Files:
    """Two colons."""
    movies = text([f"{i}::Misérables {i}::Drama|Crime" for i in range(1, 14)], "latin-1")
    users = text([f"{u}::F::1::10::0{u}" for u in range(1, 14)])
    lines = {"ratings.dat": table(rng, "::"), "movies.dat": movies, "users.dat": users}
    return Files(
        {f"ml-1m/{name}": content for name, content in lines.items()},
        {f"ml-1m/{name}": "::" for name in lines},
        {"ml-1m/ratings.dat": replace(_TABS, separator="::")},
        MovieLens(size="1m").load,
        ("ml-1m/movies.dat", "::", False, "latin-1", 0, 1),
    )


def ml_25m(rng: Random) -> Files:
    """Commas, a header and quotes."""
    movies = text(["movieId,title,genres"] + [f'{i},"Film, ""{i}""",Drama' for i in range(1, 14)])
    lines = {
        "ratings.csv": table(rng, ",", "userId,movieId,rating,timestamp"),
        "movies.csv": movies,
    }
    return Files(
        {f"ml-25m/{name}": content for name, content in lines.items()},
        {f"ml-25m/{name}": "," for name in lines},
        {"ml-25m/ratings.csv": Layout(",", True, 0, 1, 2, 3, scale=(0.5, 5))},
        MovieLens(size="25m").load,
        ("ml-25m/movies.csv", ",", True, "utf-8", 0, 1),
    )


def last_fm(rng: Random) -> Files:
    """Headers, and four files of which one is in Latin-1."""
    folder = "hetrec2011-lastfm-2k/"
    tags = text(["tagID\ttagValue", "1\tmetal", "2\ttropicália"], "latin-1")
    given = [f"{u}\t{u}\t{1 + u % 2}\t1\t4\t2009" for u in range(1, 13)]
    lines = {
        "user_artists.dat": table(rng, "\t", "userID\tartistID\tweight", columns=3),
        "artists.dat": text(["id\tname\turl"] + [f'{i}\t"Björk" {i}\tu' for i in range(1, 14)]),
        "tags.dat": tags,
        "user_taggedartists.dat": text(["userID\tartistID\ttagID\tday\tmonth\tyear", *given]),
    }
    plays = Layout("\t", True, "userID", "artistID", "weight", None)
    return Files(
        {folder + name: content for name, content in lines.items()},
        {folder + name: "\t" for name in lines},
        {folder + "user_artists.dat": plays},
        LastFM().load,
        (folder + "artists.dat", "\t", True, "utf-8", 0, 1),
    )


def ncf(rng: Random) -> Files:
    """Two files that are one dataset."""
    names = ("toy.train.rating", "toy.test.rating")
    return Files(
        {name: table(rng, "\t") for name in names},
        dict.fromkeys(names, "\t"),
        dict.fromkeys(names, replace(_TABS, scale=None)),
        NCF(path="toy", ratings=True).load,
        counted=False,
    )


def folds(rng: Random) -> Files:
    """Two files of one's own that are one dataset."""
    names = ("a.csv", "b.csv")
    layout = Layout(",", True, "user", "item", "rating", "at")
    return Files(
        {name: table(rng, ",", "user,item,rating,at") for name in names},
        dict.fromkeys(names, ","),
        dict.fromkeys(names, layout),
        Delimited(folds=[{"train": "a.csv", "test": "b.csv"}], timestamp="at").load,
        counted=False,
    )


def coat(rng: Random) -> Files:
    """Matrices without ids."""
    side = "coat/user_item_features"

    def matrix(rows: int, columns: int, most: int) -> Lines:
        return text(
            [" ".join(str(rng.randint(0, most)) for _ in range(columns)) for _ in range(rows)]
        )

    one_hot = text([rng.choice(["1 0 0", "0 1 0", "0 0 1"]) for _ in range(290)])
    lines = {
        "coat/train.ascii": matrix(290, 300, 5),
        "coat/test.ascii": matrix(290, 300, 5),
        f"{side}/user_features.ascii": one_hot,
        f"{side}/user_features_map.txt": text(["gender:men", "gender:women", "gender:other"]),
        f"{side}/item_features.ascii": matrix(300, 3, 1),
        f"{side}/item_features_map.txt": text(["gender:men", "jackettype:rain", "color:red"]),
    }
    separators = {name: ":" if name.endswith(".txt") else " " for name in lines}
    return Files(lines, separators, {}, Coat().load, counted=False)


KINDS = (ml_100k, ml_1m, ml_25m, last_fm, ncf, folds)


def expect_few(set_item: Callable[..., None], set_attribute: Callable[..., None]) -> None:
    """Tell the loaders how many rows the small files have."""
    for size in ("100k", "1m", "25m"):
        set_item(movielens._SIZES, size, movielens._SIZES[size]._replace(ratings=ROWS))
    set_attribute(lastfm, "_ROWS", ROWS)


def plain_titles(
    data: bytes, separator: str, header: bool, encoding: str, id_: int, title: int
) -> dict[str, str] | None:
    """Return the titles by id, None where a row is malformed."""
    try:
        content = data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
        lines = io.StringIO(content, newline="").readlines()
        quoting = csv.QUOTE_MINIMAL if separator == "," else csv.QUOTE_NONE
        if len(separator) > 1:
            rows = [line.rstrip("\r\n").split(separator) for line in lines if line.strip("\r\n")]
        else:
            rows = list(csv.reader(lines, delimiter=separator, quoting=quoting, strict=True))
    except (UnicodeDecodeError, csv.Error):
        return None
    rows = [row for row in rows if row][header:]
    found = {row[id_]: row[title] for row in rows if len(row) > title}
    sound = len({len(row) for row in rows}) == 1 and len(found) == len(rows)
    return found if sound and all(id_.strip() for id_ in found) else None
