"""Every word that a spec or a command line may hold, from the registries, and where it stands.

Words come from the JSON Schema of specs and from the app, so that what a third party adds is there
too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import click

from recsys_cli.cli._app import build
from recsys_cli.metrics import METRICS
from recsys_cli.specfile import schema

#: Stands for what a case writes into a document.
MARK = "@MARK@"
BASE: dict[str, Any] = {
    "name": "toy",
    "dataset": {"name": "synthetic"},
    "split": {"name": "leave-last"},
    "model": {"name": "popular"},
}
_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*(:[a-z]+)?(@[0-9]+)?")
_Build = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Word:
    """One word where it stands.

    ``among`` is all that could stand there; ``tail`` follows it in any case. ``document`` is a spec
    with the mark, ``argv`` a command line; one of them is None. ``schema`` is that of the value, if
    the word is a key.
    """

    text: str
    among: frozenset[str]
    document: dict[str, Any] | None = None
    argv: tuple[str, ...] | None = None
    tail: str = ""
    schema: dict[str, Any] | None = None


@cache
def spec_words() -> list[Word]:
    """Return the keys, component names, enum values and metrics of specs."""
    whole = schema()
    words = list(_Walk(whole["$defs"]).block(whole, lambda part: BASE | part, dict(BASE)))
    for name in METRICS.names():
        tail = METRICS.get(name).example().removeprefix(name)
        document = BASE | {"evaluation": {"metrics": [MARK]}}
        words.append(Word(name, frozenset(METRICS.names()), document, tail=tail))
    return words


@cache
def command_words() -> list[Word]:
    """Return the commands, their options of more than a letter, and what these choose from."""
    return list(_commands(build(), ()))


def _commands(command: click.Command, path: tuple[str, ...]) -> Iterator[Word]:
    context = click.Context(command)
    parameters = command.get_params(context)
    options = [name for one in parameters for name in (*one.opts, *one.secondary_opts)]
    known = frozenset(option for option in options if option.startswith("-"))
    for option in sorted(known):
        if option.startswith("--"):
            yield Word(option, known, argv=(*path, MARK))
    for one in parameters:
        if isinstance(one.type, click.Choice):
            choices = [str(getattr(choice, "value", choice)) for choice in one.type.choices]
            before = [name for name in one.opts if name.startswith("--")]
            for choice in choices:
                yield Word(choice, frozenset(choices), argv=(*path, *before, MARK))
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield Word(name, frozenset(command.commands), argv=(*path, MARK))
            yield from _commands(inner, (*path, name))


class _Walk:
    """The words of a JSON Schema; a component within another of its kind is not entered."""

    def __init__(self, defs: dict[str, Any]) -> None:
        self.defs = defs

    def any(self, part: dict[str, Any], build: _Build, within: tuple[str, ...]) -> Iterator[Word]:
        """Yield the words of whatever blocks a value may be."""
        name = part.get("$ref", "").rpartition("/")[2]
        part = self.defs.get(name, part)
        if "allOf" in part and name not in within:
            yield from self.component(part, build, (*within, name))
        elif "properties" in part and "allOf" not in part:
            yield from self.block(part, build, {}, within)
        for choice in part.get("anyOf", []):
            yield from self.any(choice, build, within)
        if isinstance(part.get("items"), dict):
            yield from self.any(part["items"], lambda made: build([made]), within)  # type: ignore[arg-type]
        if isinstance(part.get("additionalProperties"), dict):
            searched = part["additionalProperties"]
            yield from self.any(searched, lambda made: build({"model.factors": made}), within)

    def component(
        self, part: dict[str, Any], build: _Build, within: tuple[str, ...]
    ) -> Iterator[Word]:
        """Yield the names that a block can have, and its words under each."""
        names = frozenset(part["properties"]["name"]["enum"])
        for choice in part["allOf"]:
            name = choice["if"]["properties"]["name"]["const"]
            yield Word(name, names, build({"name": MARK}))
            inner = self.defs[choice["then"]["$ref"].rpartition("/")[2]]
            yield from self.block(inner, build, {"name": name}, within)

    def block(
        self,
        part: dict[str, Any],
        build: _Build,
        given: dict[str, Any],
        within: tuple[str, ...] = (),
    ) -> Iterator[Word]:
        """Yield the keys of a block, what each can be set to, and the words further in."""
        keys = frozenset(part["properties"])
        for key, field in part["properties"].items():
            others = {name: value for name, value in given.items() if name != key}
            document = {**others, MARK: given.get(key, 1)}
            whole = document if given is not None and "dataset" in given else build(document)
            yield Word(key, keys, whole, schema=field)

            def under(value: Any, key: str = key) -> dict[str, Any]:
                return build({**given, key: value})

            if "const" not in field:
                for choices in self.choices(field):
                    for choice in choices:
                        yield Word(choice, frozenset(choices), under(MARK))
                yield from self.any(field, under, within)

    def choices(self, field: dict[str, Any]) -> Iterator[list[str]]:
        """Yield the words that a value may be."""
        for one in (field, *field.get("anyOf", [])):
            if one.get("type") == "boolean":
                yield ["true", "false"]
            elif all(isinstance(choice, str) for choice in one.get("enum", [0])):
                yield one["enum"]


def written(document: Any, word: str) -> tuple[str, int, int]:
    """Return a document as YAML, ``word`` for the mark, with its line and column from 1."""
    text = "\n".join(_lines(document, "")) + "\n"
    before = text[: text.index(MARK)]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    return text.replace(MARK, word), line, column


def plain(word: str) -> str:
    """Return a word as a spec writes it: in quotes where it has to be."""
    return word if _BARE.fullmatch(word) else json.dumps(word)


def _lines(value: Any, pad: str) -> Iterator[str]:
    pairs = [(f"{key}:", item) for key, item in value.items()] if isinstance(value, dict) else []
    for head, item in pairs or [("-", item) for item in value]:
        if isinstance(item, (dict, list)) and item:
            yield f"{pad}{head}"
            yield from _lines(item, pad + "  ")
        else:
            yield f"{pad}{head} {item if item == MARK else json.dumps(item)}"
