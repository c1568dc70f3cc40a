"""Runs that another process removes, collects, reads or goes on with at the same moment."""

from __future__ import annotations

import fcntl
import threading

import pytest

from recsys_cli.errors import NotFound, OutOfResources
from recsys_cli.runs import _recorder, _store, collect, find_waste, remove
from recsys_cli.runs._lock import lock
from tests.runs.conftest import SPEC, fill, train


@pytest.fixture
def removing(store, monkeypatch):
    """Return a function that has a run removed right before a function of the store looks at it."""

    def before(function: str, id_: str) -> None:
        looked = getattr(_store, function)

        def late(folder):
            if folder.name == id_ and folder.exists():
                remove(store, [id_])
            return looked(folder)

        monkeypatch.setattr(_store, function, late)

    return before


def test_a_run_removed_while_runs_are_listed_is_not_listed(store, removing):
    train(store), train(store)
    removing("summarise", "als-2")
    assert [(run.id, run.status) for run in store.runs()] == [("als-1", "complete")]


@pytest.mark.parametrize("function", ["examine", "Run"])
@pytest.mark.parametrize("ref", ["als", "latest"])
def test_of_a_run_removed_while_it_is_looked_for_the_one_before_answers(
    store, removing, function, ref
):
    train(store), train(store)
    removing(function, "als-2")
    assert store.find(ref).id == "als-1"


def test_the_only_run_removed_while_it_is_looked_for_was_never_there(store, removing):
    train(store)
    removing("Run", "als-1")
    with pytest.raises(NotFound, match="no run"):
        store.find("als-1")


def test_a_run_in_the_trash_that_somebody_goes_on_with_stays(store):
    train(store)
    (moved,) = remove(store, ["als-1"])
    waste = find_waste(store, days=0)
    with lock(moved):
        assert collect(store, waste) == []
    assert moved.exists() and collect(store, waste) == waste and not moved.exists()


def test_a_reader_that_looks_for_a_moment_is_no_writer(store):
    run = train(store)
    (run.path / ".lock").touch()
    with (run.path / ".lock").open() as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        threading.Timer(0.1, lambda: fcntl.flock(file, fcntl.LOCK_UN)).start()
        assert [path.name for path in remove(store, ["als-1"])] == ["als-1"]


def stopped(store, monkeypatch) -> None:
    """Stop a run of two folds when all is there but the manifest."""

    def full(folder):
        raise OutOfResources("the disk is full")

    facts = {"fingerprints": {"data": "d"}}
    with monkeypatch.context() as patch, pytest.raises(OutOfResources):
        patch.setattr(_recorder.Manifest, "write", full)
        with store.create("als", argv=[], seed=1, spec_document=SPEC, facts=facts) as recorder:
            recorder.update(fingerprints={"data": "of the rows"})
            for fold in ("1", "2"):
                fill(recorder, fold)
                recorder.finish_fold(fold)


def test_folds_that_are_whole_stay_until_the_manifest_names_them(store, monkeypatch):
    stopped(store, monkeypatch)
    with store.resume(store.left("als"), argv=[]) as recorder:
        assert recorder.has_fold("1") and recorder.has_fold("2")
    run = store.find("als-1")
    assert run.record["status"] == "complete" and "done" not in run.record


def test_what_another_process_did_since_a_run_was_looked_at_counts(store, monkeypatch):
    stopped(store, monkeypatch)
    before = store.left("als")
    with pytest.raises(KeyboardInterrupt), store.resume(store.left("als"), argv=["other"]):
        raise KeyboardInterrupt
    with store.resume(before, argv=["this"]) as recorder:
        assert [one["argv"] for one in recorder.record["resumed"]] == [["other"], ["this"]]
