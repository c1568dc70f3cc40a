"""The library ``implicit`` trained epoch by epoch: stopped, watched, interrupted, failing."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import closing

import numpy as np
import pytest

from recsys_cli.data import Split
from recsys_cli.errors import Diverged
from recsys_cli.listener import Listener
from recsys_cli.models import MODELS
from recsys_cli.models._implicit_epochs import epochs
from recsys_cli.training import fit
from tests.test_training import Fold, spec, whole

each = pytest.mark.parametrize("name", ["implicit-als", "implicit-bpr", "implicit-lmf"])


class Library:
    """Trains as implicit does, its callback after each epoch; the ``work`` of an epoch is given."""

    def __init__(self, work, iterations=4):
        self.work, self.iterations, self.done = work, iterations, 0

    def fit(self, matrix, show_progress, callback):
        assert not show_progress
        for epoch in range(self.iterations):
            self.work(epoch)
            self.done += 1
            callback(epoch, 0.1)


class Progress(Listener):
    def __init__(self):
        self.seen = []

    def progress(self, label, done, total):
        self.seen.append((done, total))


def train(name, ratings, on_epoch=None, **parameters):
    model = MODELS.get(name)(factors=5, **parameters)
    return model.fit(ratings, rng=np.random.default_rng(3), on_epoch=on_epoch)


def same(a, b):
    return all(np.array_equal(array, b[key]) for key, array in a.items())


@each
def test_stopped_after_an_epoch_it_is_the_fit_of_so_many(name, ratings):
    pytest.importorskip("implicit", reason="pip install implicit brings it")
    seen = []

    def stop(model, epoch, _loss):
        seen.append({key: array.copy() for key, array in model.arrays().items()})
        return epoch == 3

    stopped = train(name, ratings, stop, epochs=10)
    short = train(name, ratings, epochs=3)
    assert len(seen) == 3 and not same(seen[1], seen[2])
    assert same(seen[2], stopped.arrays())
    assert same(short.arrays(), stopped.arrays())


@each
def test_the_best_epoch_is_kept_and_each_is_reported(name, ratings):
    pytest.importorskip("implicit", reason="pip install implicit brings it")
    part = np.arange(len(ratings)) % 5
    split = Split(ratings.take(part > 1), ratings.take(part == 1), ratings.take(part == 0), None)
    model = {"name": name, "factors": 16, "epochs": 40}
    lines, listener = [], Progress()
    asked = spec(model, monitor="ndcg@5", patience=2)
    found = fit(asked, whole(split.train), split, Fold(lines), listener)
    assert found.best.epoch == len(lines) - 2 < 38
    told = [epoch for epoch, total in listener.seen if total == 40]
    assert told[:2] == [0, 1] and told == sorted(set(told)) and told[-1] <= len(lines)
    values = [line["ndcg@5"] for line in lines]
    assert found.best.value == max(values) and values.index(max(values)) == found.best.epoch - 1
    short = spec(model | {"epochs": found.best.epoch})
    again = fit(short, whole(split.train), split, Fold(lines), listener).model
    assert same(again.arrays(), found.model.arrays())


@each
def test_an_error_between_epochs_comes_out_and_ends_the_training(name, ratings):
    pytest.importorskip("implicit", reason="pip install implicit brings it")
    train(name, ratings, epochs=1)  # starts what threads the library itself keeps
    before = threading.enumerate()

    def fail(_model, epoch, _loss):
        if epoch == 2:
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        train(name, ratings, fail, epochs=5)
    assert threading.enumerate() == before


@pytest.mark.parametrize("name", ["implicit-bpr", "implicit-lmf"])
def test_divergence_names_its_epoch(name, ratings):
    pytest.importorskip("implicit", reason="pip install implicit brings it")
    with pytest.raises(Diverged, match=f"{name} diverged in epoch 1: [a-z_]+ holds") as raised:
        train(name, ratings, epochs=5, lr=1e38)
    assert "lower model.lr" in raised.value.hint


def test_library_and_caller_take_turns():
    turns = []

    def work(epoch):
        time.sleep(0.01)
        turns.append(("library", epoch))

    for epoch, _ in enumerate(epochs(Library(work), None)):
        time.sleep(0.01)
        turns.append(("caller", epoch))
    assert turns == [(who, epoch) for epoch in range(4) for who in ("library", "caller")]


def test_a_closed_generator_trains_no_further_and_leaves_no_thread():
    before, library = threading.enumerate(), Library(lambda _epoch: None)
    with closing(epochs(library, None)) as found:
        next(found)
        next(found)
        assert len(threading.enumerate()) == len(before) + 1
    assert library.done == 2
    assert threading.enumerate() == before


def test_what_the_library_raises_is_raised_where_the_epoch_was_awaited():
    before = threading.enumerate()

    def work(epoch):
        if epoch == 2:
            raise ZeroDivisionError("in the library")

    found = epochs(Library(work), None)
    next(found)
    next(found)
    with pytest.raises(ZeroDivisionError, match="in the library"):
        next(found)
    assert threading.enumerate() == before


def test_an_interrupt_ends_training_with_the_epoch_under_way():
    before, main = threading.enumerate(), threading.main_thread().ident
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)

    def work(epoch):
        if epoch == 1:
            signal.pthread_kill(main, signal.SIGINT)

    library = Library(work)
    try:
        found = epochs(library, None)
        next(found)
        with pytest.raises(KeyboardInterrupt):
            next(found)
    finally:
        signal.signal(signal.SIGINT, handler)
    assert library.done == 2
    assert threading.enumerate() == before


@each
def test_an_error_between_epochs_leaves_no_thread_waiting(name, ratings):
    pytest.importorskip("implicit", reason="pip install implicit brings it")

    def full(model, epoch, _loss):
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full") as held:
        train(name, ratings, full)
    # While the error is held, as by who tells of it: its traceback holds all frames.
    waiting = [one for one in threading.enumerate() if "ThreadPool" in one.name]
    assert held.traceback and waiting == []
