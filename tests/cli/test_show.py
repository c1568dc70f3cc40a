"""``runs``, ``show`` and ``compare``: what is read, and what is said of what cannot be."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from recsys_cli.runs import Store
from tests.cli.conftest import SMALL


@pytest.fixture
def copy(store, tmp_path, monkeypatch) -> Path:
    """A copy of the runs, to be damaged."""
    folder = shutil.copytree(store.root, tmp_path / "copy")
    monkeypatch.setenv("RECSYS_RUNS", str(folder))
    return folder


def test_an_empty_folder_lists_nothing_and_says_what_to_do(recsys, tmp_path):
    result = recsys("runs", "--runs", tmp_path / "none")
    assert (result.code, result.out) == (0, "") and "recsys run configs/als.yaml" in result.err
    assert recsys("runs", "--runs", tmp_path / "none", "--json").document == []
    assert recsys("show", "--runs", tmp_path / "none").code == 6


def test_every_run_is_listed(runs, recsys):
    listed = recsys("runs", "--json").document
    assert {run["id"] for run in listed} == set(runs.ids())
    out = recsys("runs").out
    assert all(id_ in out for id_ in runs.ids()) and "ndcg@10 0." in out


def test_a_run_is_shown(runs, recsys):
    out = recsys("show", "als").out
    for text in ("als-1", "synthetic", "spec hash", "95% interval", "Training", "epoch"):
        assert text in out
    shown = recsys("show", "als", "--json").document
    assert shown["record"]["id"] == "als-1" and "ndcg@10" in shown["metrics"]["metrics"]


def test_the_audit_of_leakage_is_shown_as_short_as_it_is(runs, recsys):
    out = recsys("show", "als").out
    assert "What training knows of the test part" in out
    assert "test interactions precede a training one of anyone" in out
    assert "repeat a user and item" not in out
    made = json.loads((runs.root / "folds-1" / "metrics.json").read_text())["folds"]
    early = sum(f["leakage"][0]["count"] for f in made.values())
    assert (
        f"│ expected │    {early:,} │ 1,500 │ test interactions precede"
        in recsys("show", "folds").out
    )


def test_without_findings_the_audit_is_one_line(recsys, write, tmp_path):
    data = {**SMALL, "users": 12, "interactions": 300}
    split = {"name": "temporal", "test": 0.1}
    spec = write(
        "past", dataset=data, split=split, evaluation={"users": "warm", "metrics": ["ndcg@5"]}
    )
    ran = recsys("run", spec, "--runs", tmp_path / "own")
    shown = recsys("show", "past", "--runs", tmp_path / "own")
    findings = shown.code, "What training knows" in shown.out
    assert findings == (0, False), shown.out
    assert "Leakage audit: nothing found." in ran.err and "Leakage audit: nothing" in shown.err


def test_seeds_are_named_in_the_record_and_shown(recsys, write, tmp_path):
    spec = write("drawn", seeds=[3, 1], model={"name": "popular"})
    assert recsys("run", spec, "--runs", tmp_path / "own").code == 0
    shown = recsys("show", "drawn", "--runs", tmp_path / "own")
    assert "3, 1 of split and model; 42 of the data's preparation" in shown.out
    record = recsys("show", "drawn", "--runs", tmp_path / "own", "--json").document["record"]
    assert (record["seed"], record["seeds"]) == (42, [3, 1])


def test_values_among_candidates_carry_their_warning(recsys, write, tmp_path):
    asked = {"metrics": ["ndcg@10"], "candidates": {"sampled": 10}}
    folder = tmp_path / "own"
    spec = write("short", model={"name": "popular"}, evaluation=asked)
    assert recsys("run", spec, "--runs", folder).code == 0
    shown = recsys("show", "short", "--runs", folder)
    warning = "Warning: relevant items are ranked only among short lists"
    assert warning in shown.err and "full ranking" in shown.out
    entry = recsys("show", "short", "--runs", folder, "--json").document["metrics"]["metrics"]
    value, full = entry["ndcg@10"]["value"], entry["ndcg@10"]["full"]["value"]
    assert value > full
    assert f"ndcg@10 {value:.4f} (full {full:.4f})" in recsys("runs", "--runs", folder).out
    assert recsys("compare", "short", "short", "--runs", folder).err.count(warning) == 1


def test_a_run_of_folds_is_shown(runs, recsys):
    result = recsys("show", "folds-mf", "--fold", "2")
    assert result.code == 0
    assert "mean ± std" in result.out and "fold 3" in result.out
    assert "Training, fold 2" in result.out


def test_what_a_fit_found_is_shown(recsys, write, tmp_path):
    model = {"name": "ensemble", "models": [{"name": "popular"}, {"name": "random"}]}
    assert recsys("train", write("both", model=model), "--runs", tmp_path).code == 0
    weights = Store(tmp_path).find("both").fold().model_arrays()["weights"]
    shown = recsys("show", "both", "--runs", tmp_path).out
    assert f"weight of popular {weights[0]:.3g}, weight of random {weights[1]:.3g}" in shown


def test_a_run_not_evaluated_yet_is_shown_with_the_next_command(runs, recsys):
    result = recsys("show", "bare")
    assert result.code == 0 and "Not evaluated yet. Next: recsys evaluate bare-1" in result.err


def test_factors(runs, recsys):
    found = recsys("show", "als", "--factors", "-k", "2", "--json").document
    assert [len(items) for items in found] == [2] * 8
    assert recsys("show", "als", "--factors").out.count("Factor ") == 8
    result = recsys("show", "popular", "--factors")
    assert result.code == 2 and "popular has no factors" in result.err


def test_an_unknown_run_or_fold_prints_nothing_but_the_error(runs, recsys):
    for words, says in ([["asl"], "nearest: als"], [["folds", "--fold", "9"], "its folds: 1, 2"]):
        result = recsys("show", *words)
        assert (result.code, result.out) == (6, "") and says in result.err


def test_a_damaged_model_exits_5(copy, recsys):
    model = copy / "als-1" / "model.safetensors"
    data = bytearray(model.read_bytes())
    data[-1] ^= 1
    model.write_bytes(data)
    for words in (
        ["evaluate", "als-1"],
        ["recommend", "als-1", "--user", "19"],
        ["show", "als-1", "--verify"],
    ):
        result = recsys(*words)
        assert result.code == 5 and "model.safetensors: the file has changed" in result.err
        assert len(result.err.splitlines()) <= 4
    model.write_bytes(b"cut")
    assert recsys("show", "als-1").code == 5
    assert "damaged" in recsys("runs").out


def test_damaged_metrics_exit_5_and_evaluating_again_mends_them(copy, recsys):
    (copy / "als-1" / "metrics.json").write_text("{")
    shown = recsys("show", "als")
    assert (shown.code, shown.out) == (5, "") and "metrics.json: the file is damaged" in shown.err
    assert recsys("compare", "als", "popular").code == 5
    assert recsys("evaluate", "als").code == 0
    assert recsys("compare", "als", "popular").code == 0


def test_compare(runs, recsys):
    result = recsys("compare", "als", "popular")
    assert result.code == 0 and result.out.startswith("Against als-1\n")
    rows = recsys("compare", "als", "popular", "--json").document
    assert [(row["metric"], row["run"]) for row in rows[:2]] == [
        ("ndcg@10", "als-1"),
        ("ndcg@10", "popular-1"),
    ]
    assert rows[0]["p_value"] is None and 0 <= rows[1]["p_value"] <= 1


def test_compare_runs_of_folds(runs, recsys):
    rows = recsys("compare", "folds", "folds-mf", "--json").document
    assert [row["metric"] for row in rows] == ["rmse", "rmse"]
    assert rows[1]["users"] == 60


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["als"], 2, "compare takes two runs or more"),
        (["als", "bare"], 6, "bare-1: the run is not evaluated yet\nrecsys evaluate bare-1"),
        (["als", "strangers"], 5, "the test set of strangers-1 is not that of als-1"),
        (["als", "folds", "--any-test-set"], 2, "the runs share no metric"),
        (["als", "none"], 6, 'there is no run "none"'),
    ],
)
def test_what_cannot_be_compared(runs, recsys, words, code, says):
    result = recsys("compare", *words)
    assert (result.code, result.out) == (code, "") and says in result.err


def test_different_test_sets_are_compared_when_allowed(runs, recsys):
    rows = recsys("compare", "als", "strangers", "--any-test-set", "--json").document
    assert len({row["users"] for row in rows}) == 1 and rows[0]["users"] < 60


def test_a_run_read_from_a_folder_that_cannot_be_written(copy, recsys):
    for path in [*copy.rglob("*"), copy]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        for words in (["runs"], ["show", "als"], ["recommend", "als", "--user", "19"]):
            assert recsys(*words).code == 0
    finally:
        for path in [copy, *copy.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)


def test_latest_is_the_newest_complete_run(copy, recsys):
    (copy / "zzz-1").mkdir()
    newest = Store(copy).find("latest").id
    assert recsys("show", "--json").document["record"]["id"] == newest
    assert recsys("show", "zzz").code == 6
