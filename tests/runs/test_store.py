from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from recsys_cli.errors import DataError, NotFound, OutOfResources, SpecError
from recsys_cli.runs import Run, Store, _environment
from tests.runs.conftest import SPEC, evaluated, train


def begin(store, name="als", facts=None):
    return store.create(name, argv=[], seed=1, spec_document=SPEC, facts=facts)


def failed(store, error: BaseException) -> str:
    facts = {"fingerprints": {"data": "d"}}
    with pytest.raises(type(error)), begin(store, facts=facts) as recorder:
        raise error
    return recorder.id


def test_runs_are_numbered_by_name_and_no_number_is_used_twice(store):
    assert [train(store).id, train(store).id, train(store, "als-x").id] == [
        "als-1",
        "als-2",
        "als-x-1",
    ]
    shutil.rmtree(store.root / "als-1")
    assert train(store).id == "als-3"
    assert store.ids() == ["als-2", "als-3", "als-x-1"]


def test_numbers_sort_as_numbers(store):
    for number in (2, 10, 9):
        (store.root / f"als-{number}").mkdir(parents=True)
    assert store.ids() == ["als-2", "als-9", "als-10"]
    assert train(store).id == "als-11"


@pytest.mark.parametrize("name", ["../x", "a/b", "", "UP", "."])
def test_a_name_that_could_leave_the_store_is_refused(store, name):
    with pytest.raises(SpecError), begin(store, name):
        pass


def test_an_empty_or_missing_store_lists_nothing_and_says_what_to_do(store):
    assert store.runs() == [] and store.ids() == []
    with pytest.raises(NotFound, match="recsys train SPEC"):
        store.find()


def test_a_reference_is_an_id_a_name_latest_or_a_path(store):
    one, two, other = train(store), train(store), train(store, "bpr")
    assert store.find("als-1").id == one.id
    assert store.find("als").id == two.id
    assert store.find().id == store.find("latest").id == other.id
    assert store.find(str(one.path)).id == one.id
    assert Store(Path("/nowhere")).find(str(one.path)).id == one.id


def test_an_unknown_reference_names_the_nearest(store):
    train(store)
    with pytest.raises(NotFound, match="als-1") as caught:
        store.find("ald-1")
    assert caught.value.exit_code == 6


def test_a_failed_run_keeps_its_traceback_and_never_answers(store):
    whole = train(store)
    id_ = failed(store, ZeroDivisionError("too small"))
    record = json.loads((store.root / id_ / "run.json").read_text())
    assert record["status"] == "failed" and record["failure"]["type"] == "ZeroDivisionError"
    assert "Traceback" in record["failure"]["traceback"]
    assert "Traceback" in (store.root / id_ / "log.txt").read_text()
    assert store.find("als").id == store.find().id == whole.id
    with pytest.raises(NotFound, match="failed: ZeroDivisionError: too small"):
        store.find(id_)
    assert store.runs()[0].status == "failed" and "too small" in store.runs()[0].note


def test_ctrl_c_is_interrupted(store):
    id_ = failed(store, KeyboardInterrupt())
    assert [run.status for run in store.runs()] == ["interrupted"]
    with pytest.raises(NotFound, match=f"recsys train --resume {id_}"):
        store.find(id_)
    with pytest.raises(NotFound, match="no run of als is complete; als-1: the run was interrupted"):
        store.find("als")


def test_a_run_of_the_same_spec_data_and_packages_is_found(store, monkeypatch):
    prints = {"spec": "s", "data": "d"}

    def made(name: str = "als", **facts: str) -> str:
        with begin(store, name) as recorder:
            recorder.update(fingerprints=prints | facts)
            one = recorder.fold()
            one.save_model({"name": "als"}, {"x": np.zeros(1)})
        return recorder.id

    assert store.trained("als", spec="s", data="d") is None
    first, second, *_ = made(), made(), made(data="e"), made(spec="t"), made("als-x")
    with pytest.raises(ZeroDivisionError), begin(store) as recorder:
        recorder.update(fingerprints=prints)
        raise ZeroDivisionError
    found = store.trained("als", spec="s", data="d")
    assert found is not None and found.id == second != first
    (store.root / second / "model.safetensors").unlink()
    found = store.trained("als", spec="s", data="d")
    assert found is not None and found.id == first
    assert store.trained("als", spec="s", data="d", candidates="c") is None
    assert store.trained("als", spec="s", data="d", files="f") is None
    other = made(candidates="c")
    found = store.trained("als", spec="s", data="d", candidates="c")
    assert found is not None and found.id == other
    monkeypatch.setattr(_environment, "versions", lambda: {"numpy": "0"})
    assert store.trained("als", spec="s", data="d") is None


def test_a_run_is_running_while_it_is_written_and_not_a_moment_longer(store):
    with begin(store) as recorder:
        assert [run.status for run in store.runs()] == ["running"]
        with pytest.raises(NotFound, match="still being trained"):
            store.find(recorder.id)
        with pytest.raises(NotFound, match="still being trained"):
            store.find()
        recorder.fold().save_model({"name": "als"}, {})
    assert [run.status for run in store.runs()] == ["complete"]


def test_many_listings_at_once_never_take_each_other_for_a_trainer(store):
    failed(store, KeyboardInterrupt())
    look = (
        "import sys, pathlib; from recsys_cli.runs import Store\n"
        "for _ in range(150):\n"
        "    assert Store(pathlib.Path(sys.argv[1])).runs()[0].status == 'interrupted'"
    )
    lookers = [subprocess.Popen([sys.executable, "-c", look, store.root]) for _ in range(4)]
    assert [process.wait() for process in lookers] == [0] * 4


def test_listing_is_newest_first_and_shows_metrics(store):
    run = train(store)
    train(store, "bpr")
    run.commit_evaluation({"1": evaluated(0.25)})
    second, first = store.runs()
    assert (first.id, second.id) == ("als-1", "bpr-1")
    assert first.metrics == {"ndcg@10": 0.25} and first.headline == "ndcg@10 0.2500"
    assert (first.model, first.dataset, first.note) == ("als", "synthetic", None)
    assert second.metrics == {} and second.headline == ""


def test_foreign_files_and_folders_are_no_runs(store):
    train(store)
    (store.root / "notes").mkdir()
    (store.root / ".cache").mkdir()
    (store.root / "als-9").write_text("a file")
    assert store.ids() == ["als-1"]


def test_a_copied_run_answers_under_its_new_name_and_elsewhere(store, tmp_path):
    run = train(store)
    shutil.copytree(run.path, store.root / "best")
    shutil.copytree(run.path, tmp_path / "elsewhere")
    shutil.rmtree(run.path)
    assert store.find("best").id == "best"
    assert store.find(str(tmp_path / "elsewhere")).fold().catalog.users.ids[0] == "1"
    assert {run.id for run in store.runs()} == {"best"}


def test_a_newer_folder_is_told_from_a_damaged_one(store):
    run = train(store)
    record = json.loads((run.path / "run.json").read_text()) | {"schema_version": 99}
    (run.path / "run.json").write_text(json.dumps(record))
    with pytest.raises(DataError, match="newer recsys") as caught:
        store.find(run.id)
    assert caught.value.hint == "pip install -U recsys-cli"
    assert [run.status for run in store.runs()] == ["newer"]


def test_a_full_disk_is_said_and_leaves_no_run_and_no_rubbish(store, monkeypatch):
    from recsys_cli.runs import _atomic

    def full(path):
        raise OSError(28, "No space left on device")

    with (
        pytest.raises(OutOfResources, match="free some disk space") as caught,
        begin(store) as recorder,
    ):
        monkeypatch.setattr(_atomic, "sync", full)
        recorder.fold().save_model({"name": "als"}, {})
    assert caught.value.exit_code == 7
    monkeypatch.undo()
    assert [run.status for run in store.runs()] == ["interrupted"]  # no room to say more
    assert not list(store.root.rglob("*.tmp"))
    assert train(store).id == "als-2"


def test_a_disk_that_fills_up_at_the_commit_leaves_no_complete_run(store, monkeypatch):
    from recsys_cli.runs import _manifest

    def full(path, data):
        raise OutOfResources("full")

    with pytest.raises(OutOfResources), begin(store) as recorder:
        recorder.fold().save_model({"name": "als"}, {})
        monkeypatch.setattr(_manifest, "atomic_write", full)
    assert [run.status for run in store.runs()] == ["failed"]


def test_a_store_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutOfResources), begin(Store(tmp_path / "file")):
        pass
    assert Store(tmp_path / "file").runs() == []


def test_listing_and_showing_import_nothing_heavy(store):
    run = train(store)
    run.commit_evaluation({"1": evaluated()})
    code = (
        "import sys, pathlib; from recsys_cli.runs import Store\n"
        "store = Store(pathlib.Path(sys.argv[1])); store.runs(); run = store.find()\n"
        "run.record, run.metrics, run.spec_document, run.fold().history, run.fold_names\n"
        "heavy = {'numpy', 'pydantic', 'psutil', 'pyarrow', 'safetensors', 'rich', 'typer'}\n"
        "print(*heavy & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code, store.root], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_the_record_tells_where_and_how_it_happened(store):
    run = train(store)
    record = run.record
    assert record["argv"] == ["recsys"] and record["seed"] == 42 and record["status"] == "complete"
    assert record["created"] <= record["finished"]
    environment = record["environment"]
    assert environment["peak_memory_bytes"] > 1 << 20
    assert environment["versions"]["numpy"] and environment["cpu"]["threads"] >= 1
    assert {"python", "platform", "git", "blas"} <= set(environment)
    assert isinstance(run, Run)


CHILDLESS = """
import sys
from pathlib import Path
from recsys_cli.runs import Store
from recsys_cli.runs._lock import held
from tests.runs.conftest import train

store = Store(Path(sys.argv[1]))

def hook(event, _):
    if event in ("subprocess.Popen", "os.fork", "os.posix_spawn"):
        assert not any(held(store.root / id_) for id_ in store.ids()), event

sys.addaudithook(hook)
train(store)
"""


def test_no_child_is_started_while_a_run_is_locked(tmp_path):
    """It would inherit the lock, and keep a killed run looking alive."""
    command = [sys.executable, "-c", CHILDLESS, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
    assert Store(tmp_path).find().id == "als-1"


def test_a_run_that_lost_its_manifest_is_damaged_and_not_a_dead_run(store):
    run = train(store)
    run.commit_evaluation({"1": evaluated()})
    (run.path / "MANIFEST.json").unlink()
    (found,) = store.runs()
    assert (found.status, found.note) == ("damaged", "MANIFEST.json: the file is missing")
