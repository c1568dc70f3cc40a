"""Garbled files: told, and never a crash."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recsys_cli.errors import DataError, RecsysError
from recsys_cli.runs import Run, Store
from tests.runs.conftest import evaluated, train

HOUSE = Path(__file__).parents[2]


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
