"""The MovieLens datasets of GroupLens: star ratings with titles, genres and times."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys_cli.data import Dataset, Features
from recsys_cli.errors import DataError
from recsys_cli.loaders._base import LoaderConfig
from recsys_cli.loaders._build import build
from recsys_cli.loaders._catalogue import Catalogue, Described, records
from recsys_cli.loaders._published import (
    PublishedLoader,
    Source,
    published_catalogue,
    published_rows,
)
from recsys_cli.loaders._receive import Archive
from recsys_cli.loaders._rows import Columns, Rows
from recsys_cli.loaders._text import TextFile

_SITE = "https://files.grouplens.org/datasets/movielens"
_CITATION = (
    "F. M. Harper and J. A. Konstan (2015). The MovieLens Datasets: History and Context. "
    "ACM Transactions on Interactive Intelligent Systems 5(4), 19. doi:10.1145/2827872"
)
_LICENCE = (
    "for research, with acknowledgement and without endorsement; commercial use only by permission "
    "of GroupLens, redistribution {redistribution}; see its README"
)
_FOLDS = ("u1", "u2", "u3", "u4", "u5", "ua", "ub")
#: The order of the flags in u.item, as u.genre has it.
_GENRES = (
    "unknown",
    "Action",
    "Adventure",
    "Animation",
    "Children's",
    "Comedy",
    "Crime",
    "Documentary",
    "Drama",
    "Fantasy",
    "Film-Noir",
    "Horror",
    "Musical",
    "Mystery",
    "Romance",
    "Sci-Fi",
    "Thriller",
    "War",
    "Western",
)
#: The column of the first flag.
_FLAGS = 5


class _Size(NamedTuple):
    """A member of the family: its folder, number of ratings (None: it may change) and archive.

    Of the archive: the md5, and megabytes that are a little more than it has.
    """

    folder: str
    ratings: int | None
    md5: str | None = None
    megabytes: int = 0


_SIZES = {
    "100k": _Size("ml-100k", 100_000, "0e33842e24a9c977be4e0107933c0723", 6),
    "1m": _Size("ml-1m", 1_000_209, "c4d9eecfca2ab87c1945afe126590906", 8),
    "10m": _Size("ml-10M100K", 10_000_054, "ce571fd55effeba0271552578f2648bd", 80),
    "20m": _Size("ml-20m", 20_000_263, "cd245b17a1ae2cc31bb14903e1204af3", 220),
    "25m": _Size("ml-25m", 25_000_095, "6b51fb2759a8657d3bfcbfc42b592ada", 280),
    "32m": _Size("ml-32m", 32_000_204),
    "latest-small": _Size("ml-latest-small", None),
}
_FILES = {
    "100k": ("u.data", "u.item", "u.user"),
    "1m": ("ratings.dat", "movies.dat", "users.dat"),
    "10m": ("ratings.dat", "movies.dat"),
}


class MovieLensConfig(LoaderConfig):
    """Which of the MovieLens datasets."""

    size: Literal["100k", "1m", "10m", "20m", "25m", "32m", "latest-small"] = "100k"
    """Rounded number of ratings; ``latest-small`` is the development set, which may change."""


class MovieLens(PublishedLoader[MovieLensConfig]):
    """MovieLens: ratings 1–5 (100k, 1m) or 0.5–5 (others), titles, genres and, to 1m, users.

    The 100k set has the folds ``u1`` … ``u5``, ``ua`` and ``ub`` that were published with it: a row
    tests in a fold when the fold's ``.test`` file holds it, and trains otherwise.

    References
    ----------
    F. M. Harper and J. A. Konstan (2015), ACM TiiS 5(4), 19; the README of each archive.
    """

    @property
    def source(self) -> Source:
        """Where the data come from and on what terms."""
        size = self.config.size
        folder, ratings, md5, megabytes = _SIZES[size]
        free = size in ("20m", "25m", "32m", "latest-small")
        archive = Archive(f"{_SITE}/ml-{size}.zip", md5, megabytes * 10**6) if md5 else None
        count = f"{ratings:,} ratings" if ratings else "the small development set of ratings"
        return Source(
            name=f"MovieLens {size}",
            description=f"{count} of movies by users of movielens.org",
            licence=_LICENCE.format(
                redistribution="under the same terms" if free else "by permission"
            ),
            citation=_CITATION,
            page="https://grouplens.org/datasets/movielens/",
            folder=folder,
            files=_FILES.get(size, ("ratings.csv", "movies.csv")),
            extra=tuple(f"{fold}.test" for fold in _FOLDS) if size == "100k" else (),
            archive=archive,
        )

    def parse(self, folder: Path, source_hash: str) -> Dataset:
        """Return the dataset whose files lie in ``folder``."""
        size, low = self.config.size, 1 if self.config.size in ("100k", "1m") else 0.5
        columns = Columns(0, 1, 2, 3, scale=(low, 5))
        info = self.source.info(source_hash)
        if size == "100k":
            rows = published_rows(TextFile(folder / "u.data", "\t"), columns, _SIZES[size].ratings)
            items, users = _items_100k(folder / "u.item"), _users_100k(folder / "u.user")
            folds = _folds(folder, rows, columns)
            return build(rows, info, scale=(1, 5), items=items, users=users, folds=folds)
        if size in ("1m", "10m"):
            file = TextFile(folder / "ratings.dat", "::")
            encoding = "latin-1" if size == "1m" else "utf-8"
            movies = TextFile(folder / "movies.dat", "::", encoding=encoding)
        else:
            file = TextFile(folder / "ratings.csv", ",", header=True)
            movies = TextFile(folder / "movies.csv", ",", header=True)
        return build(
            published_rows(file, columns, _SIZES[size].ratings),
            info,
            scale=(low, 5),
            items=_items(movies),
            users=_users_1m(folder / "users.dat") if size == "1m" else None,
        )


def _items(file: TextFile) -> Catalogue:
    found = published_catalogue(file, Described(0, title=1, multilabel={"genre": 2}))
    genres = found.features.multilabel["genre"]
    known = [() if labels == ("(no genres listed)",) else labels for labels in genres]
    return Catalogue(Features(found.features.ids, multilabel={"genre": known}), found.titles)


def _items_100k(path: Path) -> Catalogue:
    file = TextFile(path, "|", encoding="latin-1")
    found = published_catalogue(file, Described(0, title=1))
    file.position(_FLAGS + len(_GENRES) - 1)
    genres = [
        _flagged(fields[_FLAGS:], f"{path}:{line}") for line, fields in records(file, str(path))
    ]
    return Catalogue(Features(found.features.ids, multilabel={"genre": genres}), found.titles)


def _flagged(flags: list[str], where: str) -> tuple[str, ...]:
    if len(flags) != len(_GENRES) or set(flags) - {"0", "1"}:
        raise DataError(f"{len(_GENRES)} flags expected, each 0 or 1", where=where)
    return tuple(genre for genre, flag in zip(_GENRES, flags, strict=True) if flag == "1")


def _users_100k(path: Path) -> Catalogue:
    described = Described(
        0, numeric={"age": 1}, categorical={"gender": 2, "occupation": 3, "zip": 4}
    )
    return published_catalogue(TextFile(path, "|"), described)


def _users_1m(path: Path) -> Catalogue:
    """Age is the lower end of a bracket and occupation a code, as the README lists them."""
    described = Described(0, categorical={"gender": 1, "age": 2, "occupation": 3, "zip": 4})
    return published_catalogue(TextFile(path, "::"), described)


def _folds(folder: Path, rows: Rows, columns: Columns) -> dict[str, NDArray[np.int8]]:
    """Return the published folds whose files are there, each row labelled by user and item."""
    row_of = {pair: row for row, pair in enumerate(_pairs(rows))}
    if len(row_of) < len(rows):
        raise DataError("holds a pair of user and item twice", where=str(folder / "u.data"))
    folds = {}
    for fold in _FOLDS:
        path = folder / f"{fold}.test"
        if not path.is_file():
            continue
        folds[fold] = labels = np.ones(len(rows), np.int8)
        for user, item in _pairs(published_rows(TextFile(path, "\t"), columns)):
            if (user, item) not in row_of:
                raise DataError(f"user {user}, item {item} is not in u.data", where=str(path))
            labels[row_of[user, item]] = 2
    return folds


def _pairs(rows: Rows) -> Iterator[tuple[str, str]]:
    pairs = zip(rows.user.tolist(), rows.item.tolist(), strict=True)
    return ((rows.users[user], rows.items[item]) for user, item in pairs)
