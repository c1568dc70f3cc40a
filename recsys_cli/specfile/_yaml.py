"""YAML as people mean it, read from PyYAML's events; nothing it is fed can crash it.

Numbers, booleans and null are those of the YAML 1.2 core schema, less octal and hexadecimal:
``1e-3`` is a number; ``no``, ``0123``, ``1_000``, ``1:30`` and ``2020-01-01`` are strings. Values
are built from the events of the pure-Python parser, which does not recurse, so depth and size are
refused before anything grows. Source: https://yaml.org/spec/1.2.2/, chapter 10.3.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

import yaml

from recsys_cli.errors import SpecError
from recsys_cli.specfile._node import Node, Place, Scalar
from recsys_cli.visible import quoted

#: What the slowest text that size costs is a third of a second.
MAX_BYTES = 128 << 10
MAX_DEPTH = 64
MAX_NODES = 5_000
#: What to do about a spec that is too large: nearly always it lists users.
MANY_USERS = "a file can list users, one a line: recsys recommend --users FILE"
INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
FLOAT = re.compile(r"[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
#: Where PyYAML begins a new line.
_BREAK = re.compile("\r\n?|[\n\x85\u2028\u2029]")
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}


def parse(text: str, file: str) -> Node:
    """Return the one document in ``text``; an empty text is null.

    Raises
    ------
    SpecError
        If it is not YAML, or YAML of a kind that specs refuse; ``where`` has line and column.
    """
    try:
        loader = yaml.SafeLoader(text)
    except yaml.reader.ReaderError as error:
        raise SpecError(
            f"a control character (U+{ord(text[error.position]):04X}) cannot stand in a spec",
            where=str(place_at(text[: error.position], file)),
        ) from None
    try:
        return _Builder(loader, file).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise SpecError(f"not valid YAML: {_plainly(error)}", where=_where(file, mark)) from None
    except (ValueError, OverflowError):  # PyYAML lets them out of escapes and directives
        raise SpecError(
            "not valid YAML: a number in an escape or directive is too large",
            where=_where(file, loader.get_mark()),
        ) from None


def place_at(before: str, file: str) -> Place:
    """Return the place that a text ends at."""
    breaks = [found.end() for found in _BREAK.finditer(before)]
    return Place(file, len(breaks) + 1, len(before) - (breaks or [0])[-1] + 1)


def scalar(text: str) -> Scalar:
    """Return what an unquoted word stands for.

    Raises
    ------
    OverflowError
        If it is an integer of more than 64 bits.
    """
    if text in _WORDS:
        return _WORDS[text]
    if INTEGER.fullmatch(text):
        if len(text) > 20 or not -(1 << 63) <= int(text) < 1 << 63:
            raise OverflowError(text)
        return int(text)
    return float(text) if FLOAT.fullmatch(text) else text


def _where(file: str, mark: Any) -> str:
    return str(Place(file, mark.line + 1, mark.column + 1)) if mark else file


def _plainly(error: yaml.MarkedYAMLError) -> str:
    problem = str(error.problem)
    if "found character '\\t'" in problem:
        return "a tab cannot stand here; use spaces"
    if "cannot start any token" in problem:
        return (
            f"{problem.removesuffix(' that cannot start any token')} here; put the text in quotes"
        )
    if problem.startswith("mapping values are not allowed"):
        return 'a second ":" in one line, or wrong indentation; put text that holds ": " in quotes'
    return problem.replace("<", "").replace(">", "")


class _Builder:
    def __init__(self, loader: yaml.SafeLoader, file: str) -> None:
        self.file = file
        self.nodes = 0
        self.events: Iterator[Any] = iter(loader.get_event, None)

    def document(self) -> Node:
        next(self.events)
        first = next(self.events)
        if isinstance(first, yaml.StreamEndEvent):
            return Node(None, self.place(first))
        node = self.node(next(self.events), 1, None)
        next(self.events)
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            self.refuse(after, "a spec is one document; this begins a second")
        return node

    def node(self, event: Any, depth: int, key: Place | None) -> Node:
        self.check(event, depth)
        value: Scalar | list[Node] | dict[str, Node]
        if isinstance(event, yaml.MappingStartEvent):
            value = self.mapping(depth)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = []
            while not isinstance(item := next(self.events), yaml.SequenceEndEvent):
                value.append(self.node(item, depth + 1, None))
        else:
            value = self.scalar(event)
            meant = value is not None and not isinstance(value, str)
            return Node(value, self.place(event), key, event.value if meant else "")
        return Node(value, self.place(event), key)

    def mapping(self, depth: int) -> dict[str, Node]:
        found: dict[str, Node] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            self.check(event, depth)
            if not isinstance(event, yaml.ScalarEvent):
                self.refuse(event, "a key must be a word")
            if event.value == "<<" and event.implicit[0]:
                self.refuse(event, "merge keys are not supported; inherit with extends: FILE")
            if event.value in found:
                first = found[event.value].key
                self.refuse(
                    event, f"the key {quoted(event.value)} is given twice, first at {first}"
                )
            found[event.value] = self.node(next(self.events), depth + 1, self.place(event))
        return found

    def scalar(self, event: Any) -> Scalar:
        if _NO_TEXT.search(event.value):
            self.refuse(event, "an escape stands for no character")
        if not event.implicit[0]:
            return str(event.value)
        try:
            return scalar(event.value)
        except OverflowError:
            self.refuse(event, "an integer must fit in 64 bits")

    def check(self, event: Any, depth: int) -> None:
        self.nodes += 1
        if depth > MAX_DEPTH:
            self.refuse(event, f"nested more than {MAX_DEPTH} deep")
        if self.nodes > MAX_NODES:
            self.refuse(event, f"more than {MAX_NODES:,} values", MANY_USERS)
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            self.refuse(event, "anchors and aliases are not supported; inherit with extends: FILE")
        if getattr(event, "tag", None) is not None:
            self.refuse(event, "tags are not supported; put text that begins with ! in quotes")

    def place(self, event: Any) -> Place:
        return Place(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def refuse(self, event: Any, message: str, hint: str | None = None) -> NoReturn:
        raise SpecError(message, where=str(self.place(event)), hint=hint)
