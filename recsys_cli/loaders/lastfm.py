"""Last.fm of HetRec 2011: how often users played artists, and the tags they gave them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from recsys_cli.data import Dataset, Features
from recsys_cli.errors import DataError
from recsys_cli.loaders._base import LoaderConfig
from recsys_cli.loaders._build import build
from recsys_cli.loaders._catalogue import Catalogue, Described, records
from recsys_cli.loaders._fields import shown
from recsys_cli.loaders._published import (
    PublishedLoader,
    Source,
    published_catalogue,
    published_rows,
)
from recsys_cli.loaders._rows import Columns
from recsys_cli.loaders._text import TextFile

_SOURCE = Source(
    name="Last.fm HetRec 2011 2K",
    description="play counts of 17,632 artists by 1,892 users of Last.fm, with the users' tags",
    licence="for non-commercial use, with citation of the workshop and a link to Last.fm",
    citation=(
        "I. Cantador, P. Brusilovsky and T. Kuflik (2011). Second Workshop on Information "
        "Heterogeneity and Fusion in Recommender Systems (HetRec 2011). RecSys '11, 387–388. "
        "doi:10.1145/2043932.2044016"
    ),
    page="https://grouplens.org/datasets/hetrec-2011/",
    folder="hetrec2011-lastfm-2k",
    files=("user_artists.dat", "artists.dat", "tags.dat", "user_taggedartists.dat"),
)
_ROWS = 92_834


class LastFMConfig(LoaderConfig):
    """Last.fm has no parameters."""


class LastFM(PublishedLoader[LastFMConfig]):
    """Last.fm HetRec 2K: implicit feedback; a value is a play count, titles are artists' names.

    The item feature ``tag`` lists the tags that users gave an artist, the most given first.

    References
    ----------
    I. Cantador, P. Brusilovsky and T. Kuflik (2011), HetRec 2011 at RecSys '11.
    """

    @property
    def source(self) -> Source:
        """Where the data come from and on what terms."""
        return _SOURCE

    @property
    def hindsight(self) -> str:
        """A tag shows that a user knows the artist."""
        return "the item feature tag is made from the tags of all users, test users among them"

    def parse(self, folder: Path, source_hash: str) -> Dataset:
        """Return the dataset whose files lie in ``folder``."""
        plays = TextFile(folder / "user_artists.dat", "\t", header=True)
        rows = published_rows(plays, Columns("userID", "artistID", "weight"), _ROWS)
        # artists.dat is UTF-8 and tags.dat is not, in one archive.
        artists = TextFile(folder / "artists.dat", "\t", header=True)
        found = published_catalogue(artists, Described("id", title="name"))
        ids = found.features.ids
        tags = _tags(folder)
        features = Features(ids, multilabel={"tag": [tags.get(id_, ()) for id_ in ids.ids]})
        return build(rows, _SOURCE.info(source_hash), items=Catalogue(features, found.titles))


def _tags(folder: Path) -> dict[str, tuple[str, ...]]:
    """Return the tags of each artist, the most given first, then the earliest in the file."""
    table = TextFile(folder / "tags.dat", "\t", header=True, encoding="latin-1")
    tags = published_catalogue(table, Described("tagID", title="tagValue"))
    name = dict(zip(tags.features.ids.ids, tags.titles or (), strict=True))
    given = TextFile(folder / "user_taggedartists.dat", "\t", header=True)
    artist, tag = given.position("artistID"), given.position("tagID")
    counts: dict[str, Counter[str]] = {}
    for line, fields in records(given, str(given.path)):
        if fields[tag] not in name:
            reason = f"tag {shown(fields[tag])} is not in tags.dat"
            raise DataError(reason, where=f"{given.path}:{line}")
        counts.setdefault(fields[artist], Counter())[name[fields[tag]]] += 1
    return {id_: tuple(tag for tag, _ in own.most_common()) for id_, own in counts.items()}
