"""Finding a column by its name or number."""

from __future__ import annotations

from collections.abc import Sequence

from recsys_cli.errors import DataError
from recsys_cli.loaders._fields import shown
from recsys_cli.spelling import nearest
from recsys_cli.visible import quoted

#: Columns that an error lists: a file without lines may seem to have thousands.
_NAMES = 30


def column_position(column: str | int, names: Sequence[str] | None, width: int, where: str) -> int:
    """Return the position of a column given by name, or by number from 0.

    Raises
    ------
    DataError
        If there is no such column, or two of that name; the nearest name is suggested.
    """
    if isinstance(column, int):
        if column < width:
            return column
        raise DataError(
            f"has {width} columns, so none has the number {column}",
            where=where,
            hint="columns are counted from 0; is dataset.separator right?",
        )
    if names is None:
        raise DataError(
            f"is read without a header, so no column is named {quoted(column)}",
            where=where,
            hint="give the column's number, counted from 0, or null where the file has none",
        )
    if names.count(column) == 1:
        return names.index(column)
    if column in names:
        raise DataError(f"has two columns named {quoted(column)}", where=where)
    has = ", ".join(map(shown, names[:_NAMES])) + ", …" * (len(names) > _NAMES)
    near = nearest(column, map(shown, names))
    guess = f'did you mean "{near}"? ' if near else ""
    raise DataError(
        f"has no column {quoted(column)}",
        where=where,
        hint=f"{guess}it has: {has}; a spec says null for none",
    )
