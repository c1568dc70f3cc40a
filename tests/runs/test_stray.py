"""What a killed writer leaves in a run folder is known, and goes."""

from __future__ import annotations

import pytest

from recsys_cli.errors import NotFound
from recsys_cli.runs import _lock
from recsys_cli.runs._lock import lock
from recsys_cli.runs._stray import strays
from tests.runs.conftest import evaluated, train

LEFT = (
    ".metrics.json.123-0a1b2c3d.tmp",
    "catalog/.items.json.123-0a1b2c3d.tmp",
    "pairs-00000000.parquet",
    "per_user-00000000.parquet",
)


def test_strays_are_listed_and_nothing_else(store):
    run = train(store)
    run.commit_evaluation({"1": evaluated()})
    assert strays(run.path) == []
    for name in LEFT:
        (run.path / name).touch()
    assert strays(run.path) == sorted(run.path / name for name in LEFT)


def test_the_next_evaluation_clears_its_folders(store):
    run = train(store)
    for name in LEFT:
        (run.path / name).touch()
    run.commit_evaluation({"1": evaluated()})
    assert strays(run.path) == [run.path / LEFT[1]]  # training wrote there, and never will again
    run.verify()


def test_where_metrics_cannot_be_read_no_table_is_a_stray(store):
    run = train(store)
    run.commit_evaluation({"1": evaluated()})
    (run.path / "metrics.json").write_text("{")
    assert strays(run.path) == []


def test_a_run_that_goes_as_one_waits_for_its_lock_is_not_found(store, monkeypatch):
    run = train(store)

    def removed(*_: object) -> None:
        run.path.rename(store.root / ".gone")

    monkeypatch.setattr(_lock, "_acquire", removed)
    with pytest.raises(NotFound, match="removed meanwhile"), lock(run.path):
        pass
    with pytest.raises(NotFound, match="removed meanwhile"):
        run.commit_evaluation({"1": evaluated()})


def test_a_new_run_whose_empty_folder_is_cleared_away_gets_the_next_number(store, monkeypatch):
    acquire, times = _lock._acquire, []

    def once(descriptor: int, path, deadline: float) -> None:
        acquire(descriptor, path, deadline)
        times.append(path)
        if len(times) == 1:
            path.parent.rename(store.root / ".trash-1")

    monkeypatch.setattr(_lock, "_acquire", once)
    assert train(store).id in ("als-1", "als-2") and len(times) >= 2
