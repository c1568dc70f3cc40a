"""Checkpoints: the two newest, whole or absent, gone with the run they serve."""

from __future__ import annotations

import json
import resource

import numpy as np
import pytest

from recsys_cli.errors import OutOfResources
from recsys_cli.runs import FoldRecorder
from recsys_cli.runs._checkpoints import Checkpoints
from tests.runs.conftest import SPEC, fill


def save(checkpoints: Checkpoints, *epochs: int) -> None:
    for epoch in epochs:
        arrays = {
            "users": np.full((3, 2), epoch, np.float32),
            "noise": np.asarray(np.float64(epoch)),
        }
        checkpoints.save(arrays, {"epoch": epoch})


def newest(folder) -> int | None:
    found = Checkpoints(folder).newest()
    if found is None:
        return None
    arrays, document = found
    assert (arrays["users"] == document["epoch"]).all() and arrays["noise"] == document["epoch"]
    return int(document["epoch"])


def test_the_two_newest_are_kept(tmp_path) -> None:
    assert newest(tmp_path) is None
    save(Checkpoints(tmp_path), 1, 2, 3)
    assert newest(tmp_path) == 3
    names = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    assert names == ["2.json", "2.safetensors", "3.json", "3.safetensors"]
    save(Checkpoints(tmp_path), 4)  # as the next process numbers it
    assert newest(tmp_path) == 4


@pytest.mark.parametrize("suffix", ["json", "safetensors"])
@pytest.mark.parametrize("how", ["cut", "flipped", "gone"])
def test_one_that_is_damaged_gives_way_to_the_one_before(tmp_path, suffix, how) -> None:
    save(Checkpoints(tmp_path), 1, 2)
    path = tmp_path / "checkpoints" / f"2.{suffix}"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data[:-1] if how == "cut" else data)
    if how == "gone":
        path.unlink()
    assert newest(tmp_path) == 1


def test_what_a_kill_left_half_done_is_not_taken_and_goes_with_the_next(tmp_path) -> None:
    save(Checkpoints(tmp_path), 1)
    folder = tmp_path / "checkpoints"
    (folder / "2.safetensors").write_bytes(b"half")
    (folder / ".2.safetensors.1-abcdef01.tmp").write_bytes(b"half")
    assert newest(tmp_path) == 1
    save(Checkpoints(tmp_path), 2)
    assert newest(tmp_path) == 2 and len(list(folder.iterdir())) == 4


def test_they_are_due_in_time_and_cost_little_of_it(tmp_path, monkeypatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("recsys_cli.runs._checkpoints.time.monotonic", lambda: clock[0])
    usual, asked = Checkpoints(tmp_path), Checkpoints(tmp_path, 5)
    clock[0] += 6
    assert asked.due and not usual.due
    save(asked, 1)
    assert not asked.due
    clock[0] += 60
    assert usual.due
    monkeypatch.setattr(
        "recsys_cli.runs._checkpoints.digests",
        lambda _path: clock.__setitem__(0, clock[0] + 4) or {},
    )
    save(usual, 2)  # took 4 s, so the next comes after 200
    clock[0] += 199
    assert not usual.due
    clock[0] += 2
    assert usual.due


def test_history_goes_back_to_the_checkpoint(tmp_path) -> None:
    fold = FoldRecorder(tmp_path, 0)
    fold.epoch({"epoch": 1})
    fold.checkpoint({"x": np.zeros(1)}, {"epoch": 1})
    fold.epoch({"epoch": 2})
    fold.flush()
    again = FoldRecorder(tmp_path)
    found = again.take_up()
    assert found is not None and found[1]["epoch"] == 1
    again.epoch({"epoch": 2, "anew": True})
    again.flush()
    lines = (tmp_path / "history.jsonl").read_text().splitlines()
    assert lines == ['{"epoch": 1}', '{"epoch": 2, "anew": true}']


def test_without_the_lines_that_it_counts_training_begins_anew(tmp_path) -> None:
    fold = FoldRecorder(tmp_path, 0)
    fold.epoch({"epoch": 1})
    fold.checkpoint({"x": np.zeros(1)}, {"epoch": 1})
    (tmp_path / "history.jsonl").write_text("")
    assert FoldRecorder(tmp_path).take_up() is None


def test_a_complete_run_has_none(store) -> None:
    with store.create("x", argv=[], seed=1, spec_document=SPEC) as recorder:
        fill(recorder)
        recorder.fold().checkpoint({"x": np.zeros(1)}, {"epoch": 1})
    run = store.find("x")
    assert not (run.path / "checkpoints").exists()
    run.verify()


def test_a_full_disk_leaves_those_before(tmp_path, monkeypatch) -> None:
    checkpoints = Checkpoints(tmp_path)
    save(checkpoints, 1)
    monkeypatch.setattr("recsys_cli.runs._checkpoints.atomic_write", _full)
    with pytest.raises(OutOfResources):
        save(checkpoints, 2)
    assert newest(tmp_path) == 1


def _full(*_: object) -> None:
    raise OutOfResources("cannot write: no space left")


def test_history_on_a_full_disk_has_whole_lines(tmp_path) -> None:
    fold = FoldRecorder(tmp_path)
    fold.epoch({"epoch": 1, "loss": 1.0})
    whole = (tmp_path / "history.jsonl").read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + 9, hard))
    try:
        fold.epoch({"epoch": 2, "loss": 0.5})
        with pytest.raises(OutOfResources, match=r"history\.jsonl"):
            fold.flush()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (tmp_path / "history.jsonl").read_bytes() == whole
    fold.flush()
    lines = (tmp_path / "history.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [1, 2]
