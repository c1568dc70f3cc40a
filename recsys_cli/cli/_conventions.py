"""Conventions: the numbers of other tools beside ours, and what each tool reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from recsys_cli.conventions._base import Convention
    from recsys_cli.runs import Run


def complete(incomplete: str) -> list[str]:
    """Return the conventions whose names begin so."""
    from recsys_cli.conventions import CONVENTIONS

    return [name for name in CONVENTIONS if name.startswith(incomplete)]


ConventionOption = Annotated[
    list[str],
    typer.Option(
        "--convention",
        metavar="NAME",
        help="Also report each metric as this tool defines it, such as recbole; repeatable.",
        autocompletion=complete,
    ),
]


def asked(names: list[str]) -> list[Convention]:
    """Return the conventions of these names, each once.

    Raises
    ------
    SpecError
        If there is none of some name.
    """
    from recsys_cli.conventions import find
    from recsys_cli.errors import SpecError

    try:
        return [find(name) for name in dict.fromkeys(names)]
    except SpecError as error:
        raise error.within("--convention") from None


def entries(found: Sequence[dict[str, Any]]) -> None:
    """Print one line a convention: the tool, its version, and in place of what it reports."""
    from recsys_cli.cli import render

    rows = [[one["name"], one["peer"], ", ".join(one["reports"])] for one in found]
    render.print_table(None, ["name", "tool", "reports in place of"], rows)
    render.note(
        "Definitions: recsys list conventions NAME. Use: recsys evaluate --convention NAME."
    )


def terms(found: Sequence[dict[str, Any]]) -> None:
    """Print all that one convention reports, beside the names of our metrics."""
    from recsys_cli.cli import render

    (entry,) = found
    render.say(f"{entry['name']}: {entry['summary']}")
    rows = [
        [ours, one["name"], one["definition"]]
        for ours, reported in entry["reports"].items()
        for one in reported
    ]
    render.print_table(None, ["metric", "theirs", "definition"], rows)


def tables(run: Run) -> None:
    """Print a table for each convention that the run was last evaluated by."""
    from recsys_cli.cli import render

    document = run.metrics or {}
    for said in document.get("conventions", {}).values():
        rows = [
            [name, render.number(document["metrics"][name]["value"]), *cells]
            for name, terms in said["metrics"].items()
            for cells in _cells(said["peer"], terms)
        ]
        columns = ["metric", ">ours", "theirs", ">value", "definition"]
        render.print_table(f"As {said['peer']} defines them", columns, rows)


def _cells(peer: str, terms: list[dict[str, Any]]) -> list[list[str]]:
    from recsys_cli.cli.render import number

    if not terms:
        return [["–", "–", f"{peer} has no such metric"]]
    return [[one["name"], number(one["value"]), one["definition"]] for one in terms]
