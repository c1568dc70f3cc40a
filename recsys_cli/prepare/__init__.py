"""The registry of filters: one file an entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recsys_cli.registry import Registry

if TYPE_CHECKING:
    from recsys_cli.prepare._base import Filter

FILTERS: Registry[Filter[Any]] = Registry("recsys_cli.prepare", "Filter", "filter")
