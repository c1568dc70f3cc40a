"""The listener of the command line: notes as lines, a bar for every stage that lasts."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.text import Text

from recsys_cli.cli import render
from recsys_cli.listener import DOWNLOAD, Listener

if TYPE_CHECKING:
    from rich.progress import Progress

#: Seconds that a stage must last before its bar is drawn.
PATIENCE = 1.0


class Screen(Listener):
    """Notes on standard error; below them the bar of the stage, when that is a terminal.

    A stage is what a label says before `` · ``; what follows may change as the stage goes on.
    """

    def __init__(self) -> None:
        self._bars = sys.stderr.isatty()
        self._bar: Progress | None = None
        self._stage = ""
        self._began = 0.0

    def note(self, text: str) -> None:
        """Print the line, above the bar."""
        if self._bar is None:
            render.note(text)
        else:
            self._bar.console.print(Text(text, style="dim"), soft_wrap=True)

    def progress(self, label: str, done: int, total: int | None) -> None:
        """Move the bar of the stage, drawing it once the stage has lasted a second."""
        if not self._bars:
            return
        stage = label.partition(" · ")[0]
        if stage != self._stage:
            self.close()
            self._stage, self._began = stage, time.monotonic()
        if self._bar is None and time.monotonic() - self._began >= PATIENCE:
            self._bar = _drawn(label, total)
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], description=label, completed=done)
        if done == total:
            self.close()

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
        self._bar, self._stage = None, ""


def _drawn(label: str, total: int | None) -> Progress:
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn() if label == DOWNLOAD else MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=render.console(stderr=True),
        transient=True,
    )
    bar.add_task(label, total=total)
    bar.start()
    return bar


@contextmanager
def screen() -> Iterator[Listener]:
    """Yield the listener; the bar is gone when the block ends, however it ends."""
    listener = Screen()
    try:
        yield listener
    finally:
        listener.close()
