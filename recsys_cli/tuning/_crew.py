"""Workers: processes that each train trials of a search, told and asked in lines of JSON."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from queue import SimpleQueue
from types import TracebackType
from typing import Any

from recsys_cli import errors, memory, threads
from recsys_cli.errors import OutOfResources, RecsysError
from recsys_cli.listener import Listener
from recsys_cli.runs import Store
from recsys_cli.tuning._bench import Task
from recsys_cli.tuning._trials import Trial

#: -P: a module in the folder where the user happens to be must not stand in for one of ours.
_COMMAND = [sys.executable, "-P", "-m", "recsys_cli.tuning.worker"]
#: Seconds that a worker has to mark its run as interrupted.
_PATIENCE = 10.0


class Crew:
    """So many processes, each with its own copy of the data and its share of the threads.

    They are processes of their own, since a kernel must not be called from two threads at once,
    and started afresh, since a fork after a kernel kills the child.

    Attributes
    ----------
    failures : dict of int to RecsysError
        What trials failed by, by number.
    """

    def __init__(self, workers: int, store: Store, argv: list[str], listener: Listener) -> None:
        needed = {"libraries": memory.libraries() * workers}
        memory.require(needed, f"{workers} workers", "take fewer --workers, or raise the limit")
        share = max(1, threads.count() // workers)
        first = {"runs": str(store.root), "argv": argv, "threads": share}
        first["memory"] = str(memory.limit().bytes // workers)
        self.failures: dict[int, RecsysError] = {}
        self._workers = [_Worker(first, listener if n == 0 else Listener()) for n in range(workers)]
        self._free: SimpleQueue[_Worker] = SimpleQueue()
        for worker in self._workers:
            self._free.put(worker)

    def train(self, tasks: Iterable[Task]) -> Iterator[Trial]:
        """Yield what comes of tasks, in the order in which they end; each is drawn when it begins.

        Raises
        ------
        RecsysError
            What stops one of them stops all.
        """
        waiting, running = iter(tasks), set[Future[Trial]]()
        with ThreadPoolExecutor(len(self._workers)) as callers:
            try:
                while True:
                    while len(running) < len(self._workers) and (task := next(waiting, None)):
                        running.add(callers.submit(self._ask, task))
                    if not running:
                        return
                    ended, running = wait(running, return_when=FIRST_COMPLETED)
                    yield from [one.result() for one in ended]
            except BaseException:
                # Else the callers, whom the block waits for, would wait for their answers.
                for worker in self._workers:
                    worker.interrupt()
                raise

    def _ask(self, task: Task) -> Trial:
        worker = self._free.get()
        answer = worker.ask(task.document())
        self._free.put(worker)
        if failure := answer["failure"]:
            self.failures[task.number] = _error(failure)
        return Trial(**answer["trial"])

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in self._workers:
            worker.end()


class _Worker:
    def __init__(self, first: dict[str, Any], listener: Listener) -> None:
        self._listener = listener
        # In a process group of its own: Ctrl-C is for the search, which then stops its workers.
        self._process = subprocess.Popen(
            _COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            process_group=0,
        )
        self._send(first)

    def ask(self, document: dict[str, Any]) -> dict[str, Any]:
        self._send(document)
        assert self._process.stdout is not None
        for line in self._process.stdout:
            answer: dict[str, Any] = json.loads(line)
            if "note" in answer:
                self._listener.note(answer["note"])
            elif "error" in answer:
                raise _error(answer["error"])
            else:
                return answer
        raise self._gone()

    def _send(self, document: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # reading tells that it is gone
            self._process.stdin.write(json.dumps(document, allow_nan=False) + "\n")
            self._process.stdin.flush()

    def _gone(self) -> RecsysError:
        code = self._process.wait()
        if code == -signal.SIGKILL:
            return OutOfResources(
                "a worker was killed, as the system does when memory runs out",
                hint="take fewer --workers: each holds the data; --resume goes on from here",
            )
        return RecsysError(
            f"a worker ended with status {code}", hint="recsys runs names its run, and log.txt why"
        )

    def interrupt(self) -> None:
        """Let it leave the trial in hand as an interrupted run."""
        self._process.terminate()

    def end(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


def _error(document: dict[str, Any]) -> RecsysError:
    """Return the error that a worker told of; the class of a plugin's own is not known here."""
    kind = getattr(errors, document["type"], RecsysError)
    error: RecsysError = kind.__new__(kind)
    RecsysError.__init__(error, document["message"], where=document["where"], hint=document["hint"])
    error.run = document["run"]
    return error
