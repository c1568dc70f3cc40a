"""``recsys runs``: every run of the folder."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from recsys_cli.cli._options import JsonOption, RunsOption

NAME = "runs"


def command(runs: RunsOption = Path("runs"), json: JsonOption = False) -> None:
    """List all runs, newest first: what they are, whether they are whole, and their metrics."""
    from recsys_cli.cli import render
    from recsys_cli.runs import Store

    found = Store(runs).runs()
    if json:
        render.print_json([asdict(run) for run in found])
        return
    rows = [
        [run.id, run.status, run.created or "–", run.model or "–", run.dataset or "–", run.headline]
        for run in found
    ]
    render.print_table(None, ["run", "status", "created", "model", "dataset", "metrics"], rows)
    if not found:
        render.note(f"No runs in {runs}. Start with: recsys run configs/als.yaml")
