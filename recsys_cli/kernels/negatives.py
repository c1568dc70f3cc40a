"""Items that a user did not take, drawn by random numbers that count: each block has a stream."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

#: Draws a wanted negative, after which there is none.
_TRIES = 8


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def mix(x: np.uint64) -> np.uint64:
    """Hash a counter (the finaliser of SplitMix64: Steele, Lea and Flood, OOPSLA 2014)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: np.uint64 = x ^ (x >> np.uint64(31))
    return mixed


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _draw(key: np.uint64, counter: int) -> np.uint64:
    """Return 32 random bits, the ``counter``-th of the stream ``key``."""
    mixed: np.uint64 = mix(key + np.uint64(counter) * np.uint64(0x9E3779B97F4A7C15))
    return mixed >> np.uint64(32)


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _below(bits: np.uint64, n: int) -> int:
    """Return 32 random bits as a number of 0 … n - 1."""
    return int((bits * np.uint64(n)) >> np.uint64(32))


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _member(bits: np.uint64, low: int, high: int, mass: NDArray[np.float64]) -> int:
    """Return a number of ``low`` to ``high - 1``: evenly if ``mass`` is empty, else by its weight.

    ``mass[m]`` is the sum of the weights of the members before ``m``.
    """
    if len(mass) == 0:
        evenly: int = low + _below(bits, high - low)
        return evenly
    target = mass[low] + (mass[high] - mass[low]) * (np.float64(bits) / 4294967296.0)
    high -= 1
    while low < high:
        middle = (low + high + 1) >> 1
        if mass[middle] <= target:
            low = middle
        else:
            high = middle - 1
    return low


@njit(cache=True, nogil=True, error_model="numpy")
def draw_negatives(
    first: int,
    last: int,
    users: NDArray[np.int32],
    items: NDArray[np.int32],
    place: NDArray[np.int32],
    stream: np.uint64,
    low: int,
    high: int,
    members: NDArray[np.int32],
    mass: NDArray[np.float64],
    drawn: NDArray[np.int32],
) -> None:
    """Fill each row of ``drawn`` with items that the user of an interaction did not take.

    Where 8 draws an item find none, -1 stands in the places left at the end of the row.
    """
    taken, candidates = np.zeros(high - low, np.bool_), drawn.shape[1]
    tries, begin = _TRIES * candidates, first
    while begin < last:
        end = begin
        while end < last and users[end] == users[begin]:
            taken[place[items[end]]] = True
            end += 1
        for n in range(begin - first, end - first):
            found = 0
            for t in range(n * tries, (n + 1) * tries):
                m = _member(_draw(stream, t), low, high, mass)
                if not taken[m - low]:
                    drawn[n, found] = members[m]
                    found += 1
                    if found == candidates:
                        break
            drawn[n, found:] = -1
        for n in range(begin, end):
            taken[place[items[n]]] = False
        begin = end
