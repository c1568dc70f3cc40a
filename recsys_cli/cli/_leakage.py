"""What ``recsys check`` prints of the audit of leakage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from recsys_cli.cli import render


def table(title: str, findings: Sequence[dict[str, Any]]) -> None:
    """Print one line a finding, as :func:`recsys_cli.leakage.documented` writes them."""
    rows = [
        [
            one["severity"],
            render.plain(one.get("count")),
            render.plain(one.get("of")),
            one["says"],
        ]
        for one in findings
    ]
    render.print_table(title, ["severity", ">how many", ">of", "what"], rows)
