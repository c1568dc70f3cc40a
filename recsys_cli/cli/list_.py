"""``recsys list``: what can be named in a spec, with every parameter."""

from __future__ import annotations

import inspect
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any

import typer

from recsys_cli.cli._options import JsonOption

NAME = "list"


#: What can be listed.
Kind = StrEnum("Kind", ["models", "datasets", "splitters", "filters", "metrics", "conventions"])


def command(
    kind: Annotated[Kind, typer.Argument(metavar="KIND", help=", ".join(Kind))],
    name: Annotated[str | None, typer.Argument(help="Only this one, in full.")] = None,
    json: JsonOption = False,
) -> None:
    """List what a spec can name, with every parameter.

    Models are grouped by the feedback that they learn from, with what each can do. Conventions are
    what evaluate --convention takes.
    """
    from recsys_cli.cli import _conventions, _tables, render

    registry = _registry(kind)
    entries = [_entry(registry.get(one)) for one in ([name] if name else registry.names())]
    if json:
        render.print_json([_plain(entry) for entry in entries])
    elif kind is Kind.conventions:
        (_conventions.terms if name else _conventions.entries)(entries)
    elif name:
        _tables.parameters(entries[0])
    elif kind is Kind.models:
        _tables.models(entries)
    else:
        _tables.entries(entries)


def _registry(kind: Kind) -> Any:
    from recsys_cli import conventions, loaders, metrics, models, prepare, splitters

    return {
        Kind.models: models.MODELS,
        Kind.datasets: loaders.LOADERS,
        Kind.splitters: splitters.SPLITTERS,
        Kind.filters: prepare.FILTERS,
        Kind.metrics: metrics.METRICS,
        Kind.conventions: conventions.CONVENTIONS,
    }[kind]


def _entry(cls: Any) -> dict[str, Any]:
    from recsys_cli.cli._abilities import of_model, other_defaults
    from recsys_cli.specfile import parameters

    entry = {
        "name": cls.spec_name(),
        "summary": " ".join((inspect.getdoc(cls) or "").partition("\n\n")[0].split()),
        "parameters": parameters(cls.Config),
        "other_defaults": other_defaults(cls.Config),
    }
    if hasattr(cls, "recommend"):
        return entry | of_model(cls)
    if hasattr(cls, "terms"):
        return entry | _reported(cls)
    return entry | {"kind": cls.kind} if hasattr(cls, "kind") else entry


def _reported(cls: Any) -> dict[str, Any]:
    """Return whose metrics a convention reports: by our names, with its own beside."""
    reports = {
        ours: [{"name": _any(one.name), "definition": _any(one.definition)} for one in terms]
        for ours, terms in cls.terms.items()
    }
    return {"peer": cls.peer, "reports": reports}


def _any(text: str) -> str:
    """Return a text about a cutoff as one about any."""
    return text.format(k="k")


def _plain(entry: dict[str, Any]) -> dict[str, Any]:
    return entry | {"parameters": [asdict(parameter) for parameter in entry["parameters"]]}
