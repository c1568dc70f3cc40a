"""What everything is printed with: tables and JSON on standard output, notes on standard error."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any

from recsys_cli.errors import OutOfResources, need
from recsys_cli.visible import unseen, visible

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
    with full_disk():
        sys.stdout.write(text)


@contextmanager
def full_disk() -> Iterator[None]:
    """Turn an OSError of standard output into OutOfResources, unless its pipe is closed."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = f"cannot write: {error.strerror or error}"
        raise OutOfResources(reason, where="standard output", hint=need(error)) from error


def as_json(document: Any) -> str:
    """Return the text of a JSON document."""
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    # Still the same text to whatever reads JSON, and no command to a terminal.
    return text.translate({ord(sign): _escaped(sign) for sign in unseen(text) if sign != "\n"})


def _escaped(sign: str) -> str:
    halves = sign.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{halves[at : at + 4]}" for at in range(0, len(halves), 4))


def print_table(title: str | None, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; a column whose name begins with ``>`` is aligned to the right."""
    from recsys_cli.cli._table import ASCII, table

    file = sys.stdout
    # Off a terminal nothing is folded.
    width = shutil.get_terminal_size().columns if file.isatty() else None
    text = table(columns, rows, width, _style(file, _BOLD))
    if not (file.encoding or "utf-8").lower().startswith("utf"):
        text = text.translate(ASCII)
    write(text if title is None else _style(file, _BOLD).format(visible(title)) + "\n" + text)


def note(text: str) -> None:
    """Print one line of note on standard error; where that is closed or full, nothing stops."""
    try:
        sys.stderr.write(_style(sys.stderr, _DIM).format(visible(text)) + "\n")
    except OSError:
        silence(sys.stderr)


def silence(file: IO[str]) -> None:
    """Drop what is written from now on, and what is left over: it would raise again at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, file.fileno())
    os.close(nowhere)


def say(text: str) -> None:
    """Print one line on standard output."""
    write(f"{visible(text)}\n")


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
