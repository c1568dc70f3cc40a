"""A document whose every key and value knows the place where it was written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

Scalar = str | int | float | bool | None
#: The way to a value: keys and list positions.
Path = tuple[str | int, ...]


class Place(NamedTuple):
    """Where something was written; line and column from 1, or 0 where there are none."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True)
class Node:
    """A value, the place where it begins and the place of the key it stands under.

    ``place`` is None for a block that is only the way to a value set from the command line.
    ``written`` is the word that stands there, where the value is what it means: ``1e3``, ``True``.
    """

    value: Scalar | list[Node] | dict[str, Node]
    place: Place | None
    key: Place | None = None
    written: str = ""

    def plain(self) -> Any:
        """Return the value without its places."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def at(self, path: Sequence[str | int]) -> Node:
        """Return the value that a path leads to."""
        node: Any = self
        for step in path:
            node = node.value[step]
        assert isinstance(node, Node)
        return node

    def nearest(self, path: Sequence[str]) -> Place | None:
        """Return the place of the value that a path leads to, or of the last block on the way."""
        node, place = self, self.place
        for step in path:
            if not isinstance(node.value, dict) or step not in node.value:
                break
            node = node.value[step]
            place = node.place or node.key or place
        return place


def merge(under: Node, over: Node, top: bool = True) -> Node:
    """Lay one document over another: blocks merge, everything else replaces.

    Below the top level a block whose ``name`` changes replaces the whole block, for the parameters
    of one component mean nothing to another. Only a setting reaches into a list, by position.
    """
    lower, upper = under.value, over.value
    if isinstance(lower, list) and isinstance(upper, dict) and over.place is None:
        items = {str(position): node for position, node in enumerate(lower)}
        if not upper.keys() <= items.keys():
            return over
        merged = merge(replace(under, value=items), over, top=False).value
        assert isinstance(merged, dict)
        return replace(under, value=list(merged.values()))
    if not isinstance(lower, dict) or not isinstance(upper, dict):
        return over
    named = not top and "name" in lower and "name" in upper
    if named and lower["name"].value != upper["name"].value:
        return over
    laid = {
        key: merge(lower[key], node, top=False) if key in lower else node
        for key, node in upper.items()
    }
    place = over.place or under.place
    return replace(under if over.place is None else over, value={**lower, **laid}, place=place)


def located(value: Any, place: Place) -> Node:
    """Return a plain document as nodes that all stand at one place."""
    if isinstance(value, dict):
        return Node({str(key): located(item, place) for key, item in value.items()}, place, place)
    if isinstance(value, (list, tuple)):
        return Node([located(item, place) for item in value], place, place)
    return Node(value, place, place)
