"""The store under fire: killed, crowded and garbled."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recsys_cli.errors import DataError, RecsysError
from recsys_cli.runs import Run, Store
from tests.runs.conftest import evaluated, train

HOUSE = Path(__file__).parents[2]


def worker(root: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.runs.worker", str(root), *options]
    return subprocess.Popen(command, cwd=HOUSE, stdout=subprocess.PIPE, text=True)


def read_all(run: Run) -> None:
    _ = run.spec_document, run.record["environment"], run.metrics
    for name in run.fold_names:
        fold = run.fold(name)
        _ = fold.model_config, fold.model_arrays(), fold.history, fold.catalog.titles
        everyone = np.arange(len(fold.catalog.users), dtype=np.int32)
        assert fold.catalog.seen(everyone).n_cols == len(fold.catalog.items)
        if run.metrics is not None:
            assert len(set(fold.per_user()["ndcg@10"])) == 1
    run.verify()


def check(store: Store) -> None:
    """Nothing runs, nothing is damaged, and what is complete reads and can be evaluated again."""
    for summary in store.runs():
        assert summary.status in ("complete", "interrupted"), summary
        if summary.status == "complete":
            run = store.find(summary.id)
            read_all(run)
            if len(run.fold_names) == 1:
                run.commit_evaluation({"1": evaluated(0.125)})
                read_all(run)
    if store.ids():
        assert store.find("latest").id == store.find("als").id


def check_after_kills(root: Path, chance: random.Random, times: int) -> None:
    for _ in range(times):
        process = worker(root)
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0, 0.25))
        process.kill()
        process.communicate()
        check(Store(root))
        for run in Store(root).ids()[:-3]:
            shutil.rmtree(root / run)


def test_killed_at_random_moments_the_store_lists_and_every_run_is_whole_or_absent(tmp_path):
    check_after_kills(tmp_path, random.Random(1), 12)


@pytest.mark.slow
def test_killed_at_fifty_random_moments(tmp_path):
    check_after_kills(tmp_path, random.Random(2), 50)


@pytest.mark.slow
def test_killed_at_every_single_write(tmp_path):
    for count in range(48):  # a run of two folds waits for the disk 36 times, an evaluation 6 times
        process = worker(tmp_path / str(count), "--die-at", str(count))
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        check(Store(tmp_path / str(count)))


def test_sixteen_processes_at_once_make_sixteen_complete_runs(tmp_path):
    processes = [worker(tmp_path, "--once") for _ in range(16)]
    ids = {process.communicate()[0].strip() for process in processes}
    assert ids == {f"als-{number}" for number in range(1, 17)}
    assert [run.status for run in Store(tmp_path).runs()] == ["complete"] * 16
    check(Store(tmp_path))


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    run = train(Store(tmp_path_factory.mktemp("whole")), folds=("1", "2"))
    found = dict.fromkeys(run.fold_names, evaluated(0.5))
    run.commit_evaluation(found, {"metrics": {"ndcg@10": {"value": 0.5}}})
    return run.path


FILES = [
    "spec.yaml",
    "run.json",
    "MANIFEST.json",
    "metrics.json",
    "fold-1/model.safetensors",
    "fold-1/history.jsonl",
    "fold-2/catalog/users.json",
    "fold-2/catalog/items.json",
    "fold-2/catalog/history.safetensors",
]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    name=st.sampled_from([*FILES, "per_user"]),
    how=st.sampled_from(["cut", "flip", "replace", "remove", "folder"]),
    place=st.floats(0, 0.999),
    rubbish=st.binary()
    | st.sampled_from([b"[" * 100_000, b"{}", b"null", b'{"schema_version": 1}']),
)
def test_a_garbled_file_is_told_and_never_a_crash(
    whole, tmp_path_factory, name, how, place, rubbish
):
    store = Store(tmp_path_factory.mktemp("store"))
    folder = shutil.copytree(whole, store.root / "als-1")
    path = next(folder.glob("fold-1/per_user-*")) if name == "per_user" else folder / name
    garble(path, how, place, rubbish)
    (summary,) = store.runs()
    try:
        read_all(store.find("als-1"))
    except RecsysError as error:
        assert isinstance(error, DataError) or summary.status == "interrupted", error
        return
    # What nothing guards is the record; JSON that still holds what is needed is no damage.
    assert name in ("run.json", "metrics.json") or path.read_bytes() == (whole / name).read_bytes()


def garble(path: Path, how: str, place: float, rubbish: bytes) -> None:
    data = path.read_bytes()
    at = int(place * len(data))
    path.unlink()
    if how == "cut":
        path.write_bytes(data[:at])
    elif how == "flip":
        path.write_bytes(data[:at] + bytes([data[at] ^ (1 + at % 255)]) + data[at + 1 :])
    elif how == "replace":
        path.write_bytes(rubbish)
    elif how == "folder":
        path.mkdir()
