"""Small files in the layouts of published data, and a plain reading of what describes ids."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
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
from tests.torture.plain_sides import (
    Column,
    Known,
    Side,
    age,
    first,
    flagged,
    labels,
    movies_of,
    plain_tags,
    texts,
)

#: Rows of interactions in each file; the loaders are told that so many were published.
ROWS = 40
_TABS = Layout("\t", False, 0, 1, 2, 3, scale=(1, 5))


@dataclass
class Files:
    """One published dataset: its files, those of interactions, and those that describe ids.

    ``folds`` are files of rows that test, by name; ``tags`` the files of tags and of who gave them.
    """

    lines: dict[str, Lines]
    separators: dict[str, str]
    tables: dict[str, Layout]
    load: Callable[[], Dataset]
    sides: dict[str, Side] = field(default_factory=dict)
    counted: bool = True
    folds: dict[str, str] = field(default_factory=dict)
    tags: tuple[str, str] | None = None

    def data(self, name: str) -> bytes:
        """Return the content of a file."""
        return b"".join(self.lines[name])

    def known(self) -> list[tuple[str, dict[str, Column], Known]]:
        """Return what the files say of items or users; Unreadable where one is malformed."""
        found = [(s.of, s.columns, s.known(self.data(name))) for name, s in self.sides.items()]
        if self.tags is not None:
            tags = plain_tags(*map(self.data, self.tags))
            column = Column("tagID", labels, ())
            found.append(("items", {"tag": column}, {id_: {"tag": t} for id_, t in tags.items()}))
        return found

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
    flags = ["|".join("01"[g % i == 1] for g in range(19)) for i in range(1, 14)]
    items = text(
        [f"{i}|Misérables {i}|01-Jan-1995||u|{own}" for i, own in enumerate(flags, 1)], "latin-1"
    )
    users = text([f"{u}|{20 + u}|{'FM'[u % 2]}|artist|0{u}" for u in range(1, 14)])
    folder = "ml-100k/"
    lines = {"u.data": table(rng, "\t"), "u.item": items, "u.user": users}
    lines["u1.test"] = lines["u.data"][:9]
    return Files(
        {folder + name: content for name, content in lines.items()},
        {folder + name: "\t|"[name in ("u.item", "u.user")] for name in lines},
        {folder + "u.data": _TABS},
        MovieLens(size="100k").load,
        {
            folder + "u.item": Side(
                "items",
                Layout("|", False, encoding="latin-1"),
                0,
                {"title": Column(1, first), "genre": Column(5, flagged, ())},
            ),
            folder + "u.user": Side(
                "users",
                Layout("|", False),
                0,
                {"age": Column(1, age, None)} | texts(gender=2, occupation=3, zip=4),
            ),
        },
        folds={"u1": folder + "u1.test"},
    )


def ml_1m(rng: Random) -> Files:
    """Two colons."""
    genres = ["Drama|Crime", "Crime", "Drama| Crime |Drama", "", "Drama||War"]
    movies = text([f"{i}::Misérables {i}::{genres[i % 5]}" for i in range(1, 14)], "latin-1")
    users = text([f"{u}::{'FM'[u % 2]}::{u}::{u % 3}::0{u}" for u in range(1, 14)])
    lines = {"ratings.dat": table(rng, "::"), "movies.dat": movies, "users.dat": users}
    return Files(
        {f"ml-1m/{name}": content for name, content in lines.items()},
        {f"ml-1m/{name}": "::" for name in lines},
        {"ml-1m/ratings.dat": replace(_TABS, separator="::")},
        MovieLens(size="1m").load,
        {
            "ml-1m/movies.dat": movies_of(Layout("::", False, encoding="latin-1")),
            "ml-1m/users.dat": Side(
                "users", Layout("::", False), 0, texts(gender=1, age=2, occupation=3, zip=4)
            ),
        },
    )


def ml_25m(rng: Random) -> Files:
    """Commas, a header and quotes."""
    genres = ["Drama", "(no genres listed)", "Crime|Drama"]
    titles = [f'{i},"Film, ""{i}""",{genres[i % 3]}' for i in range(1, 14)]
    movies = text(["movieId,title,genres", *titles])
    lines = {
        "ratings.csv": table(rng, ",", "userId,movieId,rating,timestamp"),
        "movies.csv": movies,
    }
    return Files(
        {f"ml-25m/{name}": content for name, content in lines.items()},
        {f"ml-25m/{name}": "," for name in lines},
        {"ml-25m/ratings.csv": Layout(",", True, 0, 1, 2, 3, scale=(0.5, 5))},
        MovieLens(size="25m").load,
        {"ml-25m/movies.csv": movies_of(Layout(","))},
    )


def last_fm(rng: Random) -> Files:
    """Headers, and four files of which one is in Latin-1."""
    folder = "hetrec2011-lastfm-2k/"
    tags = text(["tagID\ttagValue", "1\tmetal", "2\ttropicália", "3\tfado"], "latin-1")
    given = [f"{u}\t{1 + u % 4}\t{rng.randint(1, 3)}\t1\t4\t2009" for u in range(1, 25)]
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
        {
            folder + "artists.dat": Side(
                "items", Layout("\t"), "id", {"title": Column("name", first)}
            )
        },
        tags=(folder + "tags.dat", folder + "user_taggedartists.dat"),
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
