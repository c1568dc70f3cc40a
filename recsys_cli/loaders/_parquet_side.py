"""A Parquet file of items or users as a table of text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from recsys_cli.errors import DataError
from recsys_cli.loaders._catalogue import Described
from recsys_cli.loaders._parquet import ParquetFile, is_text
from recsys_cli.visible import quoted

#: Types of pyarrow whose values Python writes as anybody would.
_PLAIN = ("integer", "floating", "decimal", "boolean", "date", "time", "timestamp", "null")


@dataclass(frozen=True, eq=False)
class ParquetSide:
    """The columns of a file that are asked for; others may be of any type."""

    file: ParquetFile
    described: Described

    @property
    def width(self) -> int:
        """The number of columns."""
        return self.file.width

    def position(self, column: str | int) -> int:
        """Return the position of a column given by name, or by number from 0."""
        return self.file.position(column)

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the number and the fields of each row as text, ``""`` where there is none."""
        asked = self.described
        read = {self.position(column): self._labels for column in asked.multilabel.values()}
        read |= {self.position(column): self._plain for column in asked.single}
        read |= {self.position(asked.id): self._ids}
        columns = {at: column(at) for at, column in read.items()}
        for number, fields in enumerate(zip(*columns.values(), strict=True), 1):
            row = [""] * self.width
            for at, field in zip(columns, fields, strict=True):
                row[at] = "" if field is None else str(field)
            yield number, row

    def _ids(self, at: int) -> list[Any]:
        return self.file.listed(at, self.file.ids(at))

    def _labels(self, at: int) -> list[Any]:
        """Return labels as a file of text has them, be they text or lists of it."""
        array, between = self.file.column(at), self.described.label_separator
        if not _lists_text(array.type):
            return self._plain(at)
        found = []
        for row, labels in enumerate(self.file.listed(at, array), 1):
            known = [label for label in labels or () if label is not None]
            if any(between in label for label in known):
                raise DataError(
                    f"a label of {self.file.head[1][at]} holds {quoted(between)}",
                    where=f"{self.file.path}: row {row}",
                    hint="set label_separator to what no label holds",
                )
            found.append(between.join(known))
        return found

    def _plain(self, at: int) -> list[Any]:
        from pyarrow import types

        array = self.file.column(at)
        if is_text(array.type) or any(getattr(types, f"is_{kind}")(array.type) for kind in _PLAIN):
            return self.file.listed(at, array)
        raise DataError(
            f"column {self.file.head[1][at]} is of type {array.type}, no text or number",
            where=str(self.file.path),
            hint="labels may be a list of text in a multilabel column; write others as text",
        )


def _lists_text(kind: Any) -> bool:
    from pyarrow import types

    if not (types.is_list(kind) or types.is_large_list(kind)):
        return False
    return is_text(kind.value_type) or bool(types.is_null(kind.value_type))
