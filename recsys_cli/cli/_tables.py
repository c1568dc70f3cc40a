"""The tables that several commands print: metrics of a run, recommended items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from recsys_cli.cli import render
from recsys_cli.runs import Run
from recsys_cli.serving import Recommendations, Scored


def metrics(run: Run) -> None:
    """Print the metrics of a run: value with interval, or mean ± deviation and the folds."""
    document = run.metrics or {}
    title = f"{run.id}: {run.record['model']} on {run.record['dataset']['name']}"
    if "folds" in document:
        _folds(title, document)
        return
    rows = [
        [name, render.number(entry["value"]), _interval(entry["ci95"]), f"{entry['users']:,}"]
        for name, entry in document["metrics"].items()
    ]
    render.print_table(title, ["metric", ">value", ">95% interval", ">users"], rows)


def _folds(title: str, document: dict[str, Any]) -> None:
    folds = document["folds"]
    rows = [
        [name, f"{render.number(entry['value'])} ± {render.number(entry['std'])}"]
        + [render.number(fold["metrics"][name]["value"]) for fold in folds.values()]
        for name, entry in document["metrics"].items()
    ]
    columns = ["metric", ">mean ± std", *(f">fold {name}" for name in folds)]
    render.print_table(title, columns, rows)


def _interval(ci95: Sequence[float] | None) -> str:
    return "–" if ci95 is None else f"{render.number(ci95[0])} … {render.number(ci95[1])}"


def recommendations(found: Recommendations) -> None:
    """Print the list of one user, after the note that goes with it."""
    if found.note:
        render.note(f"Note: {found.note}.")
    who = "this history" if found.user is None else f"user {found.user}"
    scored(f"Top {len(found.items)} for {who}", found.items, "score")


def scored(title: str, items: Sequence[Scored], score: str) -> None:
    """Print items with their titles and scores, best first."""
    rows = [
        [str(rank), one.item, one.title or "–", f"{one.score:.4f}"]
        for rank, one in enumerate(items, 1)
    ]
    render.print_table(title, [">#", "item", "title", f">{score}"], rows)
