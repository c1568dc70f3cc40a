"""Spec files and what they inherit; settings from the command line laid over them."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from pathlib import Path

from recsys_cli.errors import SpecError
from recsys_cli.given import read_given
from recsys_cli.specfile._node import Node, Place, merge
from recsys_cli.specfile._yaml import MANY_USERS, MAX_BYTES, MAX_DEPTH, parse, place_at
from recsys_cli.spelling import nearest
from recsys_cli.visible import short

MAX_INHERITED = 5
_KEY = re.compile(r"[^.\s=]+(?:\.[^.\s=]+)*")


def read(path: Path, heirs: tuple[str, ...] = (), named: Place | None = None) -> Node:
    """Return the document of a spec file, laid over those that it extends.

    Parameters
    ----------
    path : Path
    heirs : tuple of str
        The files, without symbolic links, whose ``extends`` led here, the first one first.
    named : Place, optional
        Where this file was named, when another extends it.

    Raises
    ------
    SpecError
        If a file is missing, unreadable or no YAML mapping, or inheritance is circular or deep.
    """
    return inherit(file(path, named), path, heirs)


def file(path: Path, named: Place | None = None) -> Node:
    """Return the document in one file as it stands, inheriting nothing."""
    return document(_text(path, named), str(path))


def document(text: str, file: str) -> Node:
    """Return the document in a text, whose top level must be a mapping."""
    node = parse(text, file)
    if node.value is None:
        raise SpecError("the spec is empty", where=file, hint="configs/ holds specs to start from")
    if not isinstance(node.value, dict):
        raise SpecError("the top level must be a block of keys", where=str(node.place))
    return node


def inherit(node: Node, path: Path, heirs: tuple[str, ...] = ()) -> Node:
    """Lay a document that was read from ``path`` over the one that it extends, if any."""
    assert isinstance(node.value, dict)
    if "extends" not in node.value:
        return node
    base = node.value["extends"]
    place = base.place
    own = replace(node, value={key: value for key, value in node.value.items() if key != "extends"})
    if not isinstance(base.value, str):
        raise SpecError("extends: must be the path of one spec file", where=str(place))
    target = path.parent / base.value
    # Unlike Path.resolve, this does not raise where symbolic links go round in a circle.
    heirs = (*heirs, os.path.realpath(path))
    if os.path.realpath(target) in heirs:
        raise SpecError(f"extends: {target} leads back to itself", where=str(place))
    if len(heirs) > MAX_INHERITED:
        raise SpecError(f"extends: more than {MAX_INHERITED} files deep", where=str(place))
    return merge(read(target, heirs, place), own)


def override(node: Node, settings: Sequence[str]) -> Node:
    """Lay ``key.key=value`` settings over a document; the value is YAML.

    The settings are merged among themselves first, so that a parameter set beside a new
    ``model.name`` stays whatever the order.

    Raises
    ------
    SpecError
        If a setting is malformed; ``where`` is ``--set`` and its key.
    """
    nodes = [_setting(text) for text in settings]
    return merge(node, reduce(merge, nodes)) if nodes else node


def _setting(text: str) -> Node:
    key, equals, value = text.partition("=")
    if not equals or not _KEY.fullmatch(key):
        raise SpecError("must be KEY=VALUE, such as model.factors=128", where=f"--set {text}")
    if key.count(".") >= MAX_DEPTH:
        raise SpecError(f"a key of more than {MAX_DEPTH} steps", where=f"--set {short(key)}")
    place = Place(f"--set {key}")
    try:
        node = _at(parse(value, place.file), place)
    except SpecError as error:
        raise SpecError(error.message, where=place.file, hint=error.hint) from None
    return under(key, node, place)


def under(key: str, node: Node, place: Place) -> Node:
    """Return a document that holds only ``node``, under a dotted key; ``place`` is the key's."""
    for step in reversed(key.split(".")):
        node = Node({step: node}, None, place)
    return node


def _at(node: Node, place: Place) -> Node:
    """Return the node with everything in it moved to one place."""
    value = node.value
    if isinstance(value, dict):
        value = {key: _at(item, place) for key, item in value.items()}
    elif isinstance(value, list):
        value = [_at(item, place) for item in value]
    return replace(node, value=value, place=place, key=place)


def _text(path: Path, named: Place | None) -> str:
    where = str(named) if named else str(path)
    subject = f"extends: {path}" if named else "spec file"
    try:
        data = read_given(path, MAX_BYTES + 1)
    except FileNotFoundError:
        raise SpecError(f"{subject} not found", where=where, hint=_nearest(path)) from None
    except OSError as error:
        why = (error.strerror or "cannot be read").lower()
        raise SpecError(f"{subject} cannot be read: {why}", where=where) from None
    if len(data) > MAX_BYTES:
        what = f"larger than {MAX_BYTES >> 10} KiB, too large for a spec"
        raise SpecError(what, where=str(path), hint=MANY_USERS)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = place_at(data[: error.start].decode("utf-8-sig"), str(path))
        raise SpecError("not UTF-8 text", where=str(place)) from None


def _nearest(path: Path) -> str | None:
    names = [file.name for file in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
    near = nearest(path.name, sorted(names))
    return f"did you mean {path.with_name(near)}?" if near else None
