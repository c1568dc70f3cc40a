"""The epochs of a model of ``implicit``, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from queue import SimpleQueue
from typing import Any

from recsys_cli.errors import Diverged
from recsys_cli.models._implicit import library


class _Stop(Exception):
    """Leaves the library's training from within its callback."""


def epochs(model: Any, matrix: Any) -> Iterator[None]:
    """Train a model of implicit, yielding after each epoch, when it holds the factors so far.

    The library calls back after an epoch and goes on by itself, so it trains on a thread of its
    own, which waits in the callback while the caller has its turn: the two never run at once.
    Closing the generator ends training where it stands, an interrupt with the epoch under way; the
    thread is gone before either leaves. What the library raises is raised here.

    Raises
    ------
    Diverged
        If the library gives up.
    """
    reached: SimpleQueue[bool] = SimpleQueue()
    go_on: SimpleQueue[bool] = SimpleQueue()

    def wait(*_: Any) -> None:
        reached.put(True)
        if not go_on.get():
            raise _Stop

    with ThreadPoolExecutor(1) as executor:
        try:
            fit = partial(model.fit, matrix, show_progress=False, callback=wait)
            training = executor.submit(copy_context().run, fit)
            training.add_done_callback(lambda _: reached.put(False))
            while reached.get():
                yield
                go_on.put(True)
        finally:
            go_on.put(False)
    try:
        training.result()
    except ValueError as failure:
        raise Diverged(f"implicit gave up: {failure}") from failure
    except library("recommender_base").ModelFitError:
        pass  # NaN after the last epoch, which the guard finds too, and knows where
