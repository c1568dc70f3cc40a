"""Runs moved away and deleted: never a live or a tagged one, never half, no id twice."""

from __future__ import annotations

import json
import os
import shutil
import time

import pytest

from recsys_cli.errors import DamagedRun, DataError, Locked, NotFound, SpecError
from recsys_cli.runs import (
    _environment,
    _trash,
    add_tag,
    collect,
    find_waste,
    mark,
    remove,
    remove_tag,
    unmark,
)
from recsys_cli.runs._lock import lock
from tests.runs.conftest import SPEC, fill, train

MONTH = 30 * 86_400


@pytest.fixture(autouse=True)
def quick(monkeypatch) -> None:
    """Leave out what takes longest of a run: to look at the machine."""
    found = {"versions": {}}
    monkeypatch.setattr(_environment, "environment", lambda: dict(found))
    monkeypatch.setattr(_environment, "usage", dict)


def left(store, error: BaseException) -> str:
    """Return a run that ended by this error."""
    with (
        pytest.raises(type(error)),
        store.create("als", argv=[], seed=1, spec_document=SPEC) as recorder,
    ):
        recorder.fold().epoch({"epoch": 1, "loss": 1.0, "seconds": 0.1})
        raise error
    return recorder.id


def age(path, seconds: float) -> None:
    """Make a folder and all in it that much older."""
    then = time.time() - seconds
    for one in (*path.rglob("*"), path):
        os.utime(one, (then, then), follow_symlinks=False)


def stray(folder):
    """Return what a killed writer of ``run.json`` leaves."""
    path = folder / f".run.json.{os.getpid()}-0123abcd.tmp"
    path.write_bytes(b"half of")
    return path


def names(store, **asked) -> list[str]:
    return [str(one.path.relative_to(store.root)) for one in find_waste(store, **asked)]


def test_a_removed_run_lies_whole_in_the_trash_and_comes_back_by_moving_it(store):
    run, other = train(store), train(store)
    (path,) = remove(store, ["als-1"])
    assert path == store.root / ".trash" / "als-1" and not run.path.exists()
    assert store.ids() == [other.id] == ["als-2"]
    with pytest.raises(NotFound, match="als-2"):
        store.find("als-1")
    assert store.find(str(path)).fold().catalog.users.ids[0] == "1"
    path.rename(run.path)
    store.find("als-1").verify()


def test_several_are_moved_or_none(store):
    for _ in range(3):
        train(store)
    for bad, error in (("als-9", NotFound), ("als", SpecError), ("latest", SpecError)):
        with pytest.raises(error):
            remove(store, ["als-1", bad])
    add_tag(store.root / "als-2", "best")
    with pytest.raises(SpecError):
        remove(store, ["als-1", "als-2"])
    assert store.ids() == ["als-1", "als-2", "als-3"]
    remove(store, ["als-1", "als-3", "als-1"])
    assert store.ids() == ["als-2"]


def test_an_id_never_means_a_second_run(store):
    train(store)
    train(store)
    remove(store, ["als-2"])
    assert train(store).id == "als-3"
    collect(store, find_waste(store, days=0))
    remove(store, ["als-3", "als-1"])
    collect(store, find_waste(store, days=0))
    assert store.ids() == [] and not list((store.root / ".trash").iterdir())
    assert train(store).id == "als-4"
    assert train(store, "bpr").id == "bpr-1"


def test_a_copy_may_go_to_the_trash_twice(store):
    run = train(store)
    for _ in range(3):
        shutil.copytree(run.path, store.root / "best")
        remove(store, ["best"])
    found = sorted(path.name for path in (store.root / ".trash").iterdir())
    assert found == ["best", "best.2", "best.3"]


def test_a_run_that_is_written_is_refused_and_never_collected(store):
    train(store, "bpr")
    with store.create("als", argv=[], seed=1, spec_document=SPEC) as recorder:
        fill(recorder)
        age(recorder.folder, 2 * MONTH)
        with pytest.raises(Locked) as caught:
            remove(store, ["bpr-1", recorder.id])
        assert caught.value.exit_code == 8
        with pytest.raises(Locked):
            add_tag_at_once(recorder.folder)
        assert names(store, days=0, dead=["failed", "interrupted"]) == []
    assert store.ids() == ["als-1", "bpr-1"] and store.find().id == "als-1"


def add_tag_at_once(folder) -> None:
    with lock(folder, timeout=0):
        add_tag(folder, "best")


def test_a_tagged_run_is_kept_even_in_the_trash_and_when_its_tags_are_damaged(store):
    run = train(store)
    assert add_tag(run.path, "paper") == ["paper"]
    assert add_tag(run.path, "best") == store.find().tags == ["best", "paper"]
    assert store.runs()[0].tags == ["best", "paper"]
    run.verify()
    with pytest.raises(SpecError, match="best, paper") as caught:
        remove(store, ["als-1"])
    assert caught.value.exit_code == 2 and "untag als-1" in str(caught.value)
    (store.root / ".trash").mkdir()
    moved = run.path.rename(store.root / ".trash" / "als-1")
    age(moved, 2 * MONTH)
    assert names(store) == []
    (moved / "tags.json").write_bytes(b"{")
    assert names(store) == []
    moved.rename(run.path)
    with pytest.raises(DamagedRun, match="delete the file"):
        remove(store, ["als-1"])
    assert store.runs()[0].status == "complete" and "damaged" in (store.runs()[0].note or "")
    (run.path / "tags.json").unlink()
    remove(store, ["als-1"])


def test_tags_come_and_go(store):
    folder = train(store).path
    for bad in ("", "a b", "../x", "-x", "é", "x" * 65, "baseline:x", "a\n"):
        with pytest.raises(SpecError, match="a tag cannot"):
            add_tag(folder, bad)
    with pytest.raises(NotFound, match="no tags"):
        remove_tag(folder, "best")
    add_tag(folder, "best")
    mark(folder, "ci/base\nline.json")
    assert store.find().tags == ["baseline:ci/base\N{REPLACEMENT CHARACTER}line.json", "best"]
    unmark(folder, "ci/other.json")
    unmark(folder, "ci/base\nline.json")
    assert remove_tag(folder, "best") == store.find().tags == []


def test_tags_of_a_run_from_elsewhere_that_are_commands_to_a_terminal_are_damage(store):
    path = train(store).path
    (path / "tags.json").write_text(json.dumps({"schema_version": 1, "tags": ["\x1b[2J"]}))
    with pytest.raises(DamagedRun):
        store.find().tags.sort()


def test_only_old_trash_is_collected_and_dry_means_the_same(store):
    for _ in range(3):
        train(store)
    old, young = remove(store, ["als-1", "als-2"])
    assert names(store) == []
    age(old, MONTH + 1)
    found = find_waste(store)
    assert [(one.kind, one.path, one.half_deleted) for one in found] == [("trash", old, False)]
    assert found[0].bytes == sum(path.stat().st_size for path in old.rglob("*") if path.is_file())
    assert old.exists()
    assert collect(store, found) == found
    assert not old.exists() and young.exists() and store.ids() == ["als-3"]
    assert collect(store, found) == []


def test_dead_runs_are_collected_when_asked_for_and_old(store):
    failed, stopped = left(store, ZeroDivisionError()), left(store, KeyboardInterrupt())
    train(store)
    for path in store.root.iterdir():
        age(path, MONTH + 1)
    assert names(store) == []
    assert names(store, dead=["failed"]) == [failed]
    assert names(store, dead=["interrupted"]) == [stopped]
    assert names(store, days=60, dead=["failed", "interrupted"]) == []
    add_tag(store.root / failed, "why")
    assert names(store, dead=["failed", "interrupted"]) == [stopped]
    collect(store, find_waste(store, dead=["failed", "interrupted"]))
    assert store.ids() == [failed, "als-3"]


def test_a_folder_killed_before_its_first_file_is_collected(store):
    (store.root / "als-1").mkdir(parents=True)
    assert collect(store, find_waste(store, days=0, dead=["interrupted"])) and store.ids() == []


def test_what_was_taken_up_or_tagged_since_it_was_found_stays(store):
    ids = [left(store, KeyboardInterrupt()) for _ in range(4)]
    found = find_waste(store, days=0, dead=["interrupted"])
    assert len(found) == 4
    add_tag(store.root / ids[0], "best")
    (store.root / ids[1] / "history.jsonl").write_bytes(b"more\n")
    with lock(store.root / ids[2]):
        assert [one.path.name for one in collect(store, found)] == [ids[3]]
    assert store.ids() == ids[:3]


def test_files_of_killed_writers_go_and_no_others(store):
    run = train(store, folds=("1", "2"))
    found = [stray(store.root), stray(run.path), stray(run.path / "fold-1" / "catalog")]
    (run.path / ".mine.tmp").write_text("")
    assert sorted(one.path for one in find_waste(store)) == sorted(found)
    assert {one.kind for one in find_waste(store)} == {"stray"}
    collect(store, find_waste(store))
    assert find_waste(store) == [] and (run.path / ".mine.tmp").exists()
    run.verify()


def test_a_file_that_goes_with_its_run_is_listed_once(store):
    id_ = left(store, KeyboardInterrupt())
    stray(store.root / id_)
    found = find_waste(store, days=0, dead=["interrupted"])
    assert [one.kind for one in found] == ["interrupted"]
    assert [one.kind for one in find_waste(store)] == ["stray"]
    assert collect(store, found) == found and find_waste(store, days=0) == []


@pytest.mark.parametrize("moment", ["rename", "rmtree"])
def test_a_kill_in_the_middle_of_a_deletion_is_finished_by_the_next(store, monkeypatch, moment):
    train(store)
    train(store)
    remove(store, ["als-1"])

    class Killed(BaseException):
        pass

    def kill(path, *_):
        for file in path.rglob("*.json") if moment == "rmtree" else ():
            file.unlink()
        raise Killed

    with monkeypatch.context() as patch:
        if moment == "rmtree":
            patch.setattr(_trash.shutil, "rmtree", kill)
        else:
            patch.setattr("pathlib.Path.rename", kill)
        with pytest.raises(Killed):
            collect(store, find_waste(store, days=0))
    assert [run.status for run in store.runs()] == ["complete"]
    left_over = names(store, days=0)
    assert len(left_over) == 1 and ("als-1" in left_over[0]) == (moment == "rename")
    assert len(names(store)) == (moment == "rmtree")  # half deleted, it goes at any age
    collect(store, find_waste(store, days=0))
    assert names(store, days=0) == [] and train(store).id == "als-3"


def test_a_kill_between_the_number_and_the_move_keeps_the_run(store, monkeypatch):
    train(store)

    def kill(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.rename", kill)
        with pytest.raises(KeyboardInterrupt):
            remove(store, ["als-1"])
    store.find("als-1").verify()
    assert train(store).id == "als-2"


def test_a_trash_that_is_a_link_is_refused(store, tmp_path):
    precious = tmp_path / "precious"
    (precious / "als-1").mkdir(parents=True)
    age(precious, MONTH + 1)
    train(store)
    (store.root / ".trash").symlink_to(precious)
    with pytest.raises(DataError, match="no folder of its own"):
        find_waste(store)
    with pytest.raises(DataError, match="no folder of its own"):
        remove(store, ["als-1"])
    assert (precious / "als-1").exists() and store.ids() == ["als-1"]


def test_links_are_deleted_and_never_followed(store, tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("mine")
    (precious / "spec.yaml").write_text("name: alias")
    run = train(store)
    (run.path / "link").symlink_to(precious)
    (store.root / "alias-1").symlink_to(precious)
    remove(store, ["als-1", "alias-1"])
    assert len(collect(store, find_waste(store, days=0))) == 2
    assert (precious / "file").read_text() == "mine"
    assert not list((store.root / ".trash").iterdir())


def test_a_damaged_record_of_numbers_says_what_to_do(store):
    train(store)
    remove(store, ["als-1"])
    (store.root / ".retired.json").write_bytes(b'{"schema_version": 1, "last": {"als": "x"}}')
    with pytest.raises(DamagedRun, match=r"\.retired\.json"):
        train(store)


def test_an_empty_or_missing_store_has_nothing_to_delete_and_gets_no_folder(store):
    assert collect(store, find_waste(store, days=0, dead=["failed"])) == []
    assert not store.root.exists()
