from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

FOLDS = {
    "split": {"name": "k-fold", "k": 2},
    "evaluation": {"metrics": ["rmse", "ndcg@10"]},
}


@pytest.fixture
def table(write):
    """Write a table about two small specs."""
    write("bias", model={"name": "bias"}, **FOLDS)
    write("mf", model={"name": "mf", "epochs": 1, "factors": 2, "lr": 1e-4}, **FOLDS)

    def rows(*rows: dict[str, Any], **top: Any) -> Path:
        path = Path("published.yaml")
        path.write_text(json.dumps({"seeds": [1, 2], "rows": rows, **top}))
        return path

    return rows


def bias(**row: Any) -> dict[str, Any]:
    return {"spec": "bias.yaml", "metric": "rmse", **row}


KNOWN = [{"value": 0.9, "source": "Nobody 2020"}, {"value": 0.8, "source": "Somebody 2021"}]


def test_means_over_seeds_are_held_against_aims(table, recsys):
    path = table(bias(aim=2), bias(aim=0.1), bias(metric="ndcg@10", aim=0.1), bias(report=True))
    result = recsys("verify", path, "-o", "results.json", "--json")
    assert result.code == 3 and "1 of 3 rows did not reach their aim" in result.err
    found = result.document
    assert [row["passed"] for row in found] == [True, False, True, None]
    assert json.loads(Path("results.json").read_text()) == found
    first = found[0]
    assert first["runs"] == ["bias-1", "bias-2"] == found[1]["runs"]
    values = [
        recsys("show", run, "--json").document["metrics"]["metrics"]["rmse"]["value"]
        for run in first["runs"]
    ]
    assert first["values"] == values and values[0] != values[1]
    assert first["mean"] == pytest.approx(sum(values) / 2)
    assert first["std"] == pytest.approx(abs(values[0] - values[1]) / 2**0.5)
    assert first["difference"] == pytest.approx(first["mean"] - 2)
    assert recsys("show", "bias-2", "--json").document["record"]["seed"] == 2


def test_a_tolerance_is_allowed_on_the_worse_side(table, recsys):
    (row,) = recsys("verify", table(bias(report=True)), "--seeds", "1", "--json").document
    aim, gap = row["mean"], 0.25
    rows = bias(aim=aim - gap, tolerance=0.3), bias(aim=aim - gap, tolerance=0.2)
    found = recsys("verify", table(*rows), "--seeds", "1", "--json").document
    assert [one["passed"] for one in found] == [True, False] and found[0]["std"] is None


def test_the_table_of_results(table, recsys):
    result = recsys("verify", table(bias(aim=2, published=KNOWN)), "--seeds", "1")
    assert result.code == 0
    assert "0.9 (Nobody 2020); 0.8 (Somebody 2021)" in result.out and "pass" in result.out
    assert "bias.yaml: rmse " in result.err
    (row,) = recsys(
        "verify", table(bias(report=True, published=KNOWN)), "--seeds", "1", "--json"
    ).document
    assert row["difference"] == pytest.approx(row["mean"] - 0.8)


def test_another_spec_can_be_the_aim(table, recsys):
    row = {"spec": "mf.yaml", "metric": "rmse", "against": "bias.yaml", "tolerance": 5}
    better = bias(against="mf.yaml", significant=True)
    found = recsys("verify", table(row, better, row | {"significant": True}), "--json").document
    assert [one["passed"] for one in found] == [True, True, False]
    assert found[0]["difference"] == pytest.approx(-found[1]["difference"])
    assert [pair["users"] for pair in found[0]["comparisons"]] == [60, 60]
    assert found[1]["comparisons"][0]["ci95"][1] < 0


def test_only(table, recsys):
    path = table(bias(aim=2), {"spec": "mf.yaml", "metric": "rmse", "aim": 0.1}, seeds=[3])
    (row,) = recsys("verify", path, "--only", "bias", "--json").document
    assert (row["spec"], row["seeds"]) == ("bias.yaml", [3])
    assert recsys("verify", path, "--only", "svd").code == 6


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (bias(), "must have aim or against, one of them, or be a mere report"),
        (bias(aim=1, against="mf.yaml"), "must have aim or against, one of them"),
        (bias(aim=1, significant=True), "significant needs against"),
        (bias(aim="1"), "rows.0.aim: must be a number"),
        (bias(aim=1, metrik=1), 'rows.0.metrik: unknown key; did you mean "metric"?'),
        (bias(aim=1, seeds=[1, 1]), "must be different seeds"),
        (bias(aim=1, metric="mae"), "bias.yaml: does not measure mae"),
        ({"spec": "no.yaml", "metric": "rmse", "aim": 1}, "no.yaml: spec file not found"),
        (bias(against="no.yaml"), "no.yaml: spec file not found"),
    ],
)
def test_a_wrong_row_exits_2_before_anything_runs(table, recsys, row, says):
    result = recsys("verify", table(row))
    assert result.code == 2 and says in result.err and not Path("runs").exists()


@pytest.mark.parametrize("seeds", ["", "1,x", "1,1", "-1"])
def test_wrong_seeds_exit_2(table, recsys, seeds):
    result = recsys("verify", table(bias(aim=1)), "--seeds", seeds)
    assert result.code == 2 and "--seeds: must be different whole numbers" in result.err


def test_a_missing_table_exits_2(recsys, tmp_path):
    assert recsys("verify", tmp_path / "none.yaml").code == 2
