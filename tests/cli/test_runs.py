"""``recsys runs`` and its commands: list, rm, gc, tag, untag."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from recsys_cli.runs import Store


@pytest.fixture
def own(store, tmp_path, monkeypatch) -> Path:
    """A folder of two runs, which a test may change, as the one that goes without saying."""
    root = tmp_path / "own"
    for id_ in ("als-1", "bare-1"):
        shutil.copytree(store.root / id_, root / id_)
    monkeypatch.setenv("RECSYS_RUNS", str(root))
    return root


def ids(recsys) -> list[str]:
    return [run["id"] for run in recsys("runs", "--json").document]


def test_the_list_stays_what_it_was(own, recsys, tmp_path):
    listed = recsys("runs")
    assert listed.code == 0 and "als-1" in listed.out and "tags" not in listed.out
    assert ids(recsys) == ["bare-1", "als-1"]
    empty = recsys("runs", "--runs", tmp_path / "none")
    assert (empty.code, empty.out) == (0, "") and "recsys run configs/als.yaml" in empty.err


def test_tags_are_shown_and_keep_a_run(own, recsys):
    assert recsys("runs", "tag", "als-1", "best") == (0, "als-1: best\n", "")
    assert "best" in recsys("runs").out and "best" in recsys("show", "als-1").out
    assert recsys("show", "als-1", "--json").document["tags"] == ["best"]
    assert recsys("runs", "--json").document[1]["tags"] == ["best"]
    refused = recsys("runs", "rm", "bare-1", "als-1")
    assert refused.code == 2 and refused.err.splitlines() == [
        "error: als-1: the run is kept, as it is tagged: best",
        "recsys runs untag als-1 'best' gives it free",
    ]
    assert recsys("runs", "untag", "als-1", "best").out == "als-1: no tags\n"
    assert recsys("runs", "rm", "bare-1", "als-1").code == 0
    assert ids(recsys) == []


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["rm"], 2, "Missing argument 'RUN...'"),
        (["rm", "latest"], 2, "say which: bare-1"),
        (["rm", "als"], 2, "say which: als-1"),
        (["rm", "als-9"], 6, "nearest: als-1"),
        (["rm", "../own/als-1"], 6, "there is no run"),
        (["rm", "als-1/"], 6, "there is no run"),
        (["tag", "als-9", "best"], 6, "there is no run"),
        (["tag", "latest", "best"], 2, "is no run id"),
        (["tag", "als-1", "a/b"], 2, "a tag cannot be called"),
        (["untag", "als-1", "best"], 6, "it has no tags"),
        (["gc", "--days", "-1"], 2, "-1 is not in the range"),
        (["bogus"], 2, "No such command 'bogus'"),
    ],
)
def test_misuse_is_told_and_changes_nothing(own, recsys, words, code, says):
    result = recsys("runs", *words)
    assert (result.code, result.out) == (code, "") and says in result.err
    assert ids(recsys) == ["bare-1", "als-1"]


@pytest.mark.parametrize("option", [["--runs", "elsewhere"], ["--json"]])
def test_an_option_of_the_list_is_never_lost_on_a_command(own, recsys, option):
    result = recsys("runs", *option, "rm", "als-1")
    assert result.code == 2 and "recsys runs rm" in result.err
    assert ids(recsys) == ["bare-1", "als-1"]


def test_gc_deletes_what_its_dry_run_lists_and_no_more(own, recsys):
    assert recsys("runs", "gc").err == "There is nothing to delete.\n"
    moved = recsys("runs", "rm", "als-1")
    assert moved.out == f"{own}/.trash/als-1\n" and "gc deletes it for good" in moved.err
    stray = own / "bare-1" / ".run.json.1-0123abcd.tmp"
    stray.write_bytes(b"half")
    assert [one["kind"] for one in recsys("runs", "gc", "--dry-run", "--json").document] == [
        "stray"
    ]
    listed = recsys("runs", "gc", "--days", "0", "--dry-run")
    assert ".trash/als-1" in listed.out and "KiB" in listed.out
    assert listed.err.startswith("Would delete 2: ")
    told = recsys("runs", "gc", "--days", "0", "--dry-run", "--json").document
    assert [(one["kind"], one["path"]) for one in told] == [
        ("trash", f"{own}/.trash/als-1"),
        ("stray", str(stray)),
    ]
    assert stray.exists() and (own / ".trash" / "als-1").exists()
    done = recsys("runs", "gc", "--days", "0", "--json").document
    assert done == told
    assert not stray.exists() and not (own / ".trash" / "als-1").exists()
    assert ids(recsys) == ["bare-1"]


def test_failed_and_interrupted_runs_go_when_asked_for(own, recsys):
    (own / "als-2").mkdir()
    (own / "als-3").mkdir()
    (own / "als-3" / "run.json").write_text(
        '{"schema_version": 1, "id": "als-3", "status": "failed",'
        ' "failure": {"type": "X", "message": "y"}}'
    )
    for words, left in (([], 4), (["--failed"], 3), (["--interrupted"], 2)):
        assert recsys("runs", "gc", "--days", "0", *words).code == 0
        assert len(Store(own).ids()) == left


@pytest.mark.parametrize("words", [["runs"], ["runs", "gc"], ["train", "als.yaml"], ["show"]])
def test_a_folder_of_runs_that_is_a_file_is_told_before_anything_is_read(recsys, tmp_path, words):
    (tmp_path / "file").touch()
    result = recsys(*words, "--runs", str(tmp_path / "file"))
    assert result.code == 2 and "file: is no folder" in result.err
