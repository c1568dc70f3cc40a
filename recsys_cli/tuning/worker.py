"""A process that trains trials: ``python -m recsys_cli.tuning.worker``, lines of JSON in and out.

The first line says where runs go, the command line that they record and how many threads to use;
each that follows is a task. The answer to a task is notes, then the trial or the error that it
ended by. The process ends with its input, and so with whoever started it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from recsys_cli import interruption
from recsys_cli.errors import RecsysError
from recsys_cli.listener import SILENT, Listener
from recsys_cli.memory import within
from recsys_cli.runs import Store
from recsys_cli.threads import use
from recsys_cli.tuning._bench import Bench, Task

Tell = Callable[[dict[str, Any]], None]
#: Seconds to leave in: fewer than the search has, which waits for its workers.
_GRACE = 0.6


def main() -> None:
    """Train what standard input asks for until it ends."""
    # What a library prints must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def tell(document: dict[str, Any]) -> None:
        answers.write(json.dumps(document, allow_nan=False) + "\n")
        answers.flush()

    interruption.guard(_GRACE)
    lines: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=_read, args=(lines,), daemon=True).start()
    try:
        first = json.loads(lines.get())
        bench = Bench(Store(Path(first["runs"])), first["argv"])
        with use(first["threads"]), within(first["memory"], "a worker's share"):
            while True:
                tell(answer(bench, Task.from_document(json.loads(lines.get())), tell))
    except RecsysError as error:
        tell({"error": _document(error)})
    except (KeyboardInterrupt, BrokenPipeError):
        return


def _read(lines: SimpleQueue[str]) -> None:
    """Pass lines on; when they end, nobody waits for an answer, so a trial in hand ends too."""
    for line in sys.stdin:
        lines.put(line)
    if interruption.received() is None:
        os.kill(os.getpid(), signal.SIGTERM)


def answer(bench: Bench, task: Task, tell: Tell) -> dict[str, Any]:
    """Return the answer to a task; tell what is noted of the data meanwhile."""
    try:
        trial = bench.train(task, _Notes(tell), SILENT)
    except RecsysError as error:
        return {"error": _document(error)}
    failure = bench.failures.get(task.number)
    return {"trial": asdict(trial), "failure": failure and _document(failure)}


def _document(error: RecsysError) -> dict[str, Any]:
    told = {name: getattr(error, name) for name in ("message", "where", "hint", "run")}
    return {"type": type(error).__name__, **told}


class _Notes(Listener):
    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    def note(self, text: str) -> None:
        self._tell({"note": text})


if __name__ == "__main__":
    main()
