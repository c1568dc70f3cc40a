"""The listener of the command line: notes as lines, a bar for every stage that lasts."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from recsys_cli import compilation
from recsys_cli.cli import render
from recsys_cli.listener import DOWNLOAD, Listener
from recsys_cli.visible import visible

if TYPE_CHECKING:
    from rich.progress import Progress

#: Seconds that a stage must last before its bar is drawn.
PATIENCE = 1.0
#: Times a second that it is drawn anew: each takes some milliseconds of the work.
_DRAWN = 4
#: Seconds over which its speed is a mean: the time left is known of epochs that last minutes.
_MEMORY = 3600


class Screen(Listener):
    """Notes on standard error; below them the bar of the stage, when that is a terminal.

    A stage is what a label says before `` · ``; what follows may change as the stage goes on.
    """

    def __init__(self) -> None:
        self._bars = sys.stderr.isatty()
        self._bar: Progress | None = None
        self._stage = ""
        self._compiles = False
        self._timer: threading.Timer | None = None
        self._lock = threading.RLock()
        #: What the bar shows when it appears: label, done and total.
        self._seen: tuple[str, int, int | None] = ("", 0, None)

    def compiling(self, file: str, function: str) -> None:
        """Note, once, that kernels are compiled: it takes seconds in which nothing moves."""
        if not self._compiles:
            self._compiles = True
            self.note("Compiling kernels for their first use, some seconds each …")

    def note(self, text: str) -> None:
        """Print the line, above the bar."""
        if self._bar is None:
            render.note(text)
        else:
            self._bar.console.print(
                visible(text), style="dim", markup=False, emoji=False, soft_wrap=True
            )

    def progress(self, label: str, done: int, total: int | None) -> None:
        """Move the bar of the stage, which appears once the stage has lasted a second."""
        if not self._bars:
            return
        stage = label.partition(" · ")[0]
        with self._lock:
            if stage != self._stage:
                self.close()
                self._begin(stage)
            self._seen = (label, done, total)
            if self._bar is not None:
                self._bar.update(self._bar.task_ids[0], description=label, completed=done)
            if done == total:
                self.close()

    def _begin(self, stage: str) -> None:
        """Wait for the stage to last; it may say nothing before it ends."""
        self._stage = stage
        self._timer = threading.Timer(PATIENCE, self._draw, (stage,))
        self._timer.daemon = True
        self._timer.start()

    def _draw(self, stage: str) -> None:
        with self._lock:
            if stage == self._stage and self._bar is None:
                self._bar = _drawn(*self._seen)

    def close(self) -> None:
        """Take the bar away."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            if self._bar is not None:
                self._bar.stop()
            self._bar, self._timer, self._stage = None, None, ""


def _drawn(label: str, done: int, total: int | None) -> Progress:
    from rich.console import Console
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
        console=Console(stderr=True, highlight=False),
        transient=True,
        refresh_per_second=_DRAWN,
        speed_estimate_period=_MEMORY,
    )
    bar.add_task(label, total=total, completed=done)
    bar.start()
    return bar


@contextmanager
def screen() -> Iterator[Listener]:
    """Yield the listener; the bar is gone when the block ends, however it ends."""
    listener = Screen()
    try:
        with compilation.heard(listener.compiling):
            yield listener
    finally:
        listener.close()
