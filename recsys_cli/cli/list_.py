"""``recsys list``: what can be named in a spec, with every parameter."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any

import typer

from recsys_cli.cli._options import JsonOption

NAME = "list"


class Kind(StrEnum):
    """What can be listed."""

    models = "models"
    datasets = "datasets"
    splitters = "splitters"
    filters = "filters"
    metrics = "metrics"


def command(
    kind: Annotated[Kind, typer.Argument(help="What to list.")],
    name: Annotated[str | None, typer.Argument(help="Only this one, in full.")] = None,
    json: JsonOption = False,
) -> None:
    """List what a spec can name, with every parameter, its default and what it means."""
    from recsys_cli.cli import render

    registry = _registry(kind)
    entries = [_entry(registry.get(one)) for one in ([name] if name else registry.names())]
    if json:
        render.print_json(entries)
    elif name:
        _print_one(entries[0])
    else:
        rows = [[e["name"], e["summary"], _brief(e["parameters"]), e["notes"]] for e in entries]
        render.print_table(None, ["name", "what it is", "parameters", "notes"], rows)


def _registry(kind: Kind) -> Any:
    from recsys_cli import loaders, metrics, models, prepare, splitters

    return {
        Kind.models: models.MODELS,
        Kind.datasets: loaders.LOADERS,
        Kind.splitters: splitters.SPLITTERS,
        Kind.filters: prepare.FILTERS,
        Kind.metrics: metrics.METRICS,
    }[kind]


def _entry(cls: Any) -> dict[str, Any]:
    from recsys_cli.specfile import parameters

    notes = [getattr(cls, "feedback", None) or getattr(cls, "kind", None)]
    notes.append(None if getattr(cls, "deterministic", True) else "not deterministic")
    return {
        "name": cls.spec_name(),
        "summary": (cls.__doc__ or "").strip().partition("\n")[0],
        "notes": ", ".join(filter(None, notes)),
        "parameters": [asdict(parameter) for parameter in parameters(cls.Config)],
    }


def _brief(parameters: list[dict[str, Any]]) -> str:
    return ", ".join(f"{p['name']}={p['default']}" for p in parameters)


def _print_one(entry: dict[str, Any]) -> None:
    from recsys_cli.cli import render

    columns = ["parameter", "type", "default", "bounds", "what it does"]
    rows = [
        [str(p[key]) for key in ("name", "type", "default", "bounds", "doc")]
        for p in entry["parameters"]
    ]
    render.print_table(f"{entry['name']}: {entry['summary']}", columns, rows)
