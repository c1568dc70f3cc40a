"""``recsys compare``: runs side by side, with a paired test."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from recsys_cli.cli._options import JsonOption, RunsOption, complete_runs

NAME = "compare"


def command(
    references: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN RUN...", help="The first is the baseline.", autocompletion=complete_runs
        ),
    ],
    any_test_set: Annotated[
        bool, typer.Option("--any-test-set", help="Compare runs whose test sets differ.")
    ] = False,
    runs: RunsOption = Path("runs"),
    json: JsonOption = False,
) -> None:
    """Compare runs with the first, by paired tests over users."""
    from recsys_cli.cli import render
    from recsys_cli.comparison import compare
    from recsys_cli.runs import Store

    found = [Store(runs).find(reference) for reference in references]
    rows = compare(found, any_test_set=any_test_set)
    if json:
        render.print_json([asdict(row) for row in rows])
        return
    columns = ["metric", "run", ">value", ">difference", ">95% interval", ">p", ">users"]
    if len({str(run.record["fingerprints"]["split"]) for run in found}) > 1:
        render.note("These runs trained on different rows, so what they may recommend differs too.")
    render.note("* p < 0.05 in a paired t test over users, each comparison by itself.")
    render.print_table(f"Against {found[0].id}", columns, [_cells(row) for row in rows])


def _cells(row: Any) -> list[str]:
    if row.difference is None:
        return [row.metric, row.run, f"{row.value:.4f}", "", "", "", f"{row.users:,}"]
    certain = row.p_value is not None and row.p_value < 0.05
    interval = "–" if row.ci95 is None else f"{row.ci95[0]:+.4f} … {row.ci95[1]:+.4f}"
    return [
        row.metric,
        row.run,
        f"{row.value:.4f}",
        f"{row.difference:+.4f}{' *' if certain else '  '}",
        interval,
        "–" if row.p_value is None else f"{row.p_value:.2g}",
        f"{row.users:,}",
    ]
