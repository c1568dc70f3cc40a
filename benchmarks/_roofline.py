"""The time that nothing on this machine can beat, and what part of that speed a row reaches."""

from __future__ import annotations

from benchmarks import _probe
from recsys_cli.data import Interactions
from recsys_cli.models._sgd import group_count

#: Operations a pair and a factor: 4 at the start of a pass and in its first conjugate gradient
#: step, and 2 in the last, which needs the length alone.
_OPERATIONS = 10
#: A fraction below which the page says what holds the row.
_FEW = 0.4


def als(train: Interactions, factors: int, seconds: float) -> str:
    """Bound of an epoch: each pair's row comes to the core once for users, once for items.

    There it is multiplied with a vector thrice and added to one twice.
    """
    work = 2 * _OPERATIONS * factors * len(train)
    moved = 4 * factors * len(train)
    reads = [_probe.gathered(rows, factors) for rows in (train.n_items, train.n_users)]
    least = max(work / _probe.flops(), sum(moved / read for read in reads))
    return _said(
        f"an epoch takes {_giga(work)} flops, of {_giga(_probe.flops())} a second in matrix "
        f"products, and reads {_giga(moved)}B of random rows of items and of users each, of "
        f"{_giga(reads[0])}B and {_giga(reads[1])}B a second",
        least / seconds,
        "a number of a row is read from a cache for two operations each time, where a matrix "
        "product takes many",
    )


def sgd(train: Interactions, factors: int, rows: int, seconds: float) -> str:
    """Bound of an epoch by steps: each reads and writes ``rows`` rows of factors."""
    groups = group_count(len(train), train.n_users, train.n_items, factors)
    near = max(1, train.n_items // groups)
    speed = _probe.updated(near, factors)
    moved = 2 * 4 * factors * rows * len(train)
    return _said(
        f"an epoch reads and writes {_giga(moved)}B of rows, of {_giga(speed)}B a second for "
        f"random rows of a group of {near:,} items",
        moved / speed / seconds,
        "beside moving rows, a step adds up a product over all factors, and draws or looks up what "
        "it is about",
    )


def product(users: int, items: int, factors: int, seconds: float) -> str:
    """Bound of all scores: the flops of the matrix product."""
    work, speed = 2 * users * items * factors, _probe.flops()
    return _said(
        f"all scores take {_giga(work)} flops, of {_giga(speed)} a second in large matrix products",
        work / speed / seconds,
        "with few factors every score costs little beside finding the best of them, and a product "
        "with few factors is slower than a large one",
    )


def _said(work: str, fraction: float, held: str) -> str:
    return f"{work}: {fraction:.0%} reached" + (f"; {held}" if fraction < _FEW else "")


def _giga(number: float) -> str:
    return f"{number / 1e9:,.3g} G"
