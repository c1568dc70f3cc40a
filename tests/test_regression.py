from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recsys_cli import regression
from recsys_cli.errors import SpecError
from recsys_cli.listener import SILENT
from recsys_cli.regression import TOLERANCE, Measured, regress
from recsys_cli.runs import Store
from recsys_cli.runs._tags import read_tags


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


@pytest.mark.parametrize(
    "entry",
    [
        '{"value": NaN, "tolerance": 0.1}',
        '{"value": 1e999, "tolerance": 0.1}',
        '{"value": -1e999, "tolerance": 0.1}',
        '{"value": 0.5, "tolerance": 1e999}',
        '{"value": 0.5, "tolerance": -1}',
        '{"value": "0.5", "tolerance": 0.1}',
        '{"value": true, "tolerance": 0.1}',
        '{"value": 0.5}',
        f'{{"value": 1{"0" * 400}, "tolerance": 0.1}}',
        "[" * 100_000,
        "[1]",
    ],
    ids=lambda entry: entry[:40],
)
def test_a_baseline_that_nothing_could_fail_is_refused_before_training(
    tmp_path, monkeypatch, entry
):
    path = tmp_path / "baseline.json"
    path.write_text(f'{{"schema_version": 1, "specs": {{"x": {{"ndcg@10": {entry}}}}}}}')
    monkeypatch.setattr(regression, "_measure", lambda *_: pytest.fail("trained"))
    with pytest.raises(SpecError, match="is no baseline") as caught:
        regress([], path, SILENT)
    assert (caught.value.where, caught.value.exit_code) == (str(path), 2)


def test_a_baseline_without_an_end_is_not_waited_for(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(SpecError, match="a pipe or a device"):
            regress([], path, SILENT)
    monkeypatch.setattr(regression, "_MOST", 10)
    (tmp_path / "long").write_text(" " * 11)
    with pytest.raises(SpecError, match="is no baseline"):
        regress([], tmp_path / "long", SILENT)


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


@pytest.fixture
def bless(tmp_path, monkeypatch):
    """Bless a value of a spec; what happens while it is measured is the caller's."""
    store, path = Store(tmp_path / "runs"), tmp_path / "baseline.json"

    def hold(run: str, value: float, meanwhile: Callable[[], object] = lambda: None) -> None:
        (store.root / run).mkdir(parents=True)
        (store.root / run / "spec.yaml").touch()

        def measure(*_: object) -> dict[str, Measured]:
            meanwhile()
            return {run[0]: Measured(run, {"ndcg@10": value})}

        monkeypatch.setattr(regression, "_measure", measure)
        regress([], path, SILENT, bless=store)

    return hold, path, store


def test_what_another_blessing_wrote_meanwhile_stays(bless):
    hold, path, _ = bless
    hold("c-1", 0.1)
    hold("a-1", 0.5, meanwhile=lambda: hold("b-1", 0.25))
    document = json.loads(path.read_text())
    assert document["runs"] == {"a": "a-1", "b": "b-1", "c": "c-1"}
    values = {name: found["ndcg@10"]["value"] for name, found in document["specs"].items()}
    assert values == {"a": 0.5, "b": 0.25, "c": 0.1}


def test_of_two_blessings_of_a_spec_the_run_that_the_baseline_names_is_marked(bless, monkeypatch):
    hold, path, store = bless
    write, others = regression._write, []

    def slow(*given: Any) -> None:
        if not others:
            others.append(threading.Thread(target=hold, args=("a-2", 0.25)))
            others[0].start()
            others[0].join(0.3)  # until it stands before the lock
        write(*given)

    monkeypatch.setattr(regression, "_write", slow)
    hold("a-1", 0.5)
    others[0].join()
    named = json.loads(path.read_text())["runs"]["a"]
    assert {id_: bool(read_tags(store.root / id_)) for id_ in ("a-1", "a-2")} == {
        "a-1": named == "a-1",
        "a-2": named == "a-2",
    }
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["baseline.json", "runs"]
