"""The registry of models: one file an entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recsys_cli.registry import Registry

if TYPE_CHECKING:
    from recsys_cli.models._base import Model

MODELS: Registry[Model[Any]] = Registry("recsys_cli.models", "Model", "model")
