"""``recsys compare``: tests, corrections, gates, and formats that other programs can read."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

from recsys_cli.cli._formats import as_csv, as_latex, as_markdown
from recsys_cli.runs import Store
from tests.cli.conftest import make


def test_every_comparison_has_its_test_and_its_correction(runs, recsys):
    result = recsys("compare", "als", "popular", "als", "--json")
    rows = [row for row in result.document if row["against"]]
    assert {row["against"] for row in rows} == {"als-1"}
    first = [row for row in rows if row["run"] == "popular-1"]
    for row in first:
        assert row["p_value"] <= row["p_adjusted"] <= 1
        assert row["test"] == row["interval"] == "t"
    ndcg = first[0]
    assert ndcg["wins"] + ndcg["ties"] + ndcg["losses"] == ndcg["users"]
    assert ndcg["relative"] == pytest.approx(
        ndcg["difference"] / (ndcg["value"] - ndcg["difference"])
    )
    assert f"over the {len(rows)} comparisons shown" in result.err


def test_a_run_does_not_differ_from_itself(runs, recsys):
    for test in ("t", "wilcoxon", "permutation", "bootstrap"):
        result = recsys("compare", "als", "als", "--json", "--test", test)
        for row in (row for row in result.document if row["against"]):
            assert (row["p_value"], row["p_adjusted"], row["ci95"]) == (1, 1, [0, 0])
            assert row["wins"] in (0, None) and row["losses"] in (0, None)


@pytest.mark.parametrize("test", ["wilcoxon", "permutation", "bootstrap"])
def test_another_test_says_much_the_same_and_always_the_same(runs, recsys, test):
    words = ("compare", "als", "popular", "--json")
    student, other = recsys(*words).document[1], recsys(*words, "--test", test).document[1]
    assert other["test"] == test
    assert other["difference"] == student["difference"]
    assert other["p_value"] == pytest.approx(student["p_value"], abs=0.25)
    assert recsys(*words, "--test", test).document[1] == other


def test_wilcoxon_is_not_made_of_what_is_no_mean_over_users(runs, recsys):
    result = recsys("compare", "folds", "folds-mf", "--test", "wilcoxon", "--json")
    assert result.document[1]["test"] == "t" and "paired t tests" in result.err


def test_what_test_sets_that_may_differ_leave_out_is_said(tmp_path, recsys):
    asked = {"evaluation": {"metrics": ["ndcg@5", "coverage@5"]}}
    for name in ("one", "other"):
        make(Store(tmp_path), name, model={"name": "popular"}, **asked)
    words = ("compare", "one", "other", "--runs", tmp_path)
    result = recsys(*words, "--any-test-set")
    assert "and test sets may differ: coverage@5." in result.err
    assert "coverage@5" not in result.out
    assert "coverage@5" in recsys(*words).out


def test_all_pairs(runs, recsys):
    words = ("compare", "als", "popular", "als", "--all-pairs")
    rows = [row for row in recsys(*words, "--json").document if row["metric"] == "ndcg@10"]
    pairs = [(row["against"], row["run"]) for row in rows]
    assert pairs[1:] == [("als-1", "popular-1"), ("als-1", "als-1"), ("popular-1", "als-1")]
    assert rows[3]["difference"] == -rows[1]["difference"]
    assert rows[3]["wins"] == rows[1]["losses"]
    assert "against" in recsys(*words).out


def test_a_gate_that_fails_exits_3_after_the_table(runs, recsys):
    value = recsys("compare", "als", "popular", "--json").document[1]
    beyond = f"ndcg@10 < {value['difference'] + 0.001}"
    result = recsys("compare", "als", "popular", "--fail-if", beyond)
    assert result.code == 3 and result.out.startswith("Against als-1\n")
    assert f"1 failed: ndcg@10 of popular-1 is {value['difference']:+.4g} from als-1" in result.err
    within = f"ndcg@10 < {value['difference'] - 0.001}"
    assert recsys("compare", "als", "popular", "--fail-if", within).code == 0
    assert recsys("compare", "als", "popular", "--fail-if", within, "--fail-if", beyond).code == 3
    possible = recsys("compare", "als", "popular", "--fail-if", within, "--judge", "possible")
    assert possible.code == 3


def test_a_gate_against_the_better_run_is_noted(runs, recsys):
    result = recsys("compare", "folds", "folds-mf", "--fail-if", "rmse < -900%")
    assert result.code == 0 and "the better rmse is, the sooner this fails" in result.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--fail-if", "ndcg@10"], "is no gate\nwrite METRIC < LIMIT"),
        (["--fail-if", "ndgc@10 < 0"], 'did you mean "ndcg@10"'),
        (["--fail-if", "ndcg@7 < 0"], "ndcg@7 is not compared\nthe metrics that all runs have"),
        (["--test", "z"], "'z' is not one of"),
        (["--judge", "me"], "'me' is not one of"),
        (["--format", "xml"], "'xml' is not one of"),
        (["--json", "--format", "csv"], "--json and --format csv are two formats"),
    ],
)
def test_what_cannot_be_asked_exits_2_and_prints_nothing(runs, recsys, words, says):
    result = recsys("compare", "als", "popular", *words)
    assert (result.code, result.out) == (2, "") and says in result.err


def test_every_format_says_the_same(runs, recsys):
    words = ("compare", "als", "popular", "--format")
    rows = json.loads(recsys(*words, "json").out)
    assert rows == recsys("compare", "als", "popular", "--json").document
    lines = list(csv.DictReader(io.StringIO(recsys(*words, "csv").out)))
    assert [line["metric"] for line in lines] == [row["metric"] for row in rows]
    assert float(lines[1]["ci95_low"]) == rows[1]["ci95"][0]
    assert lines[0]["difference"] == ""
    markdown = recsys(*words, "md").out.splitlines()
    assert len(markdown) == len(rows) + 2 and {line.count("|") for line in markdown} == {12}
    latex = recsys(*words, "latex").out
    assert latex.count(r"\\") == len(rows) + 1 and r"d\_z" in latex and "als-1" in latex
    assert f"{rows[1]['difference']:+.4f}" in latex and "…" not in latex


AWKWARD = ["a_b & c%", "x | y", "#1 {z} ~ ^ \\ $", '"q", r', "two\nlines", "a-1", "-0.5 … +0.25"]


def test_latex_has_no_bare_command_characters():
    body = as_latex(["k", ">v_1"], [[cell, "+0.5 *"] for cell in AWKWARD]).split("midrule\n")[1]
    body = body.split(r"\bottomrule")[0]
    lines = body.splitlines()
    assert len(lines) == len(AWKWARD)
    for line in lines:
        assert len(re.findall(r"(?<!\\)&", line)) == 1 and line.endswith(r" \\")
        assert not re.search(r"(?<!\\)[%#_]", line)
    assert lines[2].startswith(
        r"\#1 \{z\} \textasciitilde{} \textasciicircum{} \textbackslash{} \$ & $+0.5$ *"
    )
    assert lines[5].startswith("a-1 &") and lines[6].startswith(r"$-0.5$ \dots{} $+0.25$ &")


def test_markdown_cells_stay_in_their_columns():
    lines = as_markdown(["k", ">v"], [[cell, "1"] for cell in AWKWARD]).splitlines()
    assert lines[1] == "|---|---:|" and len(lines) == 2 + len(AWKWARD)
    for line in lines:
        assert len(re.findall(r"(?<!\\)\|", line)) == 3
    assert lines[2] == r"| a\_b & c% | 1 |"


def test_csv_reads_back_as_it_was():
    rows = [[cell, 0.1 + 0.2, None] for cell in AWKWARD]
    read = list(csv.reader(io.StringIO(as_csv(["k", "v", "w"], rows))))
    assert read == [["k", "v", "w"], *[[cell, "0.30000000000000004", ""] for cell in AWKWARD]]
