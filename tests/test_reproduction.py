"""Running a run again: the same bits, nearly so or not, and what is said of the reasons."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recsys_cli import experiment
from recsys_cli.circumstances import differences
from recsys_cli.errors import DamagedRun, MissingExtra, NotFound, SplitMismatch
from recsys_cli.listener import SILENT
from recsys_cli.models.popular import Popular
from recsys_cli.reproduction import Reproduction, reproduce
from recsys_cli.runs import Run, Store
from recsys_cli.spec import ExperimentSpec
from tests.conftest import forge

SMALL = {"name": "synthetic", "users": 60, "items": 50, "interactions": 1500}


def spec(**blocks: Any) -> ExperimentSpec:
    document = {"name": "x", "dataset": SMALL, "split": {"name": "leave-last"}}
    return ExperimentSpec.model_validate(document | {"model": {"name": "popular"}} | blocks)


def made(root: Path, *, evaluated: bool = True, **blocks: Any) -> Run:
    run = experiment.train(spec(**blocks), Store(root), SILENT, argv=[])
    if evaluated:
        experiment.evaluate(run, SILENT)
    return run


def again(run: Run, **options: Any) -> Reproduction:
    return reproduce(run, SILENT, argv=[], **options)


def content(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def forged(run: Run, fingerprint: str, value: Any) -> Run:
    """Return the run with another fingerprint in its record."""
    change = {fingerprint: value}
    forge(run.path / "run.json", lambda record: record["fingerprints"].update(change))
    return Run(run.path)


def test_the_same_machine_gives_identical_bits_and_leaves_the_run_alone(tmp_path):
    run = made(tmp_path, split={"name": "leave-last", "validation": 1}, model={"name": "bias"})
    before = content(tmp_path)
    found = again(run)
    assert found.verdict == "identical" and found.changes == []
    assert found.arrays == len(run.fold().model_arrays()) and found.metrics == 2
    assert found.kept is None and content(tmp_path) == before
    assert [one for one in found.differences if one.name != "uncommitted changes"] == []


def test_the_new_run_is_kept_when_asked_for(tmp_path):
    run = made(tmp_path)
    found = again(run, store=Store(tmp_path))
    assert found.kept == "x-2" and Store(tmp_path).find("x-2").metrics == run.metrics


def test_folds_are_compared_each(tmp_path):
    run = made(tmp_path, split={"name": "k-fold", "k": 3})
    found = again(run)
    assert found.verdict == "identical" and found.metrics == 6


def test_a_trial_that_trained_on_the_first_folds_trains_on_no_more(tmp_path):
    asked = spec(split={"name": "k-fold", "k": 3})
    prepared = experiment.prepare(asked, SILENT)
    first = list(islice(experiment.splits(asked, prepared.dataset), 2))
    run = experiment.train(asked, Store(tmp_path), SILENT, argv=[], folds=first)
    found = again(run, store=Store(tmp_path))
    assert found.verdict == "identical" and Store(tmp_path).find("x-2").fold_names == ("1", "2")


def test_a_run_not_evaluated_compares_the_model_alone(tmp_path):
    found = again(made(tmp_path, evaluated=False))
    assert found.verdict == "identical" and found.arrays > 0 and found.metrics == 0


@pytest.mark.parametrize(
    ("factor", "verdict"), [(1 + 1e-3, "within tolerance"), (1.5, "different")]
)
def test_what_differs_is_named_with_its_size(tmp_path, monkeypatch, factor, verdict):
    run = made(tmp_path)
    arrays = Popular.arrays
    monkeypatch.setattr(
        Popular, "arrays", lambda self: scaled(arrays(self), "item_scores", factor), raising=True
    )
    found = again(run)
    assert found.verdict == verdict
    (change,) = found.changes  # scores times a constant rank the same, so no metric moved
    assert (change.kind, change.name, change.fold) == ("array", "item_scores", "1")
    assert change.relative == pytest.approx(factor - 1, rel=1e-3)
    assert again(run, tolerance=0.6).verdict == "within tolerance"
    assert again(run, tolerance=1e-4).verdict == "different"


def scaled(arrays: dict[str, Any], name: str, factor: float) -> dict[str, Any]:
    return arrays | {name: np.asarray(arrays[name] * np.float32(factor))}


def test_metrics_that_move_are_named_with_both_values(tmp_path, monkeypatch):
    run = made(tmp_path)
    arrays = Popular.arrays
    monkeypatch.setattr(Popular, "arrays", lambda self: scaled(arrays(self), "item_scores", -1.0))
    found = again(run)
    moved = {one.name: one for one in found.changes if one.kind == "metric"}
    assert found.verdict == "different" and set(moved) == {"ndcg@10", "recall@10"}
    assert run.metrics is not None
    then = run.metrics["metrics"]["ndcg@10"]["value"]
    change = moved["ndcg@10"]
    assert float(change.then) == then
    assert change.relative == pytest.approx(abs(float(change.now) - then) / then)


def test_an_array_of_another_shape_has_no_relative_difference(tmp_path, monkeypatch):
    run = made(tmp_path)
    arrays = Popular.arrays
    monkeypatch.setattr(Popular, "arrays", lambda self: arrays(self) | {"more": np.ones(3)})
    (change,) = again(run).changes
    assert (change.then, change.now, change.relative) == ("none", "float64 (3,)", None)
    assert again(run, tolerance=1e9).verdict == "different"


@pytest.fixture
def own(tmp_path, monkeypatch) -> Run:
    """A run on a file, which tests change."""
    monkeypatch.setenv("RECSYS_CACHE", str(tmp_path / "cache"))
    rows = [f"u{u},i{(u + step) % 7},{1 + step}" for u in range(9) for step in range(4)]
    file = tmp_path / "own.csv"
    file.write_text("user,item,rating\n" + "\n".join(rows) + "\n")
    data = {"name": "delimited", "path": str(file), "scale": [1, 5]}
    return made(tmp_path / "runs", dataset=data, split={"name": "random"})


def test_other_data_are_told_before_anything_is_trained(own, tmp_path, monkeypatch):
    monkeypatch.setattr(experiment, "train", lambda *_, **__: pytest.fail("trained"))
    with (tmp_path / "own.csv").open("a") as file:
        file.write("u9,i1,3\n")
    with pytest.raises(SplitMismatch, match="the source files are others") as raised:
        again(own)
    assert raised.value.where == "x-1" and raised.value.exit_code == 5


def test_data_that_are_gone_are_not_found(own, tmp_path):
    (tmp_path / "own.csv").unlink()
    with pytest.raises(NotFound, match=r"own\.csv"):
        again(own)


def test_a_change_of_what_reads_or_splits_the_same_data_is_told_apart(tmp_path):
    run = made(tmp_path)
    splits = run.record["fingerprints"]["split"]
    with pytest.raises(SplitMismatch, match="fold 1 is split otherwise\nsince then: "):
        again(forged(run, "split", dict.fromkeys(splits, "0")))
    with pytest.raises(SplitMismatch, match="source files are the same, so what reads or prepares"):
        again(forged(run, "data", "0"))


def test_a_damaged_run_is_no_measure(tmp_path):
    run = made(tmp_path)
    table = next(run.path.glob("per_user-*.parquet"))
    table.write_bytes(table.read_bytes()[:-1] + b"x")
    with pytest.raises(DamagedRun):
        again(run)


def test_a_missing_extra_leaves_nothing_behind(tmp_path, monkeypatch):
    run = made(tmp_path)

    def fit(*_: Any, **__: Any) -> None:
        raise MissingExtra("torch", "neural")

    monkeypatch.setattr(Popular, "fit", fit)
    before = content(tmp_path)
    with pytest.raises(MissingExtra, match="torch is not installed"):
        again(run)
    assert content(tmp_path) == before


RECORD = {
    "dataset": {"source_hash": "a" * 64},
    "environment": {
        "python": "3.12.1",
        "cpu": {"model": "A", "cores": 8, "available": 8, "threads": 2},
        "versions": {"recsys-cli": "0.1.0", "numpy": "2.0.0", "pooch": "1.8"},
        "git": {"commit": "1" * 40, "dirty": False},
        "blas": [{"internal_api": "openblas", "version": "0.3", "num_threads": 2}],
    },
}


def changed(environment: dict[str, Any], **facts: Any) -> dict[str, Any]:
    return RECORD | {"environment": RECORD["environment"] | environment} | facts


def test_equal_circumstances_have_no_differences():
    assert differences(RECORD, RECORD, ({"a": 1}, {"a": 1})) == []


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (changed({"python": "3.13.0"}), ["machine: python 3.12.1 → 3.13.0"]),
        (
            changed({"versions": {"recsys-cli": "0.2.0", "numpy": "2.1.0"}}),
            [
                "code: recsys-cli 0.1.0 → 0.2.0",
                "versions: numpy 2.0.0 → 2.1.0",
                "versions: pooch 1.8 → none",
            ],
        ),
        (
            changed({"git": {"commit": "1" * 40, "dirty": True}}),
            ["code: uncommitted changes no → yes"],
        ),
        (changed({"git": None}), [f"code: commit {'1' * 12} → none"]),
        (
            changed({"cpu": {"model": "B", "cores": 8, "threads": 1}}),
            ["machine: cpu A → B", "machine: threads 2 → 1"],
        ),
        (
            changed({"blas": [{"internal_api": "mkl", "version": "1", "num_threads": 1}]}),
            ["machine: BLAS openblas 0.3 → mkl 1"],
        ),
        (  # both libraries are loaded by something sooner or later
            changed({"blas": [{"internal_api": "openblas", "version": v} for v in ("0.3", "0.4")]}),
            [],
        ),
        (
            changed({}, dataset={"source_hash": "b" * 64}),
            [f"data: source files {'a' * 12} → {'b' * 12}"],
        ),
    ],
)
def test_what_differs_is_told_by_kind(now, told):
    assert [f"{one.kind}: {one}" for one in differences(RECORD, now)] == told


def test_keys_that_a_newer_recsys_knows_are_told():
    then = {"name": "a", "model": {"name": "als", "reg": 0.1}, "metrics": ["x", "y"]}
    now = {"name": "b", "model": {"name": "als", "reg": 0.1, "nu": None}, "metrics": ["x"]}
    told = [str(one) for one in differences(RECORD, RECORD, (then, now))]
    assert told == ['metrics ["x", "y"] → ["x"]', "model.nu none → null"]
