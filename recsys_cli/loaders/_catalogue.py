"""What a second file says of the items or the users: titles and features."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from recsys_cli.data import Features, IdMap
from recsys_cli.errors import DataError
from recsys_cli.loaders._fields import BadField, number, require_width, shown, text

_WORD = re.compile(r"[^\W_]+")


class Table(Protocol):
    """A file of rows: text or Parquet."""

    @property
    def width(self) -> int:
        """The number of fields of a row."""

    def position(self, column: str | int) -> int:
        """Return the position of a column given by name, or by number from 0."""

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the number and the fields of each row."""


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Features of some ids, in file order, and their titles if the file has them."""

    features: Features
    titles: list[str] | None = None


@dataclass(frozen=True)
class Described:
    """Which columns describe an id. Feature columns are given by feature name."""

    id: str | int
    title: str | int | None = None
    categorical: dict[str, str | int] = field(default_factory=dict)
    multilabel: dict[str, str | int] = field(default_factory=dict)
    numeric: dict[str, str | int] = field(default_factory=dict)
    label_separator: str = "|"
    text: dict[str, str | int] = field(default_factory=dict)

    @property
    def single(self) -> list[str | int]:
        """The columns that hold one value a row."""
        title = [] if self.title is None else [self.title]
        described = (self.categorical, self.numeric, self.text)
        return [*title, *(column for columns in described for column in columns.values())]


def records(file: Table, where: str, unit: str = ":") -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a table; a wrong field count or bytes that are no text are refused."""
    for line, fields in file.rows():
        try:
            require_width(fields, file.width)
            yield line, [text(value, "a field") for value in fields]
        except BadField as problem:
            raise DataError(str(problem), where=f"{where}{unit}{line}") from None


def read_catalogue(file: Table, described: Described, where: str, unit: str = ":") -> Catalogue:
    """Return what a table says of its ids; ``unit`` stands between file and row in errors.

    Raises
    ------
    DataError
        If a row is malformed or an id is empty or comes twice; bad rows are never skipped here.
    """

    def place(line: int) -> str:
        return f"{where}{unit}{line}"

    ids: dict[str, int] = {}
    table: list[list[str]] = []
    at = file.position(described.id)
    for line, fields in records(file, where, unit):
        if not fields[at].strip():
            raise DataError("the id is empty", where=place(line))
        if ids.setdefault(fields[at], line) != line:
            first = f"{'line' if unit == ':' else 'row'} {ids[fields[at]]}"
            raise DataError(f'the id "{shown(fields[at])}" is also in {first}', where=place(line))
        table.append(fields)

    def column(name: str | int) -> list[str]:
        position = file.position(name)
        return [fields[position] for fields in table]

    def numbers(name: str | int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        pairs = zip(column(name), ids.values(), strict=True)
        return np.array([_number(value, place(line)) for value, line in pairs], np.float32)

    features = Features(
        IdMap(ids),
        {name: column(source) for name, source in described.categorical.items()},
        {
            name: [labels(value, described.label_separator) for value in column(source)]
            for name, source in described.multilabel.items()
        }
        | {
            name: [words(value) for value in column(source)]
            for name, source in described.text.items()
        },
        {name: numbers(source) for name, source in described.numeric.items()},
    )
    return Catalogue(features, None if described.title is None else column(described.title))


def labels(value: str, separator: str) -> tuple[str, ...]:
    """Return the labels of one field: none empty, none twice."""
    return tuple(dict.fromkeys(label for part in value.split(separator) if (label := part.strip())))


def words(value: str) -> tuple[str, ...]:
    """Return the words of a text in lower case, none twice; a word is of letters and digits."""
    return tuple(dict.fromkeys(_WORD.findall(value.casefold())))


def _number(value: str, where: str) -> float:
    if not value.strip():
        return float("nan")
    try:
        found = number(value, "the feature")
    except BadField as problem:
        raise DataError(str(problem), where=where) from None
    if abs(found) > float(np.finfo(np.float32).max):
        raise DataError(f'the feature "{shown(value)}" is too large', where=where)
    if found != 0 and np.float32(found) == 0:
        reason = f'the feature "{shown(value)}" is so small that it would count 0'
        raise DataError(reason, where=where)
    return found


def align(features: Features, ids: IdMap) -> Features:
    """Return the features of ``ids`` in their order; unknown where the catalogue lacks an id."""
    at = features.ids.index(ids.ids)
    lacking = at < 0
    numeric = {}
    for name, numbers in features.numeric.items():
        padded = np.append(numbers, np.float32(np.nan))
        numeric[name] = padded[at]
    return Features(
        ids,
        {
            name: ["" if lacks else values[i] for i, lacks in zip(at, lacking, strict=True)]
            for name, values in features.categorical.items()
        },
        {
            name: [() if lacks else values[i] for i, lacks in zip(at, lacking, strict=True)]
            for name, values in features.multilabel.items()
        },
        numeric,
    )
