"""The reference: what files beside the interactions say of items and users, read plainly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from recsys_cli.loaders import movielens
from tests.torture.plain_reader import Layout, Unreadable, _number, _place, _records, _text

#: What is known of each id, by column.
Known = dict[str, dict[str, Any]]


class Column(NamedTuple):
    """Where a column is, what reads it from the fields from there on, and what stands for none."""

    at: str | int
    read: Callable[[list[str]], Any]
    lacking: Any = ""


@dataclass(frozen=True)
class Side:
    """A file that describes items or users, by the column ``id``."""

    of: str
    layout: Layout
    id: str | int
    columns: dict[str, Column]

    def known(self, data: bytes) -> Known:
        """Return a plain reading; Unreadable where a row is malformed."""
        rows = plain_fields(data, self.layout, [self.id, *(c.at for c in self.columns.values())])
        found: Known = {}
        for (id_, *_), *rests in rows:
            if not id_.strip() or id_ in found:
                raise Unreadable(f"id {id_!r}")
            pairs = zip(self.columns.items(), rests, strict=True)
            found[id_] = {name: column.read(rest) for (name, column), rest in pairs}
        return found


def plain_fields(
    data: bytes, layout: Layout, columns: Sequence[str | int]
) -> list[list[list[str]]]:
    """Return, for each row, the fields from each of the columns on.

    Raises
    ------
    Unreadable
        If there is no row, or one is malformed.
    """
    records = list(_records(_text(data, layout.encoding), layout.separator))
    names = [name.strip() for name in records.pop(0)[1]] if layout.header and records else []
    rows = [fields for _, fields in records]
    if not rows:
        raise Unreadable("no rows")
    width = len(names) or Counter(map(len, rows[:100])).most_common(1)[0][0]
    places = [_place(column, names, width) for column in columns]
    if any(len(fields) != width or not _is_text("".join(fields)) for fields in rows):
        raise Unreadable("a row is malformed")
    return [[fields[place:] for place in places] for fields in rows]


def plain_tags(tags: bytes, given: bytes) -> dict[str, tuple[str, ...]]:
    """Return the tags of each artist, the most given first, then the earliest."""
    table = plain_fields(tags, Layout("\t", encoding="latin-1"), ["tagID", "tagValue"])
    name = {id_: value for (id_, *_), (value, *_) in table}
    if len(name) < len(table) or not all(id_.strip() for id_ in name):
        raise Unreadable("ids of tags")
    found: dict[str, list[str]] = {}
    for (artist, *_), (tag, *_) in plain_fields(given, Layout("\t"), ["artistID", "tagID"]):
        if tag not in name:
            raise Unreadable(f"tag {tag}")
        found.setdefault(artist, []).append(name[tag])
    return {
        artist: tuple(sorted(dict.fromkeys(own), key=lambda tag: -own.count(tag)))
        for artist, own in found.items()
    }


def plain_matrix(data: bytes, shape: tuple[int, int], digits: str) -> list[list[int]]:
    """Return rows of digits; Unreadable where it is no such matrix."""
    rows = [fields for (fields,) in plain_fields(data, Layout(" ", False), [0])]
    odd = any(len(fields) != shape[1] or {*fields} - {*digits} for fields in rows)
    if odd or len(rows) != shape[0]:
        raise Unreadable("no such matrix")
    return [[int(digit) for digit in fields] for fields in rows]


def plain_coat(flags: bytes, names_of: bytes, count: int) -> Known:
    """Return the categories of coats or shoppers; Unreadable where they are malformed."""
    names = [tuple(f) for (f,) in plain_fields(names_of, Layout(":", False), [0])]
    sound = all(len(name) == 2 and all(name) for name in names)
    if not sound or len(set(names)) < len(names):
        raise Unreadable("no attribute:category")
    found: Known = {}
    rows = plain_matrix(flags, (count, len(names)), "01")
    for id_, row in enumerate(rows, 1):
        own = [name for name, flag in zip(names, row, strict=True) if flag]
        if len(dict(own)) < len(own):
            raise Unreadable("two of one attribute")
        found[str(id_)] = dict.fromkeys(dict(names), "") | dict(own)
    return found


def movies_of(layout: Layout) -> Side:
    """Return how titles and genres are laid out in most of MovieLens."""
    return Side("items", layout, 0, {"title": Column(1, first), "genre": Column(2, labels, ())})


def texts(**columns: int) -> dict[str, Column]:
    """Return columns of text by their position."""
    return {name: Column(at, first) for name, at in columns.items()}


def first(fields: list[str]) -> str:
    """Return a field as it stands."""
    return fields[0]


def labels(fields: list[str]) -> tuple[str, ...]:
    """Return the labels of a field, none twice."""
    found = list(dict.fromkeys(filter(None, map(str.strip, fields[0].split("|")))))
    return () if found == ["(no genres listed)"] else tuple(found)


def flagged(flags: list[str]) -> tuple[str, ...]:
    """Return the genres that are flagged."""
    if len(flags) != 19 or {*flags} - {"0", "1"}:
        raise Unreadable("no flags")
    return tuple(movielens._GENRES[at] for at, flag in enumerate(flags) if flag == "1")


def age(fields: list[str]) -> float | None:
    """Return the float32 nearest to a number, None for a blank."""
    try:
        value = _number(fields[0]) if fields[0].strip() else None
    except ValueError:
        raise Unreadable("no number") from None
    if value is not None and abs(value) > float(np.finfo(np.float32).max):
        raise Unreadable("too large")
    if value and not np.float32(value):
        raise Unreadable("too small")
    return None if value is None else float(np.float32(value))


def _is_text(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)
