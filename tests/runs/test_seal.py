"""What no manifest guards guards itself: run.json, metrics.json and MANIFEST.json."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from recsys_cli.errors import DamagedRun
from recsys_cli.runs import Run
from recsys_cli.runs._atomic import encode
from recsys_cli.runs._reading import read_sealed
from recsys_cli.runs._seal import is_sealed, is_sound, seal
from tests.runs.conftest import evaluated, train

SEALED = ("run.json", "metrics.json", "MANIFEST.json")


@pytest.fixture
def run(store) -> Run:
    made = train(store, folds=("1", "2"))
    summary = {"metrics": {"ndcg@10": {"value": 0.5}}}
    made.commit_evaluation({"1": evaluated(0.25), "2": evaluated(0.75)}, summary)
    return made


def test_a_seal_is_the_hash_of_what_stands_before_its_line():
    data = seal({"a": [1], "b": None})
    assert data.startswith(b'{\n  "a": [\n    1\n  ],\n  "b": null,\n  "sha256": "')
    assert is_sealed(json.loads(data)) and is_sound(data)
    assert not is_sealed({}) and not is_sealed({"a": 1})


def test_no_byte_of_a_sealed_file_changes_unnoticed(run):
    for name in SEALED:
        data = (run.path / name).read_bytes()
        for at in range(0, len(data), 7):
            changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
            (run.path / name).write_bytes(changed)
            with pytest.raises(DamagedRun):
                read_sealed(run.path / name)
        (run.path / name).write_bytes(data)


@pytest.mark.parametrize("name", SEALED)
def test_a_file_without_a_seal_is_read_as_it_was_by_an_older_recsys(run, store, name):
    path = run.path / name
    path.write_text(json.dumps(read_sealed(path)))
    found = store.find("als-1")
    assert found.metrics == run.metrics and found.record == run.record
    assert found.fold_names == ("1", "2")


def test_a_name_in_the_manifest_that_becomes_another_drops_no_fold(run, store):
    path = run.path / "MANIFEST.json"
    path.write_bytes(path.read_bytes().replace(b'"fold-1/model', b'"fold-2/model', 1))
    with pytest.raises(DamagedRun, match=r"MANIFEST\.json"):
        store.find("als-1")


def test_metrics_of_another_run_are_refused(run, store):
    other = train(store, name="bpr")
    other.commit_evaluation({"1": evaluated(0.75)})
    shutil.copy(other.path / "metrics.json", run.path)
    with pytest.raises(DamagedRun, match="the metrics are another run's"):
        _ = run.metrics
    (listed,) = [one for one in store.runs() if one.id == run.id]
    assert listed.metrics == {} and listed.note == "metrics.json: the metrics are another run's"


def test_another_sealed_file_in_its_place_is_no_metrics(run, store):
    shutil.copy(run.path / "run.json", run.path / "metrics.json")
    with pytest.raises(DamagedRun, match="holds no metrics"):
        _ = run.metrics
    assert store.runs()[0].note == "metrics.json: the file holds no metrics"


def test_a_record_of_another_run_is_refused_and_a_copy_of_a_run_is_not(run, store):
    other = train(store)
    shutil.copytree(run.path, store.root / "best")
    assert store.find("best").record["id"] == "als-1"
    shutil.copy(other.path / "run.json", run.path)
    with pytest.raises(DamagedRun, match="the record is another run's"):
        store.find("als-1")


def test_no_older_run_answers_for_a_damaged_one(run, store):
    newer = train(store)
    (newer.path / "spec.yaml").write_text("")
    for ref in ("als", "latest"):
        with pytest.raises(DamagedRun, match="als-2"):
            store.find(ref)
    (newer.path / "run.json").write_text("")
    with pytest.raises(DamagedRun, match="als-2"):
        store.find("als")
    assert store.find("als-1").id == "als-1"


@pytest.mark.parametrize("name", SEALED)
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(run, store, name):
    (run.path / name).unlink()
    os.mkfifo(run.path / name)
    with pytest.raises(DamagedRun, match="no plain file"):
        _ = store.find("als-1").metrics


def test_bytes_of_a_path_that_are_no_text_come_back():
    document = {"where": "runs/q\udcff", "name": "nö \N{SNAKE}"}
    assert json.loads(encode(document)) == document
    assert "nö \N{SNAKE}".encode() in encode(document)
