"""Files that list items for users: candidates to rank, or recommendations made elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from recsys_cli.data import Float64
from recsys_cli.errors import DataError
from recsys_cli.loaders._fields import BadField, number, require_width, shown, text
from recsys_cli.loaders._kind import is_parquet, refuse_packed, unpacked_suffix
from recsys_cli.loaders._parquet import ParquetFile
from recsys_cli.loaders._text import TextFile
from recsys_cli.spelling import nearest
from recsys_cli.visible import quoted

#: Columns that an error lists.
_NAMES = 30
_SEPARATORS = {".csv": ",", ".tsv": "\t", ".tab": "\t", ".txt": "\t"}
#: ``(user,item)``, the head of a line of the NCF protocol.
_PAIR = re.compile(r"\(([^,]+),([^,)]+)\)")


class Listed(NamedTuple):
    """The rows of a file in its order, n in all.

    Attributes
    ----------
    path : Path
    user, item : list of str
    line : list of int
        Line of each row in a text file, number from 1 in a Parquet file.
    by : str, optional
        The name of the column of ``value``; None where the file has none of those asked for.
    unread : tuple of str
        Others of those asked for.
    value : ndarray of float64, shape (n,), optional
        Finite.
    """

    path: Path
    user: list[str]
    item: list[str]
    line: list[int]
    by: str | None = None
    unread: tuple[str, ...] = ()
    value: Float64 | None = None

    def where(self, row: int) -> str:
        """Return the place of a row, as errors name it."""
        return f"{self.path}{': row ' if is_parquet(self.path) else ':'}{self.line[row]}"

    def place(self, row: int) -> str:
        """Return the place of a row within the file."""
        return f"{'row' if is_parquet(self.path) else 'line'} {self.line[row]}"


def read_listed(path: Path, numbers: Sequence[str] = ()) -> Listed:
    """Return the rows of a file with columns ``user`` and ``item``.

    Parameters
    ----------
    path : Path
        .csv, .tsv or .txt (tabs), each also with .gz, .parquet, or .negative.
    numbers : sequence of str
        Columns of numbers of which the first that is there is read as well. Where there is none
        of them, the file may have no other columns, for one may be meant.

    Raises
    ------
    DataError
        If a row is malformed, or a column is lacking.
    """
    if unpacked_suffix(path) == ".negative":
        return _negatives(path)
    table = ParquetFile(path) if is_parquet(path) else _text_file(path)
    there = [name for name in numbers if name in table.head[1]]
    by = there[0] if there else None
    places = [table.position(name) for name in ("user", "item", by) if name is not None]
    if by is None and numbers:
        _refuse_others(path, table.head[1], numbers)
    if isinstance(table, ParquetFile):
        found = _listed(path, _parquet_rows(table, places), by, range(len(places)), len(places))
    else:
        found = _listed(path, table.rows(), by, places, table.width)
    return found._replace(unread=tuple(there[1:]))


def _refuse_others(path: Path, names: list[str], numbers: Sequence[str]) -> None:
    """Refuse columns beside user and item, of which one may be meant for one of those asked for."""
    others = [name for name in names if name not in ("user", "item")]
    if not others:
        return
    guesses = ((nearest(name, others), name) for name in numbers)
    guess = next((f"rename {quoted(near)} to {name}" for near, name in guesses if near), None)
    guess = guess or f"name the column that orders the list {' or '.join(numbers)}"
    has = ", ".join(map(shown, names[:_NAMES])) + ", …" * (len(names) > _NAMES)
    raise DataError(
        f"has the columns {has}, but neither {' nor '.join(numbers)}",
        where=str(path),
        hint=f"{guess}, or leave all but user and item out to take the order of the lines",
    )


def _text_file(path: Path) -> TextFile:
    suffix = unpacked_suffix(path)
    separator = _SEPARATORS.get(suffix)
    if separator is None:
        refuse_packed(path)
        known = ", ".join([*_SEPARATORS, ".parquet", ".negative"])
        raise DataError(
            f'the suffix "{suffix}" does not say what the file is',
            where=str(path),
            hint=f"name it as what it is: {known}",
        )
    return TextFile(path, separator, header=True)


def _parquet_rows(file: ParquetFile, places: Sequence[int]) -> Iterator[tuple[int, list[str]]]:
    user, item, *by = places
    columns = {user: file.ids(user), item: file.ids(item)} | {at: file.column(at) for at in by}
    lists: list[list[Any]] = [file.listed(at, column) for at, column in columns.items()]
    for row, fields in enumerate(zip(*lists, strict=True), 1):
        yield row, ["" if field is None else str(field) for field in fields]


def _listed(
    path: Path,
    rows: Iterator[tuple[int, list[str]]],
    by: str | None,
    places: Sequence[int],
    width: int,
) -> Listed:
    found = Listed(path, [], [], [], by)
    values: list[float] = []
    for line, fields in rows:
        found.line.append(line)
        try:
            user, item, value = _row(fields, by, places, width)
        except BadField as problem:
            raise DataError(str(problem), where=found.where(-1)) from None
        found.user.append(user)
        found.item.append(item)
        values.append(value)
    if not found.line:
        raise DataError("holds no rows", where=str(path))
    return found if by is None else found._replace(value=np.array(values))


def _row(
    fields: list[str], by: str | None, places: Sequence[int], width: int
) -> tuple[str, str, float]:
    require_width(fields, width)
    user, item = (
        text(fields[at], f"the {role} id")
        for role, at in zip(("user", "item"), places, strict=False)
    )
    if not user or not item:
        raise BadField("the user or item id is empty")
    return user, item, 0.0 if by is None else number(fields[places[2]], f"the {by}")


def _negatives(path: Path) -> Listed:
    """Read lines of ``(user,item)`` and, after tabs, the items that are ranked beside that one."""
    found = Listed(path, [], [], [])
    for line, fields in TextFile(path, "\t").rows():
        head, *items = fields
        pair = _PAIR.fullmatch(head)
        where = f"{path}:{line}"
        if pair is None or not items or "" in items:
            raise DataError(
                '"(user,item)" and item ids expected, with a tab between each two', where=where
            )
        try:
            for field in fields:
                text(field, "an id")
        except BadField as problem:
            raise DataError(str(problem), where=where) from None
        found.user.extend([pair[1]] * len(items))
        found.item.extend(items)
        found.line.extend([line] * len(items))
    if not found.line:
        raise DataError("holds no rows", where=str(path))
    return found
