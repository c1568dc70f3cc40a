"""What everything is printed with: tables and JSON on standard output, notes on standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

#: Off a terminal nothing is wrapped or cut: a width no table reaches.
_UNBOUNDED = 100_000


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Let the caller end quietly; rich itself would exit with 1."""
        raise BrokenPipeError


def console(stderr: bool = False) -> Console:
    """Return the console of standard output, or of standard error."""
    file = sys.stderr if stderr else sys.stdout
    styled = file.isatty() and "NO_COLOR" not in os.environ
    return _Console(
        file=file,
        width=None if file.isatty() else _UNBOUNDED,
        highlight=False,
        color_system="auto" if styled else None,
    )


def print_json(document: Any) -> None:
    """Print a JSON document on standard output."""
    write(as_json(document))


def write(text: str) -> None:
    """Print text on standard output as it is."""
    sys.stdout.write(text)


def as_json(document: Any) -> str:
    """Return the text of a JSON document."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def print_table(title: str | None, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; a column whose name begins with ``>`` is aligned to the right."""
    table = Table(header_style="bold")
    for column in columns:
        right = column.startswith(">")
        table.add_column(
            column.removeprefix(">"), justify="right" if right else "left", overflow="fold"
        )
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    out = console()
    if title is not None:
        out.print(Text(title, style="bold"), soft_wrap=True)
    out.print(table)


def note(text: str) -> None:
    """Print one line of note on standard error."""
    console(stderr=True).print(Text(text, style="dim"), soft_wrap=True)


def say(text: str) -> None:
    """Print one line on standard output."""
    console().print(Text(text), soft_wrap=True)


def plain(value: Any) -> str:
    """Return a value as a table's cell: thousands separated, lists joined, nothing as a dash."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, (list, tuple)):
        return ", ".join(plain(one) for one in value)
    return str(value)


def number(value: float | None) -> str:
    """Return a metric's value as a table's cell."""
    return "–" if value is None else f"{value:.4f}" if abs(value) < 1000 else f"{value:,.1f}"
