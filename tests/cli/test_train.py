"""``train``, ``evaluate`` and ``run``: what is left behind, what is printed, what goes wrong."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

from recsys_cli.models import _sgd
from recsys_cli.runs import Store
from tests.cli.conftest import RATED, SMALL

MORE = {"name": "synthetic", "users": 400, "items": 300, "interactions": 12_000}


def test_the_three_commands_one_after_the_other(write, recsys):
    spec = write("als")
    trained = recsys("train", spec)
    assert (trained.code, trained.out) == (0, "als-1\n")
    assert "Next: recsys evaluate als-1" in trained.err
    evaluated = recsys("evaluate", "als")
    assert evaluated.code == 0 and "ndcg@10" in evaluated.out
    recommended = recsys("recommend", "--user", "19", "-k", "10")
    assert recommended.code == 0 and "Top 10 for user 19" in recommended.out


def test_run_does_all_of_it_for_several_specs(write, recsys):
    specs = [write(name, recommend={"users": ["19", "20"], "k": 3}) for name in ("a", "b")]
    result = recsys("run", *specs, "--set", "model.epochs=2", "--runs", "elsewhere")
    assert result.code == 0
    assert result.out.count("Top 3 for user") == 4
    assert "Next: recsys show elsewhere/b-1" in result.err
    store = Store(Path("elsewhere"))
    assert [store.find(name).spec_document["model"]["epochs"] for name in "ab"] == [2, 2]
    assert recsys("show", "elsewhere/b-1").code == 0


def test_data_go_to_standard_output_and_notes_elsewhere(write, recsys):
    spec = write("als")
    trained = recsys("train", spec, "--json")
    assert trained.document == ["als-1"] and "1,500 interactions" in trained.err
    evaluated = recsys("evaluate", "--json")
    assert set(evaluated.document["metrics"]) == {"ndcg@10", "recall@10"}


def test_all_specs_are_checked_before_the_first_is_trained(write, recsys):
    good, wrong = write("good"), write("wrong", evaluation={"metrics": ["rmse"]})
    result = recsys("train", good, wrong)
    assert result.code == 2
    assert result.err.startswith("error: wrong.yaml:1:")
    assert "evaluation.metrics: rmse needs" in result.err
    assert Store(Path("runs")).ids() == []


def test_a_setting_is_checked_like_the_file(write, recsys):
    result = recsys("train", write("als"), "--set", "model.factrs=3")
    assert result.code == 2 and 'did you mean "factors"?' in result.err


def test_divergence_exits_4_and_leaves_a_failed_run_with_its_traceback(write, recsys):
    spec = write("mf", **RATED, model={"name": "mf", "lr": 1000.0})
    result = recsys("train", spec)
    assert result.code == 4 and "diverged in epoch 1" in result.err
    (listed,) = recsys("runs", "--json").document
    assert listed["status"] == "failed"
    assert "Traceback" in Path("runs/mf-1/log.txt").read_text()
    assert len([line for line in recsys("runs").out.splitlines() if "mf" in line]) == 1


@pytest.fixture
def csv(write, recsys):
    """A run on a file, which the test may then change."""
    chance = random.Random(3)
    cells = chance.sample(range(30 * 20), 300)
    rows = [f"u{cell // 20},i{cell % 20},{chance.randint(1, 5)}" for cell in cells]
    data = Path("data.csv")
    spec = write(
        "csv",
        dataset={"name": "delimited", "path": "data.csv"},
        split={"name": "random", "test": 0.2},
    )
    data.write_text("\n".join(["user,item,rating", *rows, ""]))
    assert recsys("train", spec).code == 0
    return data


def test_a_run_whose_data_changed_is_not_evaluated(csv, recsys):
    text = csv.read_text()
    csv.write_text(text.replace(",5\n", ",4\n", 1))
    result = recsys("evaluate")
    assert result.code == 5
    assert "csv-1: the data are not those that the run was trained on" in result.err
    csv.write_text(text)
    assert recsys("evaluate").code == 0


def test_a_run_recommends_without_its_data_wherever_it_lies(csv, recsys):
    before = recsys("recommend", "--user", "u1", "--json").document
    shutil.copytree("runs/csv-1", "else/where")
    shutil.rmtree("runs")
    csv.unlink()
    result = recsys("recommend", "else/where", "--user", "u1", "--json")
    assert result.code == 0 and result.document == before
    assert recsys("evaluate", "else/where").code == 6
    titles = recsys("recommend", "else/where", "--user", "u1").out
    assert "title" not in titles and "i" in titles


@pytest.mark.parametrize(
    ("name", "blocks"),
    [
        ("als", {"model": {"name": "als", "factors": 16, "epochs": 3}}),
        ("mf", {**RATED, "model": {"name": "mf", "factors": 16, "epochs": 3}}),
        ("mf-als", {**RATED, "model": {"name": "mf", "solver": "als", "epochs": 3}}),
        ("bpr", {"model": {"name": "bpr", "factors": 16, "epochs": 3}}),
    ],
)
def test_the_same_bits_twice_and_at_any_number_of_threads(write, recsys, monkeypatch, name, blocks):
    # Else so few rows would be one block, which no number of threads divides.
    monkeypatch.setattr(_sgd, "_ROWS_A_DIAGONAL", 1_000)
    spec = write(name, **{"dataset": MORE, **blocks})
    for threads in (1, 1, 2, 3):
        assert recsys("train", spec, "--threads", threads).code == 0
        assert recsys("evaluate", name, "--threads", threads).code == 0
    folders = [Path(f"runs/{name}-{number}") for number in (1, 2, 3, 4)]
    manifests = [json.loads((folder / "MANIFEST.json").read_text()) for folder in folders]
    for file in ("model.safetensors", "catalog/history.safetensors"):
        assert len({manifest["files"][file]["sha256"] for manifest in manifests}) == 1
    assert len({(folder / "metrics.json").read_bytes() for folder in folders}) == 1


def test_the_best_epoch_is_kept_and_the_model_refitted_on_all_but_the_test_part(write, recsys):
    train = {"monitor": "rmse", "patience": 2, "refit": True}
    spec = write("mon", **RATED, model={"name": "mf"}, train=train)
    result = recsys("run", spec)
    assert result.code == 0
    shown = recsys("show", "--json").document["record"]
    best = shown["best_epochs"]["1"]
    lines = Path("runs/mon-1/history.jsonl").read_text().splitlines()
    epochs = [json.loads(line) for line in lines]
    values = [epoch["rmse"] for epoch in epochs]
    assert best == {"epoch": values.index(min(values)) + 1, "monitor": "rmse", "value": min(values)}
    assert len(epochs) == best["epoch"] + 2 < 80
    rows = SMALL["interactions"]
    assert f"learned from {rows - rows // 5:,} interactions" in result.err
    assert f"{best['epoch']} (rmse {best['value']:.4f})" in recsys("show").out


def test_watching_more_rarely_than_there_are_epochs_is_refused(write, recsys):
    train = {"monitor": "rmse", "every": 10}
    spec = write("mon", **RATED, model={"name": "mf", "epochs": 5}, train=train)
    result = recsys("check", spec)
    assert result.code == 2 and "none of the model's 5 epochs would" in result.err
