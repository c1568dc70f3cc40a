"""``recsys show``: one run, what it is and what it scored."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from recsys_cli.cli._options import CountOption, FoldOption, JsonOption, RunArgument, RunsOption

NAME = "show"


def command(
    run: RunArgument = "latest",
    factors: Annotated[
        bool, typer.Option("--factors", help="Print the top items of each factor.")
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Check every file's sha256 first.")
    ] = False,
    k: CountOption = 5,
    fold: FoldOption = None,
    runs: RunsOption = Path("runs"),
    json: JsonOption = False,
) -> None:
    """Print a run: record, metrics, training history, or the top items of each factor."""
    from recsys_cli.cli import _tables, render
    from recsys_cli.runs import Store

    found = Store(runs).find(run)
    if verify:
        found.verify()
        render.note(f"Every file of {found.id} is as it was written.")
    if factors:
        _factors(found.fold(fold), k, json)
    elif json:
        render.print_json({"record": found.record, "metrics": found.metrics})
    else:
        render.print_table(found.id, ["what", "value"], _facts(found))
        if found.metrics is not None:
            _tables.metrics(found)
        _history(found.fold(fold).history)


def _facts(run: Any) -> list[list[str]]:
    record = run.record
    environment = record["environment"]
    versions = environment.get("versions", {})
    git = environment.get("git") or {}
    rows = {
        "model": record["model"],
        "dataset": record["dataset"]["name"],
        "description": record["dataset"].get("description"),
        "created": record["created"],
        "seed": record["seed"],
        "stages (s)": ", ".join(f"{name} {took:.2f}" for name, took in record["stages"].items()),
        "folds": ", ".join(run.fold_names),
        "spec hash": record["fingerprints"]["spec"][:12],
        "recsys": versions.get("recsys-cli"),
        "commit": f"{git['commit'][:12]}{' (dirty)' if git['dirty'] else ''}" if git else None,
        "folder": str(run.path),
    }
    return [[name, str(value)] for name, value in rows.items() if value is not None]


def _history(lines: list[dict[str, Any]]) -> None:
    from recsys_cli.cli import render

    if not lines:
        return
    shown = lines if len(lines) <= 12 else [*lines[:3], *lines[-9:]]
    columns = list(lines[-1])
    rows = [["–" if x is None else f"{x:.6g}" for x in map(line.get, columns)] for line in shown]
    render.print_table("Training", [f">{name}" for name in columns], rows)


def _factors(fold: Any, k: int, json: bool) -> None:
    from dataclasses import asdict

    from recsys_cli.cli import _tables, render
    from recsys_cli.serving import Recommender

    found = Recommender(fold).factors(k)
    if json:
        render.print_json([[asdict(one) for one in items] for items in found])
    else:
        for number, items in enumerate(found):
            _tables.scored(f"Factor {number}", items, "loading")
