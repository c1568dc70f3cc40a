"""The registry of metrics: one file an entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recsys_cli.registry import Registry

if TYPE_CHECKING:
    from recsys_cli.metrics._base import Metric

METRICS: Registry[Metric] = Registry("recsys_cli.metrics", "Metric", "metric")
