from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from recsys_cli import verdict
from recsys_cli.comparison import Comparison
from recsys_cli.errors import OutOfResources
from recsys_cli.models.bias import Bias
from recsys_cli.published import Row
from recsys_cli.verdict import Pair
from recsys_cli.verification import Verification
from tests.cli.conftest import HOUSE

FOLDS: dict[str, Any] = {
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
    assert (row["passed"], row["judge"]) == (None, "tolerance")
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
    worse = {"spec": "mf.yaml", "metric": "rmse", "against": "bias.yaml"}
    rows = [worse | {"tolerance": 5}, worse | {"judge": "not-worse"}, worse | {"judge": "better"}]
    rows += [bias(against="mf.yaml", judge=judge) for judge in ("tolerance", "not-worse", "better")]
    rows += [bias(against="bias.yaml", judge=judge) for judge in ("not-worse", "better")]
    found = recsys("verify", table(*rows), "--json").document
    passed = [one["passed"] for one in found]
    assert passed == [True, False, False, True, True, True, True, False]
    assert found[0]["difference"] == pytest.approx(-found[3]["difference"])
    assert [pair["users"] for pair in found[0]["comparisons"]] == [60, 60]
    assert found[3]["comparisons"][0]["ci95"][1] < 0
    assert "0.0000 … +0.0000" in recsys("verify", table(rows[6])).out


def interval(low: float, high: float) -> Comparison:
    return Comparison("rmse", "x-1", 1.0, ci95=(low, high))


def test_one_seed_that_is_surely_worse_is_enough(runs):
    row = Row.model_validate(bias(against="mf.yaml", judge="not-worse"))
    unsure, worse, better = interval(-1, 2), interval(0.1, 2), interval(-2, -0.1)
    run = runs.find("folds")

    def passed(row: Row, *found: Comparison) -> bool | None:
        return verdict.judged(row, [1, 2], [Pair(run, run, one) for one in found]).passed

    assert passed(row, unsure, better) and not passed(row, better, worse)
    asked = row.model_copy(update={"judge": "better"})
    assert passed(asked, better, better) and not passed(asked, better, unsure)
    nothing = Comparison("rmse", "x-1", 1.0)
    assert not passed(row, unsure, nothing) and not passed(asked, better, nothing)


def test_settings_of_a_row_make_another_experiment(table, recsys):
    rows = bias(report=True), bias(report=True, set=["split.k=3", "model.reg_user=50"])
    result = recsys("verify", table(*rows), "--seeds", "1", "--json")
    plain, other = result.document
    assert plain["runs"] == ["bias-1"] and other["runs"] == ["bias-2"]
    assert plain["mean"] != other["mean"] and other["set"] == rows[1]["set"]
    assert "bias.yaml, split.k=3, model.reg_user=50, seed 1" in result.err
    (one,) = recsys("verify", table(*rows), "--only", "split.k", "--json").document
    assert one["set"] == rows[1]["set"]
    (pair,) = recsys("verify", table(bias(against="mf.yaml", set=["split.k=3"])), "--json").document
    assert recsys("show", pair["comparisons"][0]["run"], "--fold", "3", "--json").code == 0


def test_a_run_that_is_there_is_not_trained_again(table, recsys):
    path = table(bias(aim=2))
    assert recsys("verify", path, "--seeds", "1", "--json").document[0]["runs"] == ["bias-1"]
    again = recsys("verify", path, "--json")
    assert again.document[0]["runs"] == ["bias-1", "bias-2"] and "reused bias-1" in again.err
    assert recsys("verify", path, "--fresh", "--json").document[0]["runs"] == ["bias-3", "bias-4"]


def test_one_that_was_stopped_before_its_evaluation_is_evaluated(table, recsys):
    recsys("train", "bias.yaml", "--set", "seed=1")
    result = recsys("verify", table(bias(aim=2)), "--seeds", "1")
    assert result.code == 0 and "reused bias-1" in result.err
    assert "rmse" in recsys("show", "bias-1").out


@pytest.fixture
def broken(write):
    """Write a spec that diverges."""
    write("mad", model={"name": "mf", "epochs": 2, "lr": 1e6}, **FOLDS)
    return {"spec": "mad.yaml", "metric": "rmse"}


def test_a_row_that_an_error_stops_fails_and_the_others_go_on(table, recsys, broken):
    rows = broken | {"report": True}, bias(aim=2), bias(against="mad.yaml")
    result = recsys("verify", table(*rows), "--seeds", "1", "--json", "-o", "results.json")
    assert result.code == 3
    assert "2 of 3 rows did not reach their aim, 2 of them stopped by an error" in result.err
    found = result.document
    assert json.loads(Path("results.json").read_text()) == found
    assert [one["passed"] for one in found] == [False, True, False]
    assert found[0]["error"].startswith("mad-1: ") and found[0]["error"] == found[2]["error"]
    assert (found[0]["runs"], found[0]["mean"]) == ([], None)
    ids = [one["id"] for one in recsys("runs", "--json").document]
    assert sorted(ids) == ["bias-1", "mad-1"]  # the failure is known: not tried again
    shown = recsys("verify", table(*rows), "--seeds", "1").out
    assert "FAIL: mad-2: " in shown and "pass" in shown


def test_other_test_sets_fail_the_row_before_the_next_seed(table, recsys, write):
    write("mf", model={"name": "mf", "epochs": 1}, **{**FOLDS, "split": {"name": "k-fold", "k": 3}})
    result = recsys("verify", table(bias(against="mf.yaml")), "--json")
    assert result.code == 3 and "the test set of bias-1" in result.document[0]["error"]
    assert len(recsys("runs", "--json").document) == 2


@pytest.mark.parametrize("error", [OutOfResources("no room"), KeyboardInterrupt()])
def test_what_concerns_every_row_stops_it(table, recsys, monkeypatch, error):
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(Bias, "_train", fail)
    assert recsys("verify", table(bias(aim=1))).code == (130 if error.args == () else 7)


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
        (bias(aim=1, judge="better"), "judge: better needs against"),
        (bias(against="mf.yaml", judge="not-worse", tolerance=0), "not-worse heeds no tolerance"),
        (bias(aim=1, set=["split.folds=3"]), "row 1 (bias.yaml): set split.folds: unknown key"),
        (
            bias(against="warm.yaml"),
            "row 1 (bias.yaml): differs from warm.yaml in evaluation.users",
        ),
        (bias(aim="1"), "rows.0.aim: must be a number"),
        (bias(aim=1, metrik=1), 'rows.0.metrik: unknown key; did you mean "metric"?'),
        (bias(aim=1, seeds=[1, 1]), "must be different seeds"),
        (bias(aim=1, metric="mae"), "row 1 (bias.yaml): does not measure mae"),
        (
            {"spec": "no.yaml", "metric": "rmse", "aim": 1},
            "row 1 (no.yaml): no.yaml: spec file not",
        ),
        (bias(against="no.yaml"), "row 1 (no.yaml): no.yaml: spec file not found"),
        (bias(against="mf.yaml", set=["model.reg=1"]), "row 1 (bias.yaml): set model.reg: unknown"),
    ],
)
def test_a_wrong_row_exits_2_before_anything_runs(table, recsys, write, row, says):
    write("warm", model={"name": "bias"}, evaluation={**FOLDS["evaluation"], "users": "warm"})
    result = recsys("verify", table(row))
    assert result.code == 2 and says in result.err and not Path("runs").exists()


def test_a_wrong_row_is_told_by_its_place_in_the_table(table, recsys):
    wrong = bias(against="mf.yaml", set=["model.reg_user=5", "model.reg_item=x"])
    result = recsys("verify", table(bias(aim=1), wrong), "--only", "reg_user")
    assert result.code == 2 and "--set" not in result.err
    told = "error: published.yaml, row 2 (bias.yaml): set model.reg_item: must"
    assert result.err.startswith(told)
    result = recsys("verify", table(bias(aim=1, set=["model.x=1", "model.y=1"])))
    first, second = result.err.splitlines()
    assert "(bias.yaml): set model.x: unknown" in first and second.startswith("set model.y: unkn")


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ("nodir/x.json", "nodir/x.json: is in no folder that exists"),
        (".", "error: .: is a folder"),
        ("published.yaml", "published.yaml: is the input"),
    ],
)
def test_an_output_that_cannot_be_exits_2_before_anything_runs(table, recsys, output, says):
    path = table(bias(aim=2))
    text = path.read_text()
    result = recsys("verify", path, "-o", output)
    assert result.code == 2 and says in result.err and not Path("runs").exists()
    assert path.read_text() == text


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "Run it again: what is done is reused.\n"),
        (["--fresh"], "Run it again without --fresh: what is done is reused.\n"),
    ],
)
def test_interrupted_it_says_how_to_go_on(table, recsys, monkeypatch, words, says):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Bias, "_train", interrupted)
    result = recsys("verify", table(bias(aim=1)), *words)
    assert result.code == 130 and result.err.endswith(f"{says}error: interrupted\n")


@pytest.mark.parametrize("seeds", ["", "1,x", "1,1", "-1"])
def test_wrong_seeds_exit_2(table, recsys, seeds):
    result = recsys("verify", table(bias(aim=1)), "--seeds", seeds)
    assert result.code == 2 and "--seeds: must be different whole numbers" in result.err


def test_a_missing_table_exits_2(recsys, tmp_path):
    result = recsys("verify", tmp_path / "none.yaml")
    assert result.code == 2
    assert "none.yaml: there is no such table\nsay which: recsys verify TABLE" in result.err


@pytest.mark.slow
def test_the_shipped_table_and_its_specs_are_sound():
    assert Verification(HOUSE / "configs/reference/published.yaml").rows
