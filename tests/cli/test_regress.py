from __future__ import annotations

import json
from pathlib import Path

import pytest

from recsys_cli.runs import Store


@pytest.fixture
def blessed(write, recsys) -> list[object]:
    """The words of a gate that holds."""
    words = ["regress", write("als"), "--baseline", "baseline.json"]
    assert recsys(*words, "--bless").code == 0
    return words


def change(path: str, metric: str, **entry: float) -> None:
    document = json.loads(Path(path).read_text())
    document["specs"]["als"][metric] |= entry
    Path(path).write_text(json.dumps(document))


def test_a_gate_that_holds(blessed, recsys):
    result = recsys(*blessed)
    assert result.code == 0 and "FAILED" not in result.out
    assert Store(Path("runs")).ids() == ["als-1"]  # of the blessing


def test_the_runs_of_a_baseline_are_kept_until_others_take_their_place(blessed, recsys):
    def tags() -> dict[str, list[str]]:
        return {run["id"]: run["tags"] for run in recsys("runs", "--json").document}

    assert json.loads(Path("baseline.json").read_text())["runs"] == {"als": "als-1"}
    assert tags() == {"als-1": ["baseline:baseline.json"]}
    refused = recsys("runs", "rm", "als-1")
    assert refused.code == 2 and "baseline:baseline.json" in refused.err
    assert recsys(*blessed, "--bless").code == 0
    assert json.loads(Path("baseline.json").read_text())["runs"] == {"als": "als-2"}
    assert tags() == {"als-1": [], "als-2": ["baseline:baseline.json"]}
    assert recsys("runs", "rm", "als-1").code == 0


def test_a_metric_that_fell_exits_3_and_a_rise_does_not(blessed, recsys):
    change("baseline.json", "ndcg@10", value=0.01)
    assert recsys(*blessed).code == 0
    change("baseline.json", "ndcg@10", value=0.99)
    result = recsys(*blessed)
    assert result.code == 3 and result.err.splitlines()[-2:] == [
        "error: 1 of 2 metrics did not hold",
        "--bless accepts the new values",
    ]
    assert [gate["passed"] for gate in recsys(*blessed, "--json").document] == [False, True]


def test_bless_keeps_tolerances_and_makes_the_gate_hold(blessed, recsys):
    change("baseline.json", "ndcg@10", value=0.99, tolerance=0.125)
    assert recsys(*blessed, "--bless").code == 0
    assert recsys(*blessed).code == 0
    document = json.loads(Path("baseline.json").read_text())
    assert document["specs"]["als"]["ndcg@10"]["tolerance"] == 0.125


@pytest.mark.parametrize(
    "content", [None, "", "[]", "{}", '{"schema_version": 1, "specs": {"als": {"ndcg@10": 1}}}']
)
def test_a_missing_or_damaged_baseline_exits_2(write, recsys, content):
    if content is not None:
        Path(write("als").parent / "baseline.json").write_text(content)
    result = recsys("regress", write("als"), "--baseline", "baseline.json")
    assert result.code == 2 and result.err.startswith("error: baseline.json: ")
    assert len(result.err.splitlines()) <= 2


@pytest.mark.parametrize("baseline", [".", "nowhere/baseline.json"])
def test_a_baseline_that_cannot_be_is_refused_before_anything_runs(write, recsys, baseline):
    found = recsys("regress", write("als"), "--baseline", baseline, "--bless")
    assert found.code == 2 and not Path("runs").exists()
