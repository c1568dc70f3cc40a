from __future__ import annotations

import json
import logging
import os
import shutil

import numpy as np
import pytest
import yaml

from recsys_cli.errors import DamagedRun, Locked, NotFound
from recsys_cli.runs import _evaluation, _fold
from recsys_cli.runs._lock import lock
from tests.runs.conftest import CONFIG, SPEC, arrays, evaluated, fill, train


def test_a_run_gives_back_what_was_saved(store):
    fold = train(store).fold()
    assert fold.model_config == CONFIG
    loaded = fold.model_arrays()
    for name, array in arrays().items():
        assert loaded[name].dtype == array.dtype and loaded[name].shape == array.shape
        np.testing.assert_array_equal(loaded[name], array)
    assert [line["loss"] for line in fold.history] == [1.0, 0.5]


def test_equal_models_are_equal_bytes(store):
    one, two = train(store), train(store)
    files = [json.loads((run.path / "MANIFEST.json").read_text())["files"] for run in (one, two)]
    assert files[0] == files[1]


def test_the_spec_reads_the_same_by_every_yaml(store):
    run = train(store)
    assert run.spec_document == SPEC
    text = (run.path / "spec.yaml").read_text()
    assert "'1e-3'" in text and yaml.safe_load(text) == SPEC


def test_the_manifest_names_every_file_but_the_record_and_the_log(store):
    run = train(store)
    files = set(json.loads((run.path / "MANIFEST.json").read_text())["files"])
    assert files == {
        "spec.yaml",
        "history.jsonl",
        "model.safetensors",
        "catalog/items.json",
        "catalog/users.json",
        "catalog/history.safetensors",
    }


def test_folds_lie_in_folders_and_are_found_by_name_in_natural_order(store):
    run = train(store, folds=("1", "10", "2"))
    assert run.fold_names == ("1", "2", "10")
    assert run.fold().name == "1" and run.fold("10").model_config == CONFIG
    assert (run.path / "fold-10" / "catalog" / "users.json").is_file()
    with pytest.raises(NotFound, match="its folds: 1, 2, 10"):
        run.fold("3")
    assert train(store).fold_names == ("1",)


def test_an_evaluation_is_read_back(store):
    run = train(store)
    assert run.metrics is None and run.fold().metrics is None
    with pytest.raises(NotFound, match="recsys evaluate als-1"):
        run.fold().per_user()
    run.commit_evaluation({"1": evaluated(0.5)})
    assert run.metrics["metrics"]["ndcg@10"]["value"] == 0.5
    table = run.fold().per_user()
    assert table["user"] == ["0", "1", "2"] and table["ndcg@10"].tolist() == [0.5] * 3
    assert run.fold().recommendations() is None
    run.verify()


def test_evaluating_again_replaces_and_leaves_nothing_behind(store):
    run = train(store)
    lists = {"user": ["1"], "item": ["i3"], "score": np.array([0.1], np.float32)}
    first = evaluated(0.5)
    run.commit_evaluation({"1": _evaluation.EvaluatedFold(first.document, first.per_user, lists)})
    assert run.fold().recommendations()["item"] == ["i3"]
    (run.path / ".metrics.json.1-0a1b2c3d.tmp").write_text("killed")
    run.commit_evaluation({"1": evaluated(0.75)})
    assert run.fold().per_user()["ndcg@10"].tolist() == [0.75] * 3
    left = {path.name for path in run.path.iterdir() if path.suffix in (".parquet", ".tmp")}
    assert left == {run.metrics["per_user"]["file"]}


def test_several_folds_are_committed_by_one_file(store):
    run = train(store, folds=("a", "b"))
    summary = {"metrics": {"ndcg@10": {"value": 0.5, "std": 0.1}}}
    run.commit_evaluation({"a": evaluated(0.4), "b": evaluated(0.6)}, summary)
    assert run.metrics["metrics"] == summary["metrics"]
    assert run.fold("b").metrics["metrics"]["ndcg@10"]["value"] == 0.6
    assert run.fold("b").per_user()["ndcg@10"][0] == 0.6
    assert run.fold("b").metrics["per_user"]["file"].startswith("fold-b/per_user-")
    with pytest.raises(ValueError, match="does not fit"):
        run.commit_evaluation({"a": evaluated()}, summary)


@pytest.mark.parametrize("step", range(3))
def test_an_evaluation_that_dies_leaves_the_former_one(store, monkeypatch, step):
    run = train(store, folds=("a", "b"))
    summary = {"metrics": {"ndcg@10": {"value": 0.5}}}
    run.commit_evaluation({"a": evaluated(0.4), "b": evaluated(0.6)}, summary)
    before = run.metrics
    write, calls = _evaluation.atomic_write, []

    def dying(path, data):
        calls.append(path)
        if len(calls) > step:
            raise KeyboardInterrupt
        write(path, data)

    monkeypatch.setattr(_evaluation, "atomic_write", dying)
    with pytest.raises(KeyboardInterrupt):
        run.commit_evaluation({"a": evaluated(0.1), "b": evaluated(0.2)}, summary)
    assert run.metrics == before and run.fold("a").per_user()["ndcg@10"][0] == 0.4
    run.verify()


def test_a_reader_overtaken_by_an_evaluation_reads_the_new_one(store, monkeypatch):
    run = train(store)
    run.commit_evaluation({"1": evaluated(0.5)})
    read, overtaken = _fold.read_table, []

    def slow(folder, entry):
        if not overtaken:
            overtaken.append(run.commit_evaluation({"1": evaluated(0.75)}))
        return read(folder, entry)

    monkeypatch.setattr(_fold, "read_table", slow)
    assert run.fold().per_user()["ndcg@10"][0] == 0.75


def test_damaged_metrics_are_said_and_repaired_by_evaluating_again(store):
    run = train(store)
    run.commit_evaluation({"1": evaluated()})
    (run.path / "metrics.json").write_text(
        '{"schema_version": 1, "metrics": {"x": {"value": NaN}}}'
    )
    assert store.runs()[0].status == "complete"
    assert (store.runs()[0].note or "").startswith("metrics.json: the file is damaged")
    with pytest.raises(DamagedRun, match=r"metrics\.json"):
        _ = store.find("als").metrics
    run.commit_evaluation({"1": evaluated(0.5)})
    assert store.runs()[0].metrics == {"ndcg@10": 0.5}


def test_a_locked_run_is_waited_for_then_refused(store):
    run = train(store)
    with (
        lock(run.path),
        pytest.raises(Locked, match="another process") as caught,
        lock(run.path, timeout=0.05),
    ):
        pass
    assert caught.value.exit_code == 8


def test_nan_never_reaches_a_file(store):
    run = train(store)
    with pytest.raises(ValueError, match="Out of range"):
        run.commit_evaluation({"1": evaluated(float("nan"))})
    assert run.metrics is None


def test_the_log_holds_what_was_logged_and_nothing_after(store):
    logger = logging.getLogger("recsys_cli.runs.test")
    with store.create("als", argv=[], seed=1, spec_document=SPEC) as recorder:
        logger.info("begun")
        fill(recorder)
    logger.info("outside")
    run = store.find()
    with run.logged():
        logger.warning("evaluated")
    text = (run.path / "log.txt").read_text()
    assert "begun" in text and "evaluated" in text and "outside" not in text
    run.verify()


def test_reading_needs_no_lock_file_no_log_and_no_right_to_write(store):
    run = train(store)
    run.commit_evaluation({"1": evaluated()})
    for name in (".lock", "log.txt"):
        (run.path / name).unlink(missing_ok=True)
    before = sorted(os.walk(store.root))
    found = store.find()
    found.verify()
    found.fold().per_user()
    assert store.runs()[0].status == "complete"
    assert sorted(os.walk(store.root)) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere: run it as another user")
def test_evaluating_a_read_only_run_is_said(store):
    from recsys_cli.errors import OutOfResources

    run = train(store)
    (run.path / ".lock").unlink()
    run.path.chmod(0o500)
    try:
        with pytest.raises(OutOfResources, match="writable"):
            run.commit_evaluation({"1": evaluated()})
    finally:
        run.path.chmod(0o700)
        shutil.rmtree(run.path)


def test_tables_are_read_without_a_file_of_pythons(store, monkeypatch):
    """Read otherwise, a thread of Arrow's aborts some of the processes that end right after."""
    import pyarrow.parquet as pq

    run = train(store)
    run.commit_evaluation({"1": evaluated()})
    monkeypatch.delattr(pq, "read_table")
    assert list(run.fold().per_user()["ndcg@10"]) == [0.5] * 3
