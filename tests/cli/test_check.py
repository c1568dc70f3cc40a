"""``recsys check``: sound specs, what their splits leak, and when data stay untouched."""

from __future__ import annotations

import re

import pytest

from recsys_cli.specfile import loads

SIZES = re.compile(r"│ (\w+) +│ +([\d,–]+) │ +([\d,–]+) │ (.*?) +│")


def lines(out: str) -> dict[str, tuple[str, ...]]:
    """Return severity, how many and of how many, by what is said."""
    return {row[3]: row[:3] for row in SIZES.findall(out)}


def test_check_prints_a_spec_that_means_the_same(recsys, write):
    spec = write("als")
    assert recsys("check", spec, "--no-audit") == (0, "", "als.yaml: sound\n")
    complete = recsys("check", spec, "--print").out
    assert loads(complete) == loads(spec.read_text())
    assert "cg_steps" in complete


def test_the_audit_has_a_line_for_every_question(recsys, write):
    result = recsys("check", write("als"))
    assert result.code == 0 and result.err.startswith("als.yaml: sound\n")
    found = lines(result.out)
    assert found["test interactions precede a training one of the same user"] == ("none", "0", "60")
    severity, count, of = found["test interactions precede a training one of anyone"]
    assert severity == "expected" and int(count) > 30 and of == "60"
    assert "test users are unseen in training" in found and len(found) == 10
    assert found["popularity is counted in the training part alone"] == ("none", "–", "–")


def test_json_holds_the_audit_of_each_spec_all_folds_together(recsys, write):
    specs = [write("als"), write("folds", split={"name": "k-fold", "k": 3})]
    document = recsys("check", *specs, "--json").document
    assert list(document) == ["als.yaml", "folds.yaml"]
    folds = {one["name"]: one for one in document["folds.yaml"]}
    assert folds["pairs"]["of"] == 1500
    assert folds["precedes_own"]["severity"] == "expected" and folds["precedes_own"]["count"] > 900


def test_data_that_are_not_here_are_never_fetched(recsys, write, monkeypatch, tmp_path):
    monkeypatch.setenv("RECSYS_DATA_HOME", str(tmp_path / "none"))
    absent = write("absent", dataset={"name": "movielens", "size": "100k"})
    missing = write("missing", dataset={"name": "delimited", "path": "nowhere.csv"})
    result = recsys("check", absent, missing, "--json")
    assert result.code == 0 and result.document == {"absent.yaml": None, "missing.yaml": None}
    assert result.err.count("not audited, for its data are not here") == 2
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("split", "code"), [({"name": "temporal"}, 0), ({"name": "leave-last"}, 5)]
)
def test_check_refuses_what_training_would(recsys, write, split, code):
    result = recsys("check", write("x", split={**split, "strict_time": True}))
    assert result.code == code
    if code:
        assert "x.yaml: split.strict_time: " in result.err and "precede a training" in result.err


def test_strict_time_says_that_it_is_what_needs_times(recsys, write, tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "own.csv").write_text("user,item\n1,1\n1,2\n2,1\n2,3\n")
    dataset = {"name": "delimited", "path": "own.csv", "rating": None}
    result = recsys(
        "check", write("x", dataset=dataset, split={"name": "random", "strict_time": True})
    )
    assert result.code == 5
    assert "x.yaml: split.strict_time: needs timestamps and the data have none" in result.err


def test_check_tells_what_the_data_lack_for_the_evaluation(recsys, write):
    asked = {"metrics": ["snips-recall@5"], "propensity": {"source": "weights"}}
    result = recsys("check", write("x", evaluation=asked))
    assert result.code == 5
    assert "x.yaml: evaluation.propensity: the data have no weights" in result.err
