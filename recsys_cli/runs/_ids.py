"""A file of ids: JSON with an id a line, so that one of many is found without parsing them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys_cli.runs._reading import damaged, read_json, reading

if TYPE_CHECKING:
    from recsys_cli.data import IdMap, Int32

#: Up to so many ids are looked for in the text; for more of them it is parsed.
_FEW = 16
_BEGIN = b'{"id": ['


def encode_ids(ids: Sequence[str], titles: Sequence[str] | None = None) -> bytes:
    """Return the file: the ids, then titles where there are any, each on a line of its own."""
    columns = {"id": ids} if titles is None else {"id": ids, "title": titles}
    text = json.dumps(columns, ensure_ascii=False, allow_nan=False, separators=(",\n", ": "))
    return text.encode() + b"\n"


class StoredIds:
    """The ids of a catalogue's users or items, and their titles.

    Parameters
    ----------
    path : Path
        A file whose hash was checked.
    count : int
        How many ids there are to be.

    Raises
    ------
    DamagedRun
        By every member, if the file is not what :func:`encode_ids` wrote.
    """

    def __init__(self, path: Path, count: int) -> None:
        self._path, self._count = path, count

    @cached_property
    def map(self) -> IdMap:
        """All ids."""
        from recsys_cli.data import IdMap

        return IdMap(self._column("id"))

    @cached_property
    def titles(self) -> list[str] | None:
        """One title an id, or None where the data have none."""
        return None if self._document.get("title") is None else self._column("title")

    def index(self, ids: Sequence[str]) -> Int32:
        """Return the index of each id, int32 (n,); -1 for one that is unknown."""
        import numpy as np

        if len(ids) > _FEW or "map" in vars(self) or not self._by_line:
            return self.map.index(ids)
        return np.array([self._line(id_) for id_ in ids], np.int32)

    def _line(self, id_: str) -> int:
        """Return the place of an id by its line: a line break within an id is escaped."""
        # A lone surrogate, which argv may hold, is in no file.
        text = json.dumps(id_, ensure_ascii=False).encode("utf-8", "surrogatepass")
        if self._text.startswith(_BEGIN + text):
            return 0
        at = self._text.find(b"\n" + text)
        place = self._text.count(b"\n", 0, at) + 1
        return place if at >= 0 and place < self._count else -1

    @cached_property
    def _text(self) -> bytes:
        with reading(self._path):
            return self._path.read_bytes()

    @cached_property
    def _by_line(self) -> bool:
        """Whether every id has a line; an older recsys wrote them all on one."""
        lines = self._text.count(b"\n")
        return self._text.startswith(_BEGIN) and lines in (self._count, 2 * self._count)

    @cached_property
    def _document(self) -> dict[str, Any]:
        return read_json(self._path)

    def _column(self, name: str) -> list[str]:
        column = self._document.get(name)
        if not isinstance(column, list) or not set(map(type, column)) <= {str}:
            raise damaged(self._path, "a column is no list of text")
        if len(column) != self._count:
            found = f"there are {len(column):,} ids or titles instead of {self._count:,}"
            raise damaged(self._path, found)
        return column
