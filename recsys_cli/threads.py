"""Our threads: fixed blocks over a pool, BLAS one thread a call; results never depend on the count.

Kernels are compiled ``nogil`` and take a range of rows; the pool runs the ranges. The blocks depend
on the data alone, never on the number of threads, and results come back in block order.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

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

    Parameters
    ----------
    work : callable
        Called from several threads at once; must release the GIL where it computes.
    n, block : int
        Length of the range, and of each block but the last.
    """
    with pool() as run:
        return run(work, n, block)


@contextmanager
def pool() -> Iterator[Callable[[Callable[[int, int], Any], int, int], list[Any]]]:
    """Yield :func:`map_blocks` on threads that live as long as the block, for many short calls."""
    with ThreadPoolExecutor(count()) as executor:

        def run(work: Callable[[int, int], T], n: int, block: int) -> list[T]:
            spans = [(start, min(start + block, n)) for start in range(0, n, block)]
            if count() == 1 or len(spans) < 2:
                return [work(start, stop) for start, stop in spans]
            return list(executor.map(lambda span: work(*span), spans))

        yield run
