"""``recsys train --resume``: what it goes on with, what it refuses, and what stays as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NoReturn

import pytest

from recsys_cli import threads
from recsys_cli.errors import OutOfResources
from recsys_cli.runs import FoldRecorder, Recorder, Store, _store
from recsys_cli.runs._checkpoints import Checkpoints
from recsys_cli.runs._lock import lock
from recsys_cli.runs._reading import read_versioned
from recsys_cli.runs._seal import seal

OFTEN = ("--checkpoint", "0.0001s")
MONITOR = {"monitor": "ndcg@10", "patience": 9}
FOLDS = {"split": {"name": "k-fold", "k": 3, "validation": 0.1}}
SEARCH = {"metric": "ndcg@10", "trials": 1, "space": {"model.factors": {"int": [2, 4]}}}


@pytest.fixture
def stop(monkeypatch):
    """Return what has the n-th epoch from now interrupted, as Ctrl-C would, and then no more."""

    def at(count: int) -> None:
        left, real = [count], FoldRecorder.epoch

        def epoch(self: FoldRecorder, line: dict[str, object]) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise KeyboardInterrupt
            real(self, line)

        monkeypatch.setattr(FoldRecorder, "epoch", epoch)

    return at


def result(run_id: str) -> dict[str, object]:
    """Return the arrays of each fold, and the losses and best epochs of a run."""
    run = Store(Path("runs")).find(run_id)
    arrays = {
        f"{name}/{key}": array.tobytes()
        for name in run.fold_names
        for key, array in run.fold(name).model_arrays().items()
    }
    losses = [[line["loss"] for line in run.fold(name).history] for name in run.fold_names]
    return arrays | {"losses": losses, "best": run.record["best_epochs"]}


@pytest.mark.parametrize("train", [{}, MONITOR, MONITOR | {"refit": True}])
def test_a_run_goes_on_after_its_newest_checkpoint(write, recsys, stop, train) -> None:
    whole, other = write("whole", train=train), write("other", train=train)
    assert recsys("train", whole).code == 0
    stop(4)
    assert recsys("train", other, *OFTEN).code == 130
    assert recsys("runs", "--json").document[0]["status"] == "interrupted"
    again = recsys("train", "--resume", "other-1", *OFTEN)
    assert (again.code, again.out) == (0, "other-1\n")
    assert "Going on after epoch 3" in again.err
    assert result("other-1") == result("whole-1")
    record = Store(Path("runs")).find("other-1").record
    assert [one["threads"] for one in record["resumed"]] == [threads.available()]
    assert "failure" not in record
    assert recsys("evaluate", "other-1").code == 0


def test_a_refit_that_was_stopped_goes_on(write, recsys, monkeypatch) -> None:
    train = MONITOR | {"refit": True}
    assert recsys("train", write("whole", train=train)).code == 0
    real = FoldRecorder.checkpoint

    def checkpoint(self, arrays, document) -> None:
        real(self, arrays, document)
        if document["stage"] == "refit":
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(FoldRecorder, "checkpoint", checkpoint)
        assert recsys("train", write("other", train=train), *OFTEN).code == 130
    again = recsys("train", "--resume", "other", *OFTEN)
    assert again.code == 0 and "Going on after epoch 1" in again.err
    assert result("other-1") == result("whole-1")


def test_folds_that_are_whole_are_not_trained_again(write, recsys, stop) -> None:
    folds = {"split": {"name": "k-fold", "k": 3}}
    assert recsys("train", write("whole", **folds)).code == 0
    stop(13)
    assert recsys("train", write("other", **folds), *OFTEN).code == 130
    path = Path("runs/other-1/fold-1/model.safetensors")
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    again = recsys("train", "--resume", "latest")
    assert again.code == 0, again.err
    assert "Fold 2 is whole." in again.err and "Fold 1 is whole." not in again.err
    assert result("other-1") == result("whole-1")


def test_it_resumes_after_a_failure_too(write, recsys, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OutOfResources("cannot write: no space left on device")

    assert recsys("train", write("whole")).code == 0
    with monkeypatch.context() as patch:
        patch.setattr(FoldRecorder, "save_model", full)
        assert recsys("train", write("other"), *OFTEN).code == 7
    assert recsys("train", "--resume", "other-1").code == 0
    assert result("other-1") == result("whole-1")


def test_a_checkpoint_that_cannot_be_written_does_not_stop_training(
    write, recsys, monkeypatch
) -> None:
    def full(*_: object) -> None:
        raise OutOfResources("cannot write: no space left on device")

    monkeypatch.setattr(Checkpoints, "save", full)
    trained = recsys("train", write("als"), *OFTEN)
    assert trained.code == 0 and trained.err.count("No checkpoint could be taken") == 1


@pytest.fixture
def stopped(write, recsys, stop) -> Path:
    """A run that was stopped in its fourth epoch."""
    stop(4)
    assert recsys("train", write("als"), *OFTEN).code == 130
    return Path("runs/als-1")


def test_what_is_complete_running_or_unknown_is_not_resumed(write, recsys, stopped) -> None:
    with lock(stopped):
        found = recsys("train", "--resume", "als-1")
    assert found.code == 8 and "still being trained" in found.err
    assert recsys("train", "--resume", "als-2").code == 6
    assert recsys("train", "--resume", stopped).code == 0
    found = recsys("train", "--resume", "als-1")
    assert found.code == 2 and "is complete" in found.err
    assert recsys("train", "--resume", "latest").code == 6


def test_it_takes_no_spec_beside_the_run(write, recsys) -> None:
    assert recsys("train").code == 2
    assert recsys("train", write("als"), "--resume", "als-1").code == 2
    assert recsys("train", "--resume", "als-1", "--set", "seed=3").code == 2


def test_what_has_changed_since_is_refused_and_nothing_is_lost(recsys, stopped) -> None:
    spec = stopped / "spec.yaml"
    before = spec.read_text()
    spec.write_text(before.replace("epochs: 5", "epochs: 7"))
    found = recsys("train", "--resume", "als-1")
    assert found.code == 5 and "the spec is not the one" in found.err
    spec.write_text(before)
    assert recsys("train", "--resume", "als-1").code == 0


def test_other_versions_would_give_another_run(recsys, stopped, monkeypatch) -> None:
    from recsys_cli.runs import _environment

    known = _environment.versions()
    monkeypatch.setattr(_environment, "versions", lambda: known | {"numpy": "9.9"})
    found = recsys("train", "--resume", "als-1")
    assert found.code == 5 and f"begun with numpy {known['numpy']}" in found.err
    assert "recsys train runs/als-1/spec.yaml" in found.err


def test_other_data_are_refused(write, recsys, stop) -> None:
    rows = [f"u{u},i{i},{1 + (u + i) % 5}" for u in range(20) for i in range(15) if (u * i) % 3]
    Path("rows.csv").write_text("\n".join(["user,item,rating", *rows]) + "\n")
    stop(3)
    spec = write("als", dataset={"name": "delimited", "path": "rows.csv"}, split={"name": "random"})
    assert recsys("train", spec, *OFTEN).code == 130
    Path("rows.csv").write_text("\n".join(["user,item,rating", *rows[:-1]]) + "\n")
    found = recsys("train", "--resume", "als-1")
    assert found.code == 5 and "the data are not those" in found.err


def test_other_features_are_refused_too(write, recsys, stop) -> None:
    rows = [f"u{u},i{i},{1 + (u + i) % 5}" for u in range(20) for i in range(15) if (u * i) % 3]
    Path("rows.csv").write_text("\n".join(["user,item,rating", *rows]) + "\n")
    genres = ["id,genre", *(f"i{i},{'ab'[i % 2]}" for i in range(15))]
    Path("items.csv").write_text("\n".join(genres) + "\n")
    items = {"path": "items.csv", "multilabel": ["genre"]}
    data = {"name": "delimited", "path": "rows.csv", "items": items}
    model = {"name": "hybrid", "epochs": 5, "factors": 4}
    stop(3)
    spec = write("als", dataset=data, split={"name": "random"}, model=model)
    assert recsys("train", spec, *OFTEN).code == 130
    Path("items.csv").write_text("\n".join([*genres[:-1], "i14,b"]) + "\n")
    found = recsys("train", "--resume", "als-1")
    assert found.code == 5 and "the data are not those" in found.err


def given(write, **blocks) -> Path:
    """Return the spec of a run that is monitored among the candidates of c.csv."""
    rows = [f"{user},{item}" for user in range(1, 61) for item in range(1, 51)]
    Path("c.csv").write_text("\n".join(["user,item", *rows]) + "\n")
    asked = {"metrics": ["ndcg@10"], "candidates": {"file": "c.csv"}}
    return write("als", train=MONITOR, evaluation=asked, **blocks)


def shorten(path: Path) -> str:
    """Leave out the last line of a file; return what it held."""
    before = path.read_text()
    path.write_text("".join(before.splitlines(keepends=True)[:-1]))
    return before


def test_another_file_of_candidates_is_refused(write, recsys, stop) -> None:
    stop(3)
    assert recsys("train", given(write), *OFTEN).code == 130
    before = shorten(Path("c.csv"))
    found = recsys("train", "--resume", "als-1")
    assert found.code == 5 and "the file of candidates is not the one" in found.err
    Path("c.csv").write_text(before)
    assert recsys("train", "--resume", "als-1").code == 0
    assert recsys("evaluate", "als-1").code == 0


def test_a_file_of_candidates_may_not_change_between_two_folds(write, recsys, monkeypatch) -> None:
    real = Recorder.finish_fold

    def finish_fold(self, name: str) -> None:
        real(self, name)
        shorten(Path("c.csv"))

    monkeypatch.setattr(Recorder, "finish_fold", finish_fold)
    found = recsys("train", given(write, **FOLDS))
    assert found.code == 5 and "the file of candidates is not the one" in found.err


def test_a_whole_fold_of_other_candidates_is_refused_though_the_record_names_none(
    write, recsys, stop
) -> None:
    """As a run of an older recsys."""
    stop(7)
    assert recsys("train", given(write, **FOLDS)).code == 130
    path = Path("runs/als-1/run.json")
    record = read_versioned(path)
    assert set(record["done"]) == {"1"}
    del record["fingerprints"]["candidates"]
    path.write_bytes(seal(record))
    shorten(Path("c.csv"))
    found = recsys("train", "--resume", "als-1")
    assert found.code == 5 and "the file of candidates is not the one" in found.err


@pytest.fixture
def kill(monkeypatch):
    """Have every run die right after its first record, as by kill -9."""

    def killed(_: object) -> NoReturn:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(_store, "ending", killed)
        yield patch


def test_a_run_of_lists_is_evaluated_again_and_not_resumed(write, recsys, kill) -> None:
    spec = write("als")
    Path("lists.csv").write_text("user,item\n1,1\n2,1\n")
    words = ["evaluate", spec, "--recommendations", "lists.csv"]
    assert recsys(*words).code == 130
    kill.undo()
    found = recsys("train", "--resume", "als-external-1")
    assert found.code == 2 and "the run holds recommendations made elsewhere" in found.err
    assert "evaluate it again: recsys evaluate" in recsys("show", "als-external-1").err
    assert recsys(*words).code == 0


def test_a_trial_is_its_search_s_from_the_first_record_on(write, recsys, kill) -> None:
    spec = write("als", search=SEARCH)
    assert recsys("tune", spec).code == 130
    kill.undo()
    found = recsys("train", "--resume", "als-trial-1")
    assert found.code == 2 and "the run is a trial of a search" in found.err
    assert "recsys tune SPEC --resume" in recsys("show", "als-trial-1").err
    assert recsys("train", "--resume", "als-trial").code == 2


def test_latest_is_the_newest_run_that_can_be_resumed(recsys, stopped, kill) -> None:
    document = json.loads(Path("als.yaml").read_text())
    Path("als.yaml").write_text(json.dumps(document | {"search": SEARCH}))
    assert recsys("tune", "als.yaml").code == 130
    kill.undo()
    Path("runs/als-2").mkdir()
    assert recsys("train", "--resume", "als-2").code == 5
    assert recsys("train", "--resume", "latest").out == "als-1\n"
    found = recsys("train", "--resume", "als")
    assert found.code == 5 and "als-2" in found.err


def test_a_folder_that_is_no_run_is_not_said_to_be_interrupted(recsys, stopped) -> None:
    Path("other").mkdir()
    for words in (["show", "other"], ["train", "--resume", "other"]):
        found = recsys(*words)
        assert found.code == 6 and "the folder holds no run" in found.err
    assert "was interrupted" in recsys("show", stopped).err


def test_an_interrupted_run_says_how_to_go_on(recsys, stopped) -> None:
    assert "recsys train --resume als-1 goes on with it" in recsys("show", "als-1").err


def test_a_run_stopped_before_its_record_is_trained_anew(write, recsys) -> None:
    folder = Path("runs/als-1")
    write("als")
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({"schema_version": 1}))
    assert recsys("train", "--resume", "als-1").code == 5
