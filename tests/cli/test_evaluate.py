"""``recsys evaluate``: lists made elsewhere, and candidate lists beside the full ranking."""

from __future__ import annotations

import shutil

import pytest

from recsys_cli.runs import Store
from tests.cli.conftest import LEAVE_LAST

ASKED = {"metrics": ["ndcg@10", "recall@10"]}


@pytest.fixture
def own(runs, tmp_path, monkeypatch):
    """A folder of runs of one's own, with als in it."""
    folder = tmp_path / "runs"
    shutil.copytree(runs.root / "als-1", folder / "als-1")
    monkeypatch.setenv("RECSYS_RUNS", str(folder))
    return folder


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_lists_exported_from_a_run_score_as_the_run_does(recsys, write, own, suffix):
    spec, path = write("als", split=LEAVE_LAST), f"recs.{suffix}"
    assert recsys("recommend", "als", "--all", "-k", 10, "-o", path).code == 0
    result = recsys("evaluate", "--recommendations", path, spec, "--json")
    assert result.code == 0, result.err
    before = recsys("show", "als", "--json").document["metrics"]["metrics"]
    after = result.document["metrics"]
    assert {name: one["value"] for name, one in after.items()} == {
        name: one["value"] for name, one in before.items()
    }
    record = recsys("show", "als-external", "--json").document["record"]
    assert record["model"] == "external" and record["recommendations"]["file"] == path
    rows = recsys("compare", "als", "als-external", "--json").document
    assert [row["difference"] for row in rows if row["against"]] == [0.0] * len(before)
    assert recsys("show", "als-external", "--by", "activity").code == 0
    assert recsys("show", "als-external", "--verify").code == 0


def test_a_run_of_lists_answers_nothing_that_needs_a_model(recsys, write, own):
    spec = write("toy")
    recsys("recommend", "als", "--all", "-k", 3, "-o", "recs.csv")
    told = recsys("evaluate", "--recommendations", "recs.csv", spec).err
    assert "Ordered by rank, not by score." in told and "lists are shorter than 10" in told
    for command in (["evaluate", "toy-external"], ["recommend", "toy-external", "--user", "1"]):
        result = recsys(*command)
        assert result.code == 2
        assert "the run holds recommendations made elsewhere, and no model" in result.err
    assert recsys("reproduce", "toy-external").code == 2
    assert recsys("show", "als").code == 0


def test_lists_are_not_asked_for_ratings(recsys, write, own):
    recsys("recommend", "als", "--all", "-k", 10, "-o", "recs.csv")
    mf = {"model": {"name": "mf", "epochs": 2}, "evaluation": {"metrics": ["rmse", "ndcg@10"]}}
    result = recsys("evaluate", "--recommendations", "recs.csv", write("both", **mf), "--json")
    assert list(result.document["metrics"]) == ["ndcg@10"]
    assert "Left out: rmse" in result.err
    mf["evaluation"] = {"metrics": ["rmse"]}
    result = recsys("evaluate", "--recommendations", "recs.csv", write("rated", **mf))
    assert result.code == 2 and "ratings predicted elsewhere are not scored" in result.err


def test_what_cannot_be_scored_is_refused_and_leaves_no_run(recsys, write, own):
    spec = write("toy")
    folds = write("folds", split={"name": "k-fold", "k": 3})
    (own.parent / "twice.csv").write_text("user,item\n1,2\n1,2\n")
    (own.parent / "fine.csv").write_text("user,item\n1,2\n")
    (own.parent / "case.csv").write_text("user,item,Score\n1,2,3\n")
    for words, code, says in (
        (["case.csv", spec], 5, 'neither rank nor score\nrename "Score" to score'),
        (["none.csv", spec], 6, "none.csv: no such file"),
        (["twice.csv", spec], 5, "twice.csv:3: item"),
        (["fine.csv", folds], 2, "the spec has several folds"),
        (["fine.csv"], 2, "--recommendations needs a spec file"),
    ):
        result = recsys("evaluate", "--recommendations", *words)
        assert (result.code, says in result.err) == (code, True), result.err
    assert [path.name for path in own.iterdir()] == ["als-1"]


def test_lists_are_audited_but_not_the_model_that_was_not_asked(recsys, write, own):
    recsys("recommend", "als", "--all", "-k", 10, "-o", "recs.csv")
    result = recsys("evaluate", "--recommendations", "recs.csv", write("toy"), "--json")
    found = {one["name"]: one for one in result.document["leakage"]}
    assert found["lists"]["severity"] == "unknown" and "features" not in found
    assert "precede a training one of anyone (expected)" in result.err


def test_a_spec_of_seeds_is_no_spec_of_one_fold(recsys, write, own):
    (own.parent / "fine.csv").write_text("user,item\n1,2\n")
    spec = write("seeds", seeds=[1, 2])
    result = recsys("evaluate", "--recommendations", "fine.csv", spec)
    assert result.code == 2 and "seeds: the spec has several folds" in result.err
    assert "leave seeds out" in result.err


def test_a_file_that_is_no_list_is_refused_before_data_are_read(recsys, write, own):
    (own.parent / "odd.csv").write_text("who,what\n1,2\n")
    result = recsys("evaluate", "--recommendations", "odd.csv", write("toy"))
    assert result.code == 5 and result.err.startswith('error: odd.csv: has no column "user"')


def test_a_run_is_evaluated_by_other_metrics_than_its_spec_asks(recsys, own):
    before = recsys("show", "als", "--json").document["metrics"]["metrics"]
    found = recsys("evaluate", "als", "--metric", "mrr@3", "--metric", "hit@10", "--json").document
    assert list(found["metrics"]) == ["mrr@3", "hit@10"]
    assert found["metrics"]["hit@10"]["value"] == before["recall@10"]["value"]
    again = recsys("reproduce", "als", "--json").document
    assert (again["verdict"], again["metrics"]) == ("identical", 2)
    assert recsys("evaluate", "als", "--json").document["metrics"] == before


def test_other_metrics_are_refused_before_the_former_ones_go(recsys, own):
    before = recsys("show", "als", "--json").document["metrics"]
    for name, says in (("mrr@0", "--metric: the cutoff"), ("rmse", "als only ranks")):
        result = recsys("evaluate", "als", "--metric", name)
        assert result.code == 2 and says in result.err
    assert recsys("show", "als", "--json").document["metrics"] == before


def test_on_how_many_pairs_a_weighed_metric_rests_is_told_of_all_folds(recsys, write, own):
    asked = {"metrics": ["ips-dcg@5", "snips-recall@5"], "relevant": {"min_value": 4}}
    fold = {"name": "k-fold", "k": 2}
    spec = write("pairs", split=fold, model={"name": "popular"}, evaluation=asked)
    result = recsys("run", spec)
    folds = recsys("show", "pairs", "--json").document["metrics"]["folds"].values()
    for name in asked["metrics"]:
        sizes = sorted(one["metrics"][name]["effective_pairs"] for one in folds)
        line = next(line for line in result.err.splitlines() if line.startswith(f"{name}: "))
        assert "held-out pairs a fold" in line
        assert f"as much as {sizes[0]:,.0f} to {sizes[1]:,.0f} of equal weight." in line


def test_the_full_ranking_and_the_correction_stand_beside_values_among_candidates(
    recsys, write, own
):
    spec = write("short", evaluation={**ASKED, "candidates": {"sampled": 10}})
    result = recsys("run", spec)
    assert "Warning: relevant items are ranked only among 10 other items" in result.err
    for title in ("among candidates", "full ranking", "corrected"):
        assert title in result.out
    found = recsys("show", "short", "--json").document["metrics"]["metrics"]
    full = recsys("show", "als", "--json").document["metrics"]["metrics"]
    assert found["ndcg@10"]["full"]["value"] == full["ndcg@10"]["value"]
    assert found["ndcg@10"]["value"] > full["ndcg@10"]["value"]
    refused = recsys("compare", "als", "short")
    assert refused.code == 5 and "the test set of short-1 is not that of als-1" in refused.err


def test_a_changed_file_of_candidates_is_not_the_same_test(recsys, write, own):
    lists = own.parent / "c.csv"
    ids = Store(own).find("als").fold().catalog.users.ids
    rows = [f"{user},{item}" for user in ids for item in range(1, 51)]
    lists.write_text("\n".join(["user,item", *rows]) + "\n")
    spec = write("given", evaluation={**ASKED, "candidates": {"file": "c.csv"}})
    assert recsys("run", spec).code == 0
    assert recsys("evaluate", "given").code == 0
    lists.write_text("\n".join(["user,item", *rows[:-1]]) + "\n")
    result = recsys("evaluate", "given")
    assert result.code == 5 and "the file of candidates is not the one" in result.err


def test_several_folds_have_means_of_what_stands_beside(recsys, write, own):
    spec = write("seeds", seeds=[1, 2], evaluation={**ASKED, "candidates": {"sampled": 10}})
    result = recsys("run", spec)
    assert result.code == 0 and "full ranking" in result.out
    document = recsys("show", "seeds", "--json").document["metrics"]
    whole = document["metrics"]["ndcg@10"]["full"]
    folds = [fold["metrics"]["ndcg@10"]["full"]["value"] for fold in document["folds"].values()]
    assert whole["value"] == pytest.approx(sum(folds) / 2)
