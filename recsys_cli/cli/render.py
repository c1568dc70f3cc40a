"""All that is drawn: tables and JSON on standard output, notes and progress on standard error."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from recsys_cli.listener import Listener

#: Off a terminal nothing is wrapped or cut: a width no table reaches.
_UNBOUNDED = 100_000
#: Seconds that a stage must last before a bar is drawn.
_PATIENCE = 1.0


def console(stderr: bool = False) -> Console:
    """Return the console of standard output, or of standard error."""
    file = sys.stderr if stderr else sys.stdout
    return Console(file=file, width=None if file.isatty() else _UNBOUNDED, highlight=False)


def print_json(document: Any) -> None:
    """Print a JSON document on standard output."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def print_table(title: str | None, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; a column whose name begins with ``>`` is aligned to the right."""
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for column in columns:
        right = column.startswith(">")
        table.add_column(
            column.removeprefix(">"), justify="right" if right else "left", overflow="fold"
        )
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console().print(table)


def note(text: str) -> None:
    """Print one line of note on standard error."""
    console(stderr=True).print(Text(text, style="dim"), soft_wrap=True)


def say(text: str) -> None:
    """Print one line on standard output."""
    console().print(Text(text), soft_wrap=True)


class Screen(Listener):
    """Notes as dim lines; a bar for every stage that lasts, when standard error is a terminal."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._task: Any = None
        self._stage = ""
        self._began = 0.0

    def note(self, text: str) -> None:
        """Print the line above the bar."""
        if self._progress is None:
            note(text)
        else:
            self._progress.console.print(Text(text, style="dim"), soft_wrap=True)

    def progress(self, label: str, done: int, total: int | None) -> None:
        """Move the bar of the stage, drawing it once the stage has lasted a second."""
        if self._progress is None:
            return
        stage = label.partition(" · ")[0]
        if stage != self._stage:
            self._close()
            self._stage, self._began = stage, time.monotonic()
        if self._task is None and time.monotonic() - self._began > _PATIENCE:
            self._task = self._progress.add_task(label, total=total)
        if self._task is not None:
            self._progress.update(self._task, description=label, completed=done, total=total)
        if done == total:
            self._close()

    def _close(self) -> None:
        if self._task is not None and self._progress is not None:
            self._progress.remove_task(self._task)
        self._task, self._stage = None, ""


@contextmanager
def screen() -> Iterator[Listener]:
    """Yield the listener that draws notes and bars on standard error."""
    if not sys.stderr.isatty():
        yield Screen(None)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, TimeRemainingColumn(), console=console(True), transient=True
    ) as progress:
        yield Screen(progress)


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
