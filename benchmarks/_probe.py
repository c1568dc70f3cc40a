"""What this machine can do at most, measured: the speeds that rows of a table are held against."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numba import njit

from benchmarks._data import SEED
from recsys_cli import threads
from recsys_cli.models._padded import padded
from recsys_cli.seeding import generator

_SIDE, _TURNS = 2048, 5
_READS = 200_000


def flops() -> float:
    """Return float32 operations a second of matrix products, a block a thread."""
    return _flops(threads.count())


def gathered(rows: int, factors: int) -> float:
    """Return bytes a second that threads read of random rows of one matrix, adding them up."""
    return _gathered(rows, factors, threads.count())


def updated(rows: int, factors: int) -> float:
    """Return bytes a second that threads read and write of random rows, each of its own matrix."""
    return _updated(rows, factors, threads.count())


@cache
def _flops(n: int) -> float:
    a, b = (np.ones((_SIDE, _SIDE), np.float32) for _ in range(2))

    def product(_: int, __: int) -> None:
        a @ b

    with threads.single_blas():
        return 2.0 * _SIDE**3 * n / _shortest(product)


@cache
def _gathered(rows: int, factors: int, n: int) -> float:
    matrix, at = padded(np.ones((rows, factors), np.float32)), _random(rows)
    return matrix[0].nbytes * _READS * n / _shortest(lambda _, __: _sum_rows(matrix, at))


@cache
def _updated(rows: int, factors: int, n: int) -> float:
    at, ones = _random(rows), np.ones((rows, factors), np.float32)
    matrices = [padded(ones) for _ in range(n)]
    bytes_ = 2 * matrices[0][0].nbytes * _READS * n
    return bytes_ / _shortest(lambda start, _: _scale_rows(matrices[start], at))


def _random(rows: int) -> Any:
    return generator(SEED, "probe").integers(rows, size=_READS)


def _shortest(work: Callable[[int, int], Any]) -> float:
    """Return the least seconds in which every thread has done the work once."""
    seconds = []
    for _ in range(_TURNS + 1):
        start = time.perf_counter()
        threads.map_blocks(work, threads.count(), 1)
        seconds.append(time.perf_counter() - start)
    return min(seconds[1:])


@njit(nogil=True, fastmath=True, error_model="numpy")
def _sum_rows(matrix: Any, at: Any) -> Any:
    total = np.zeros(matrix.shape[1], np.float32)
    for row in at:
        for f in range(len(total)):
            total[f] += matrix[row, f]
    return total


@njit(nogil=True, fastmath=True, error_model="numpy")
def _scale_rows(matrix: Any, at: Any) -> None:
    for row in at:
        for f in range(matrix.shape[1]):
            matrix[row, f] *= np.float32(0.999)
