"""The registry of splitters: one file an entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recsys_cli.registry import Registry

if TYPE_CHECKING:
    from recsys_cli.splitters._base import Splitter

SPLITTERS: Registry[Splitter[Any]] = Registry("recsys_cli.splitters", "Splitter", "splitter")
