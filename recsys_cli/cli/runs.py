"""``recsys runs``: every run of the folder."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from recsys_cli.cli._options import JsonOption, RunsOption

NAME = "runs"


def command(runs: RunsOption = Path("runs"), json: JsonOption = False) -> None:
    """List all runs, newest first, with their metrics."""
    from recsys_cli.cli import _tables, render
    from recsys_cli.runs import Store

    found = Store(runs).runs()
    if json:
        render.print_json([asdict(run) for run in found])
    elif found:
        _tables.runs(found)
    else:
        render.note(f"No runs in {runs}. Start with: recsys run configs/als.yaml")
