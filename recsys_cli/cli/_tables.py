"""The tables that several commands print: runs, metrics of a run, recommended items."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys_cli.cli import render

if TYPE_CHECKING:
    from recsys_cli.runs import Run, RunSummary
    from recsys_cli.serving import Recommendations, Scored


def next_command(name: str, run: Run) -> str:
    """Return the command line that names this run, by id where its folder goes without saying."""
    here = run.path.parent == Path(os.environ.get("RECSYS_RUNS", "runs"))
    return f"recsys {name} {run.id if here else shlex.quote(str(run.path))}"


def runs(found: Sequence[RunSummary]) -> None:
    """Print one line a run: its first metrics, or the first line of why it has none."""
    rows = [
        [
            run.id,
            run.status,
            (run.created or "–")[:16].replace("T", " "),
            run.model or "–",
            run.dataset or "–",
            run.headline.partition("\n")[0],
        ]
        for run in found
    ]
    columns = ["run", "status", "created (UTC)", "model", "dataset", "metrics"]
    render.print_table(None, columns, rows)


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
        [
            name,
            f"{render.number(entry['value'])} ± {render.number(entry['std'])}",
            _interval(entry["ci95"]),
        ]
        + [render.number(fold["metrics"][name]["value"]) for fold in folds.values()]
        for name, entry in document["metrics"].items()
    ]
    columns = ["metric", ">mean ± std", ">95% interval", *(f">fold {name}" for name in folds)]
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
    """Print items with their titles, where there are any, and scores, best first."""
    titled = any(one.title is not None for one in items)
    rows = [
        [str(rank), one.item, *([one.title or "–"] if titled else []), f"{one.score:.4f}"]
        for rank, one in enumerate(items, 1)
    ]
    columns = [">#", "item", *(["title"] if titled else []), f">{score}"]
    render.print_table(title, columns, rows)


def entries(found: Sequence[dict[str, Any]]) -> None:
    """Print one line an entry of a registry: the first sentence of what it is."""
    rows = [
        [
            entry["name"],
            entry["summary"].partition(". ")[0],
            ", ".join(f"{p['name']}={p['default']}" for p in entry["parameters"]),
            entry["notes"],
        ]
        for entry in found
    ]
    render.print_table(None, ["name", "what it is", "parameters", "notes"], rows)


def parameters(entry: dict[str, Any]) -> None:
    """Print one entry in full: each parameter with type, default, bounds and meaning."""
    keys = ("name", "type", "default", "bounds", "doc")
    rows = [[str(parameter[key]) for key in keys] for parameter in entry["parameters"]]
    render.say(f"{entry['name']}: {entry['summary']}")
    render.print_table(None, ["parameter", "type", "default", "bounds", "what it does"], rows)
