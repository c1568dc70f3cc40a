"""Our threads: fixed blocks over a pool, BLAS one thread a call; results never depend on the count.

Kernels are compiled ``nogil`` and take a range of rows; the pool runs the ranges. Where a result
depends on the blocks, they depend on the data alone, never on the number of threads, and results
come back in block order.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from functools import cache
from typing import TypeVar

T = TypeVar("T")
_setting: list[int] = []


def available() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def count() -> int:
    """Return the number of threads in use: the one set last, else all available cores."""
    return _setting[-1] if _setting else available()


@contextmanager
def use(threads: int | None) -> Iterator[None]:
    """Use this many threads (None: all available cores) within the block."""
    _setting.append(threads or available())
    try:
        yield
    finally:
        _setting.pop()


@contextmanager
def single_blas() -> Iterator[None]:
    """Hold BLAS to one thread a call within the block; what was set before comes back after it."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        yield


def map_blocks(work: Callable[[int, int], T], n: int, block: int) -> list[T]:
    """Run ``work(start, stop)`` over ``range(n)`` in blocks; return the results in block order.

    The calling thread works too, so a block may call this in turn. The first error ends it. What
    the caller set for its context, as ``numpy.errstate`` does, holds in every block.

    Parameters
    ----------
    work : callable
        Called from several threads at once; must release the GIL where it computes.
    n, block : int
        Length of the range, and of each block but the last.
    """
    spans = [(start, min(start + block, n)) for start in range(0, n, block)]
    found: dict[int, T] = {}
    waiting = iter(enumerate(spans))  # a step of it is one for all threads: it happens in C

    def take() -> None:
        try:
            for at, span in waiting:
                found[at] = work(*span)
        finally:
            for _ in waiting:  # after an error, nobody begins another block
                pass

    # What is cancelled stays in the executor's queue until one of its threads is free, and would
    # hold all that the work reads and found: it is handed over in a list, emptied at the end.
    job = [take]
    others: list[Future[None]] = []
    try:
        for _ in range(min(count(), len(spans)) - 1):
            others.append(_executor(count()).submit(copy_context().run, _do, job))
        take()
    finally:
        for _ in waiting:  # an interrupt may have come before any began
            pass
        # What has not begun is not needed: its thread is busy with what called this.
        errors = [other.exception() for other in others if not other.cancel()]
        job.clear()
    for error in errors:
        if error is not None:
            raise error
    return [found[at] for at in range(len(spans))]


def _do(job: list[Callable[[], None]]) -> None:
    for take in job[:]:
        take()


@cache
def _executor(threads: int) -> ThreadPoolExecutor:
    """Return the threads beside the calling one, which live as long as the process."""
    return ThreadPoolExecutor(threads - 1, thread_name_prefix="recsys")
