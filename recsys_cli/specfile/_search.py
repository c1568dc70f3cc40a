"""Values laid over a spec by dotted keys, and whether the ends of every searched range fit it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from recsys_cli.errors import SpecError
from recsys_cli.search import RangeSpec, kind_of
from recsys_cli.spec import ExperimentSpec
from recsys_cli.specfile._limits import measured
from recsys_cli.specfile._node import Node, Place, located, merge
from recsys_cli.specfile._problems import READ, Problem, refusal, validate, wrong
from recsys_cli.specfile._read import under
from recsys_cli.visible import short

#: The least that the blocks which a spec must have can be.
_LEAST = {
    "name": "x",
    "dataset": {"name": "synthetic"},
    "split": {"name": "random"},
    "model": {"name": "random"},
}
#: Keys and values that are read for all choices and ends together, in about half a second.
_MOST = 100_000


def varied(spec: ExperimentSpec, values: Mapping[str, Any], where: str) -> ExperimentSpec:
    """Return the spec with values by dotted key, such as ``{"model.factors": 32}``.

    A changed ``name`` replaces its block, as in a setting.

    Raises
    ------
    SpecError
        If the values make no valid spec together; ``where`` stands for the file.
    """
    place = Place(where)
    laid = Node({}, place)
    for key, value in values.items():
        laid = merge(laid, under(key, located(value, place), place))
    return validate(merge(located(spec.document(), place), laid), ExperimentSpec)


def check_space(root: Node, spec: ExperimentSpec) -> None:
    """Raise SpecError for each searched key with a choice or an end that the spec cannot have.

    Of each key the first one is told. It also raises where there are too many to try in a second.

    Parameters
    ----------
    root : Node
        The document that the spec was read from, and is sound but for this.
    spec : ExperimentSpec
    """
    if spec.search is None:
        return
    _require_few(root, spec, spec.search.space)
    problems: list[Problem] = []
    more = 0
    for key, range_ in spec.search.space.items():
        values = _values(root, key, kind_of(range_)[0])
        room = max(0, READ - len(problems))
        found, rest = _first_wrong(_alone(root, key), key, values, room)
        problems, more = problems + found, more + rest
    if problems:
        raise refusal(problems, more)


def _require_few(root: Node, spec: ExperimentSpec, space: Mapping[str, RangeSpec]) -> None:
    """Raise SpecError at the key whose values are more than can be tried in a second."""
    # As it is when complete, so that a run's own spec is accepted as the one it came from.
    document = spec.document()
    sizes = {name: measured(document[name])[0] for name in set(map(_block, space))}
    read = 0
    for key, range_ in space.items():
        read += len(kind_of(range_)[1]) * sizes[_block(key)]
        if read > _MOST:
            raise SpecError(
                f"{short(key)}: lists more values than can be tried in a second, each with the "
                f"whole block {_block(key)}",
                where=str(root.at(("search", "space", key)).key),
                hint="list fewer choices, or give two ends: {int: [1, 1000]}",
            )


def _block(key: str) -> str:
    return key.partition(".")[0]


def _alone(root: Node, key: str) -> Node:
    """Return the smallest spec with the block of the document that a key lies in.

    No rule of a spec spans two of its blocks, so that the others are not read for every value.
    """
    assert isinstance(root.value, dict) and root.place is not None
    least = located(_LEAST, root.place)
    assert isinstance(least.value, dict)
    own = {name: node for name, node in root.value.items() if name == _block(key)}
    return replace(least, value=least.value | own)


def _values(root: Node, key: str, kind: str) -> list[Node]:
    """Return the choices or ends of a key as they were written, to stand under that key."""
    range_ = root.at(("search", "space", key))
    values = range_.at((kind,)).value
    assert isinstance(values, list)
    return [replace(value, key=range_.key) for value in values]


def _first_wrong(block: Node, key: str, values: list[Node], most: int) -> tuple[list[Problem], int]:
    for value in values:
        assert value.key is not None
        tried = merge(block, under(key, value, value.key))
        problems, more = wrong(tried, ExperimentSpec, most)
        if problems or more:
            return problems, more
    return [], 0
