"""Seeded cases: few of them in CI, all of them by ``make torture``; a failure names its seed.

Environment
-----------
RECSYS_TORTURE
    ``full`` runs the full count of every recipe; else the quick one.
RECSYS_TORTURE_SEED
    Runs this one case of each test: what replays a failure.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

FULL = os.environ.get("RECSYS_TORTURE") == "full"
ONE = os.environ.get("RECSYS_TORTURE_SEED")


def seeds(*, quick: int, full: int, chunk: int = 1) -> pytest.MarkDecorator:
    """Parametrise a test by ``seeds``, a range of ``chunk`` seeds to go through.

    Seeds count from 0, so the quick cases are the first of the full ones.

    Parameters
    ----------
    quick, full : int
        Cases in CI and by ``make torture``.
    chunk : int
        Cases of one test: many where a case takes milliseconds.
    """
    count = full if FULL else quick
    spans = [range(at, min(at + chunk, count)) for at in range(0, count, chunk)]
    if ONE is not None:
        spans = [range(int(ONE), int(ONE) + 1)]
    return pytest.mark.parametrize("seeds", spans, ids=[f"seed{span.start}" for span in spans])


def spread(cases: int, *, quick: int) -> list[int]:
    """Return which of a known number of cases to go through: in CI a few from end to end.

    Like the seeds of :func:`seeds`, they are numbers that replay a failure.
    """
    if ONE is not None:
        return [int(ONE)]
    if FULL or cases <= quick:
        return list(range(cases))
    return [cases * one // quick for one in range(quick)]


def each(request: pytest.FixtureRequest, seeds: Sequence[int]) -> Iterator[Any]:
    """Yield ``(seed, guard)``; what fails in a ``with guard:`` tells how to run it again.

    The number of cases gone through is what the summary of ``make torture`` adds up.
    """
    for seed in seeds:
        yield seed, _guard(request, seed)
    request.node.user_properties.append(("cases", len(seeds)))


@contextmanager
def _guard(request: pytest.FixtureRequest, seed: int) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        test = request.node.nodeid.split("[")[0]
        error.add_note(f"replay: RECSYS_TORTURE_SEED={seed} pytest {test}")
        raise


def count(request: pytest.FixtureRequest, cases: int) -> None:
    """Say how many cases a test without seeds went through, for the summary."""
    request.node.user_properties.append(("cases", cases))
