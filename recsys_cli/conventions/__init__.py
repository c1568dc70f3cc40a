"""The registry of conventions: how other tools define metrics, one file a tool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recsys_cli.errors import SpecError
from recsys_cli.registry import Registry

if TYPE_CHECKING:
    from recsys_cli.conventions._base import Convention

CONVENTIONS: Registry[Convention] = Registry("recsys_cli.conventions", "Convention", "convention")


def find(name: str) -> Convention:
    """Return the convention of that name.

    Raises
    ------
    SpecError
        If there is none; the message suggests the nearest.
    """
    if name not in CONVENTIONS.names():
        raise SpecError(CONVENTIONS.unknown(name))
    return CONVENTIONS.get(name)()
