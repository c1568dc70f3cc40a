"""Every problem of a spec at once: where it stands, which key it is, what is wrong."""

from __future__ import annotations

import json
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError

from recsys_cli.errors import SpecError
from recsys_cli.registry import Config
from recsys_cli.specfile._keys import known_keys, registry_at
from recsys_cli.specfile._node import Node, Path, Place
from recsys_cli.specfile._words import explain
from recsys_cli.spelling import nearest
from recsys_cli.visible import short

C = TypeVar("C", bound=Config)
_SHOWN = 20
#: Errors that are looked into: a guess for each of thousands would take a minute.
READ = 100


class Problem(NamedTuple):
    """One thing that is wrong; problems sort by file, line and column."""

    place: Place
    key: str
    text: str

    def __str__(self) -> str:
        key = "" if not self.key or self.place.file == f"--set {self.key}" else f"{self.key}: "
        return f"{self.place}: {key}{self.text}"


def validate(root: Node, config: type[C]) -> C:
    """Return the spec, or the parameters of one component, that a document describes.

    Raises
    ------
    SpecError
        With a line for each problem; the first one's place is ``where``.
    """
    try:
        return config.model_validate_json(json.dumps(root.plain()))
    except ValidationError as error:
        raise refusal(*_looked_into(root, config, error, READ)) from None


def wrong(root: Node, config: type[Config], most: int) -> tuple[list[Problem], int]:
    """Return what is wrong with a document, and how many errors past ``most`` were only counted."""
    try:
        config.model_validate_json(json.dumps(root.plain()))
    except ValidationError as error:
        return _looked_into(root, config, error, most)
    return [], 0


def _looked_into(
    root: Node, config: type[Config], error: ValidationError, most: int
) -> tuple[list[Problem], int]:
    found: Any = error.errors(include_url=False)
    return _Report(root, config, found[:most]).problems(), len(found[most:])


def refusal(problems: list[Problem], more: int) -> SpecError:
    """Return the error that tells the first problems, and how many there are besides."""
    first, *others = [str(problem) for problem in sorted(problems)]
    lines = [first.removeprefix(f"{min(problems).place}: "), *others[: _SHOWN - 1]]
    more += max(0, len(others) - _SHOWN + 1)
    if more:
        lines.append(f"and {more:,} more problem{'s' * (more > 1)}")
    return SpecError("\n".join(lines), where=str(min(problems).place))


class _Report:
    """The problems of one document, from pydantic's errors."""

    def __init__(self, root: Node, config: type[Config], errors: list[dict[str, Any]]) -> None:
        self.root = root
        self.config = config
        self.plain = root.plain()
        self.values: dict[Path, list[dict[str, Any]]] = {}
        self.unknown: list[Path] = []
        self.missing: list[Path] = []
        for error in errors:
            path = self.path(error["loc"])
            if error["type"] == "extra_forbidden":
                self.unknown.append(path)
            elif error["type"] == "missing" and isinstance(error["loc"][-1], str):
                self.missing.append((*path, error["loc"][-1]))
            else:
                self.values.setdefault(path, []).append(error)

    def path(self, loc: Path) -> Path:
        """Return the part of pydantic's location that exists in the document."""
        if loc[:2] == ("dataset", "loader"):  # beside ``prepare`` in the document
            loc = ("dataset", *loc[2:])
        node, path = self.plain, list[str | int]()
        for step in loc:
            place = (
                node if isinstance(node, dict) else range(len(node) if type(node) is list else 0)
            )
            if step in place:
                path.append(step)
                node = node[step]
        return tuple(path)

    def problems(self) -> list[Problem]:
        """Return all problems; a misspelt required key is one, not two."""
        meant = {path: self.meant(path) for path in self.unknown}
        for path in list(self.missing):
            if path[-1] == "name" and (key := self.misspelt_name(path[:-1])):
                meant[(*path[:-1], key)] = "name"
        # Whose parameters they are is unknown until the name is right.
        misnamed = {path[:-1] for path, guess in meant.items() if guess == "name"}
        meant = {
            p: guess for p, guess in meant.items() if guess == "name" or p[:-1] not in misnamed
        }
        excused = {(*path[:-1], guess) for path, guess in meant.items()}
        missing = [] if ("extends",) in excused else [p for p in self.missing if p not in excused]
        return [
            *(self.unknown_key(path, guess) for path, guess in meant.items()),
            *(self.missing_key(path) for path in missing),
            *(self.wrong_value(path, errors) for path, errors in self.values.items()),
        ]

    def meant(self, path: Path) -> str | None:
        *parent, key = path
        known = known_keys(self.config, self.plain, tuple(parent))
        block = self.root.at(parent).value
        assert isinstance(block, dict)
        # A key that an inherited file has may be meant; one written beside is not.
        files = {name: node.key and node.key.file for name, node in block.items()}
        absent = [name for name in known if files.get(name) != files[str(key)]]
        return nearest(str(key), absent) or nearest(str(key), known)

    def misspelt_name(self, parent: Path) -> str | None:
        block = self.root.at(parent).value
        assert isinstance(block, dict)
        return next((key for key in block if nearest(key, ["name"])), None)

    def unknown_key(self, path: Path, guess: str | None) -> Problem:
        if path[-1] == "extends":
            text = "only the top level of a spec file can extend another"
        elif guess:
            text = f'unknown key; did you mean "{guess}"?'
        else:
            text = (
                f"unknown key; known: {', '.join(known_keys(self.config, self.plain, path[:-1]))}"
            )
        return self.problem(path, self.root.at(path).key, text)

    def missing_key(self, path: Path) -> Problem:
        block = self.root.at(path[:-1])
        registry = registry_at(self.config, self.plain, path[:-1]) if path[-1] == "name" else None
        known = f"; known: {', '.join(registry.names())}" if registry else ""
        return self.problem(path, block.key or block.place, f"required key is missing{known}")

    def wrong_value(self, path: Path, errors: list[dict[str, Any]]) -> Problem:
        node = self.root.at(path)
        component = registry_at(self.config, self.plain, path) is not None
        text = explain(errors, node.plain(), component, node.written)
        return self.problem(path, node.place or node.key, text)

    def problem(self, path: Path, place: Place | None, text: str) -> Problem:
        assert place is not None
        return Problem(place, ".".join(short(str(step)) for step in path), text)
