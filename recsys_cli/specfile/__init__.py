"""YAML → spec: places of all problems, ``extends``, settings; and back to YAML and JSON Schema."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from recsys_cli.errors import SpecError
from recsys_cli.registry import Config, Registry
from recsys_cli.spec import ExperimentSpec
from recsys_cli.specfile import _read
from recsys_cli.specfile._dump import dump, dump_document
from recsys_cli.specfile._limits import require_room
from recsys_cli.specfile._node import Node, Place, located
from recsys_cli.specfile._parameters import Parameter, parameters, written
from recsys_cli.specfile._problems import validate
from recsys_cli.specfile._schema import schema
from recsys_cli.specfile._search import check_space, varied

__all__ = [
    "Parameter",
    "component",
    "dump",
    "dump_document",
    "from_document",
    "load",
    "loads",
    "parameters",
    "place",
    "read",
    "schema",
    "varied",
    "written",
]

C = TypeVar("C", bound=Config)


def load(path: Path, overrides: Sequence[str] = ()) -> ExperimentSpec:
    """Return the spec that a file describes.

    Parameters
    ----------
    path : Path
        A YAML file; what it ``extends`` is looked for beside it.
    overrides : sequence of str
        Settings such as ``model.factors=128`` that replace what the file says.

    Raises
    ------
    SpecError
        If the file is missing or no YAML that specs allow, or anything in it is wrong. All problems
        are told at once, one a line: ``file:line:column: key: what is wrong``. Also if the complete
        spec is larger than a file may be.
    """
    return _sound(_read.override(_read.read(path), overrides))


def loads(text: str, where: str = "spec") -> ExperimentSpec:
    """Return the spec that a YAML text describes; it cannot extend a file.

    Raises
    ------
    SpecError
        As :func:`load` does; ``where`` stands for the file.
    """
    return _sound(_read.document(text, where))


def place(path: Path, overrides: Sequence[str], key: str) -> str:
    """Return where the value of a dotted key stands, or else the block that lacks it, in the file.

    It is the file alone if that cannot be read again, as what comes through a pipe.
    """
    try:
        found = _read.override(_read.read(path), overrides).nearest(key.split("."))
    except SpecError:
        return str(path)
    return str(found if found is not None and found.line else path)


def _sound(root: Node) -> ExperimentSpec:
    spec = validate(root, ExperimentSpec)
    assert root.place is not None
    require_room(spec, root.place.file)
    check_space(root, spec)
    return spec


def read(path: Path, config: type[C]) -> C:
    """Return what a YAML file of another kind than a spec describes, by the same rules.

    Raises
    ------
    SpecError
        As :func:`load` does.
    """
    return validate(_read.file(path), config)


def from_document(document: dict[str, Any], where: str = "spec") -> ExperimentSpec:
    """Return the spec that :meth:`ExperimentSpec.document` came from.

    Raises
    ------
    SpecError
        If it is not a whole and valid spec; ``where`` says what was read.
    """
    return validate(located(document, Place(where)), ExperimentSpec)


def component(registry: Registry[Any], name: str, overrides: Sequence[str] = ()) -> Config:
    """Return the parameters of one component, outside any spec, from settings (``size=1m``).

    Raises
    ------
    NotFound
        If the registry has no such component.
    SpecError
        If a setting is malformed or wrong, or a required one is missing.
    """
    config: type[Config] = registry.get(name).Config
    return validate(_read.override(Node({}, Place(name)), overrides), config)
