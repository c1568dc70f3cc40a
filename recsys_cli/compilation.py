"""Who wants to know that kernels are being compiled, which a first use waits for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Called with the kernel file and the function, each time that one is compiled and not cached.
Hear = Callable[[str, str], None]
_heard: list[Hear] = []


@contextmanager
def heard(hear: Hear) -> Iterator[None]:
    """Call ``hear`` for every kernel that is compiled within the block, by whatever thread."""
    _heard.append(hear)
    try:
        yield
    finally:
        _heard.remove(hear)


def tell(file: str, function: str) -> None:
    """Tell all who listen that a kernel is being compiled."""
    for hear in tuple(_heard):
        hear(file, function)
