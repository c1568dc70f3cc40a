"""Our threads, and BLAS held to one while they run."""

from __future__ import annotations

import threading
import time
import weakref

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from recsys_cli import threads
from recsys_cli.models import MODELS
from recsys_cli.seeding import generator


def of_blas() -> set[int]:
    """Return how many threads a call of each BLAS that is loaded would use."""
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


@pytest.fixture
def several():
    """BLAS with more threads than one, as on any machine of several cores.

    SciPy's own is loaded first: one that a library brings along later knows of no limit.
    """
    import scipy.linalg  # noqa: F401

    with threadpool_limits(limits=2, user_api="blas"):
        assert of_blas() == {2}
        yield


@pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt])
def test_blas_is_held_to_one_thread_and_gets_its_own_back(several, error):
    def work() -> None:
        with threads.single_blas():
            assert of_blas() == {1}
            with threads.single_blas():
                pass
            assert of_blas() == {1}
            if error is not None:
                raise error

    if error is None:
        work()
    else:
        with pytest.raises(error):
            work()
    assert of_blas() == {2}


@pytest.mark.parametrize("name", ["als", "bpr", "ease", "mf"])
def test_a_fit_holds_blas_and_gives_it_back_also_when_it_is_stopped(several, ratings, name):
    held = []

    def on_epoch(model, epoch, loss) -> bool:
        held.append(of_blas())
        raise KeyboardInterrupt

    try:
        MODELS.get(name)().fit(ratings, rng=generator(1, "model"), on_epoch=on_epoch)
    except KeyboardInterrupt:
        assert held == [{1}]
    assert of_blas() == {2}


def test_the_count_is_of_the_innermost_block_and_goes_with_it():
    before = threads.count()
    with threads.use(3):
        with pytest.raises(ValueError), threads.use(5):
            assert threads.count() == 5
            raise ValueError
        assert threads.count() == 3
        with threads.use(None):
            assert threads.count() == threads.available()
    assert threads.count() == before == threads.available()


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_results_come_in_the_order_of_blocks_whatever_the_count(count):
    with threads.use(count):
        spans = threads.map_blocks(lambda start, stop: (start, stop), 10, 4)
    assert spans == [(0, 4), (4, 8), (8, 10)]


def test_what_a_block_raises_comes_out():
    def work(start: int, stop: int) -> None:
        np.zeros(1)[stop]

    with threads.use(2), pytest.raises(IndexError):
        threads.map_blocks(work, 10, 1)


def test_what_inner_blocks_read_is_let_go_when_they_are_done():
    """A thread that is busy elsewhere never takes what waits for it, and holds nothing by it."""
    left: list[weakref.ref] = []
    alive: list[int] = []

    def outer(start: int, stop: int) -> None:
        inner(np.zeros(10))
        alive.append(sum(one() is not None for one in left))

    def inner(read: np.ndarray) -> None:
        left.append(weakref.ref(read))
        threads.map_blocks(lambda low, high: read[low:high].sum(), 10, 3)

    with threads.use(2):
        threads.map_blocks(outer, 20, 1)
    assert max(alive) <= 2


@pytest.mark.parametrize("count", [1, 2, 8])
def test_a_block_may_run_blocks_of_its_own(count):
    def outer(start: int, stop: int) -> int:
        return sum(threads.map_blocks(lambda low, high: high - low, 10 * stop, 3))

    with threads.use(count):
        assert threads.map_blocks(outer, 20, 1) == [10 * stop for stop in range(1, 21)]


@pytest.mark.parametrize("caller_fails", [True, False])
def test_after_an_error_no_block_begins(caller_fails):
    begun, both = [], threading.Barrier(2)

    def work(start: int, stop: int) -> None:
        begun.append(start)
        if len(begun) <= 2:
            both.wait(10)
        if (threading.current_thread() is threading.main_thread()) is caller_fails:
            raise ValueError
        time.sleep(0.01)

    with threads.use(2), pytest.raises(ValueError):
        threads.map_blocks(work, 200, 1)
    assert len(begun) < 20
