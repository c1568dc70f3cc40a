from __future__ import annotations

import json
from typing import Any

import pytest

from recsys_cli import regression
from recsys_cli.errors import SpecError
from recsys_cli.listener import SILENT
from recsys_cli.regression import TOLERANCE, Measured, regress
from recsys_cli.runs import Store


@pytest.fixture
def gate(tmp_path, monkeypatch):
    """Hold measured values against a baseline without training anything."""
    path = tmp_path / "baseline.json"

    def hold(measured: dict[str, float], known: dict[str, Any] | None, **options: Any):
        found = {"x": Measured("x-1", measured)}
        monkeypatch.setattr(regression, "_measure", lambda *_: found)
        if known is not None:
            entries = {name: {"tolerance": 0.1, **entry} for name, entry in known.items()}
            path.write_text(json.dumps({"schema_version": 1, "specs": {"x": entries}}))
        return regress([], path, SILENT, **options), path

    return hold


@pytest.mark.parametrize(
    ("metric", "value", "passed"),
    [
        ("ndcg@10", 0.91, True),
        ("ndcg@10", 0.89, False),
        ("ndcg@10", 5.0, True),
        ("rmse", 1.09, True),
        ("rmse", 1.11, False),
        ("rmse", 0.1, True),
    ],
)
def test_a_metric_may_get_worse_by_its_tolerance_and_better_by_any(gate, metric, value, passed):
    (found,), _ = gate({metric: value}, {metric: {"value": 1.0}})
    assert found.passed is passed


def test_a_new_metric_and_one_gone_fail(gate):
    found, _ = gate({"ndcg@10": 0.5}, {"hit@10": {"value": 0.5}})
    assert [(one.metric, one.passed) for one in found] == [("ndcg@10", False), ("hit@10", False)]


def test_bless_writes_what_was_measured_and_keeps_tolerances(gate, tmp_path):
    (tmp_path / "runs" / "x-1").mkdir(parents=True)
    kept = {"bless": Store(tmp_path / "runs")}
    _, path = gate({"ndcg@10": 0.5}, {"ndcg@10": {"value": 0.9}}, **kept)
    gate({"ndcg@10": 0.25, "hit@10": 0.75}, None, **kept)
    assert json.loads(path.read_text())["specs"]["x"] == {
        "ndcg@10": {"value": 0.25, "tolerance": 0.1},
        "hit@10": {"value": 0.75, "tolerance": TOLERANCE},
    }


def test_a_baseline_of_not_a_number_never_passes(gate):
    (found,), _ = gate({"ndcg@10": 0.5}, {"ndcg@10": {"value": float("nan")}})
    assert not found.passed


def test_two_specs_of_one_name_are_refused(tmp_path):
    spec = {
        "name": "x",
        "dataset": {"name": "synthetic"},
        "split": {"name": "leave-last"},
        "model": {"name": "popular"},
    }
    paths = [tmp_path / "a.yaml", tmp_path / "b.yaml"]
    for path in paths:
        path.write_text(json.dumps(spec))
    with pytest.raises(SpecError, match="the same name"):
        regress(paths, tmp_path / "baseline.json", SILENT, bless=Store(tmp_path / "runs"))
