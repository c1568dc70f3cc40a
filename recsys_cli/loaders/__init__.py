"""The registry of datasets: one file an entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recsys_cli.registry import Registry

if TYPE_CHECKING:
    from recsys_cli.loaders._base import Loader

LOADERS: Registry[Loader[Any]] = Registry("recsys_cli.loaders", "Loader", "dataset")
