"""Values laid over a spec by dotted keys, and whether the ends of every searched range fit it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from recsys_cli.errors import SpecError
from recsys_cli.search import kind_of
from recsys_cli.spec import ExperimentSpec
from recsys_cli.specfile._node import Node, Place, located, merge
from recsys_cli.specfile._problems import validate
from recsys_cli.specfile._read import under


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

    Parameters
    ----------
    root : Node
        The document that the spec was read from, and is sound but for this.
    spec : ExperimentSpec
    """
    wrong: dict[str, SpecError] = {}
    assert isinstance(root.value, dict)
    bare = replace(root, value={k: v for k, v in root.value.items() if k != "search"})
    for key, range_ in spec.search.space.items() if spec.search else ():
        kind, given = kind_of(range_)
        block = root.at(("search", "space", key))
        for number in range(len(given)):
            value = root.at(("search", "space", key, kind, number))
            assert block.key is not None
            leaf = Node(value.value, value.place, block.key)
            try:
                validate(merge(bare, under(key, leaf, block.key)), ExperimentSpec)
            except SpecError as error:
                wrong.setdefault(key, error)
    if wrong:
        first, *others = wrong.values()
        raise SpecError("\n".join([first.message, *map(str, others)]), where=first.where)
