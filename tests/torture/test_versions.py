"""Run folders of each earlier layout: read as they were written, or told to be of a newer recsys.

``versions/ERA.zip`` holds two runs each that recsys made of one spec in its time: ``old-1`` (als)
and ``old-folds-1`` (bias, two folds).

first
    The first layout: ids on one line, no checksums of parts.
audited
    Metrics name their interval's method and the leaks found; test pairs are kept.
by-parts
    Files of arrays have checksums of their parts, ids a line each; no file is sealed.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load

from recsys_cli.errors import DamagedRun, DataError
from recsys_cli.runs import Store
from tests.cli.conftest import recsys as recsys

ERAS = ("first", "audited", "by-parts")
VERSIONS = Path(__file__).with_name("versions")


@pytest.fixture(params=ERAS)
def store(request, tmp_path, monkeypatch) -> Store:
    with zipfile.ZipFile(VERSIONS / f"{request.param}.zip") as packed:
        packed.extractall(tmp_path)
    monkeypatch.setenv("RECSYS_RUNS", str(tmp_path))
    return Store(tmp_path)


def column(run: Path, kind: str) -> list[str]:
    return json.loads((run / "catalog" / f"{kind}.json").read_text("utf-8"))["id"]


def best(scores: np.ndarray, ids: list[str], k: int) -> list[str]:
    return [ids[at] for at in np.argsort(-scores, kind="stable")[:k]]


def test_runs_and_show_tell_what_the_files_hold(store, recsys):
    listed = {run["id"]: run for run in recsys("runs", "--json").document}
    assert set(listed) == {"old-1", "old-folds-1"}
    for id_, run in listed.items():
        written = json.loads((store.root / id_ / "metrics.json").read_text("utf-8"))["metrics"]
        assert run["status"] == "complete" and run["note"] is None
        assert run["metrics"] == {name: entry["value"] for name, entry in written.items()}
        shown = recsys("show", id_, "--verify")
        assert shown.code == 0 and all(
            f"{entry['value']:.4f}" in shown.out for entry in written.values()
        )
        assert recsys("show", id_, "--json").document["metrics"]["metrics"] == written


def test_recommend_and_similar_are_the_stored_factors(store, recsys):
    run = store.root / "old-1"
    arrays = load((run / "model.safetensors").read_bytes())
    history = load((run / "catalog" / "history.safetensors").read_bytes())
    items, users = column(run, "items"), column(run, "users")
    p, q = arrays["user_factors"], arrays["item_factors"]
    for user in (0, 7, 19):
        scores = p[user] @ q.T
        for prefix in ("", "validation_"):
            start, stop = history[f"{prefix}indptr"][user : user + 2]
            scores[history[f"{prefix}item_idx"][start:stop]] = -np.inf
        (found,) = recsys("recommend", "old-1", "-u", users[user], "-k", 3, "--json").document
        assert [one["item"] for one in found["items"]] == best(scores, items, 3)
    unit = q / np.linalg.norm(q, axis=1, keepdims=True)
    near = unit @ unit[4]
    near[4] = -np.inf
    found = recsys("similar", "old-1", "--item", items[4], "-k", 3, "--json").document
    assert [one["item"] for one in found] == best(near, items, 3)
    (popular,) = recsys("recommend", "old-1", "-u", "nobody", "-k", 3, "--json").document
    assert popular["note"] and [one["item"] for one in popular["items"]] == best(
        arrays["item_counts"].astype(float), items, 3
    )


def test_compare_takes_them_beside_each_other_and_beside_folds(store, recsys):
    found = recsys("compare", "old-1", str(store.root / "old-1"), "--json")
    assert found.code == 0 and all(not one["difference"] for one in found.document)
    assert recsys("compare", "old-folds-1", "old-folds-1").code == 0
    assert recsys("show", "old-folds-1", "--fold", "2").code == 0
    assert recsys("recommend", "old-folds-1", "-u", "1", "--fold", "2").code == 0


def test_they_are_evaluated_anew_unless_the_data_are_made_otherwise_now(store, recsys):
    before = store.find("old-1").metrics["metrics"]
    done = recsys("evaluate", "old-1")
    after = store.find("old-1").metrics["metrics"]
    if done.code == DataError.exit_code:
        assert "the data are not those that the run was trained on" in done.err and after == before
        return
    assert done.code == 0
    for name, entry in after.items():
        assert entry["value"] == pytest.approx(before[name]["value"], rel=1e-9)


@pytest.mark.parametrize("version", [2, 99])
@pytest.mark.parametrize("name", ["run.json", "metrics.json"])
def test_what_a_newer_recsys_wrote_is_said_to_be(store, recsys, version, name):
    path = store.root / "old-1" / name
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema_version": version}))
    (listed,) = [run for run in recsys("runs", "--json").document if run["id"] == "old-1"]
    assert "written by a newer recsys" in listed["note"]
    assert name == "metrics.json" or listed["status"] == "newer"
    for words in (("show", "old-1"), ("compare", "old-folds-1", "old-1")):
        said = recsys(*words)
        assert said.code == DataError.exit_code and "pip install -U recsys-cli" in said.err
        assert f"{name}: written by a newer recsys (schema {version}" in said.err


def test_what_no_version_is_is_damage(store):
    path = store.root / "old-1" / "run.json"
    for version in (0, -1, "1", 1.0, None, True):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"schema_version": version}))
        with pytest.raises(DamagedRun, match="has no schema_version"):
            store.find("old-1")
