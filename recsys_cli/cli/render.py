"""What everything is printed with: tables and JSON on standard output, notes on standard error."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence
from typing import IO, Any

_BOLD, _DIM = "\x1b[1m{}\x1b[0m", "\x1b[2m{}\x1b[0m"


def _style(file: IO[str], style: str) -> str:
    """Return how text is written in a style, on a terminal that shows it."""
    plain = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    return "{}" if plain or not file.isatty() else style


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
    from recsys_cli.cli._table import ASCII, table

    file = sys.stdout
    # Off a terminal nothing is folded.
    width = shutil.get_terminal_size().columns if file.isatty() else None
    text = table(columns, rows, width, _style(file, _BOLD))
    if not (file.encoding or "utf-8").lower().startswith("utf"):
        text = text.translate(ASCII)
    file.write(text if title is None else _style(file, _BOLD).format(title) + "\n" + text)


def note(text: str) -> None:
    """Print one line of note on standard error."""
    sys.stderr.write(_style(sys.stderr, _DIM).format(text) + "\n")


def say(text: str) -> None:
    """Print one line on standard output."""
    sys.stdout.write(f"{text}\n")


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
