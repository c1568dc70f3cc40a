"""``recsys evaluate --convention``: other tools' numbers beside ours."""

from __future__ import annotations

import math

import pytest

from recsys_cli.runs import Store
from tests.cli.conftest import make

ASKED = {"metrics": ["ndcg@10", "recall-capped@10", "exposure-gap:genre@10"]}
TERM = "NDCG(k=10)"


@pytest.fixture(scope="module")
def own(tmp_path_factory) -> Store:
    """A store of its own, for its runs are evaluated anew."""
    store = Store(tmp_path_factory.mktemp("conventions"))
    popular = {"model": {"name": "popular"}, "evaluation": ASKED}
    make(store, "one", evaluated=False, **popular)
    make(store, "several", evaluated=False, split={"name": "k-fold", "k": 3}, **popular)
    return store


def test_both_numbers_are_kept_and_shown(recsys, own):
    words = ("evaluate", "one", "--runs", own.root, "--convention", "rectools")
    found = recsys(*words, "--convention", "recbole", "--json").document
    ours = {name: entry["value"] for name, entry in found["metrics"].items()}
    theirs = found["conventions"]["rectools"]["metrics"]
    values = {term["name"]: term["value"] for term in theirs["ndcg@10"]}
    # One relevant item a user: RecTools' ideal is ten hits, and ours the one.
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, 11))
    assert values[TERM] == pytest.approx(ours["ndcg@10"] / ideal)
    assert values["NDCG(k=10, divide_by_achievable=True)"] == ours["ndcg@10"] > 0
    assert found["conventions"]["recbole"]["metrics"]["recall-capped@10"][0]["name"] == "recall@10"
    assert theirs["exposure-gap:genre@10"] == []
    shown = recsys(*words)
    assert shown.code == 0
    line = next(line for line in shown.out.splitlines() if f" {TERM} " in line)
    assert f"{ours['ndcg@10']:.4f}" in line and f"{values[TERM]:.4f}" in line
    assert "ideal of 10 hits" in line and "RecTools 0.19.0 has no such metric" in shown.out


def test_of_several_folds_the_mean_is_told(recsys, own):
    words = ("evaluate", "several", "--runs", own.root)
    found = recsys(*words, "--convention", "rectools", "--json").document
    folds = [f["conventions"]["rectools"]["metrics"]["ndcg@10"] for f in found["folds"].values()]
    top = found["conventions"]["rectools"]["metrics"]["ndcg@10"][0]
    assert len(folds) == 3 and top["name"] == TERM
    assert top["value"] == pytest.approx(sum(fold[0]["value"] for fold in folds) / 3)
    assert top["definition"].startswith("mean over 3 folds: binary gain")
    assert "conventions" not in recsys(*words, "--json").document


def test_lists_made_elsewhere_have_conventions_too(recsys, write, tmp_path):
    spec = write("own", model={"name": "popular"}, evaluation={"metrics": ["precision@2"]})
    lists = tmp_path / "lists.csv"
    lists.write_text("user,item\n" + "".join(f"{user},1\n" for user in range(1, 61)))
    words = ("evaluate", spec, "--recommendations", lists, "--convention", "lenskit", "--json")
    found = recsys(*words).document
    (theirs,) = found["conventions"]["lenskit"]["metrics"]["precision@2"]
    # LensKit divides by the length of the list, which is 1.
    assert theirs["value"] == 2 * found["metrics"]["precision@2"]["value"] > 0


def test_an_unknown_convention_is_refused_before_anything_is_read(recsys):
    result = recsys("evaluate", "none", "--convention", "recbol")
    assert result.code == 2
    assert '--convention: unknown convention "recbol"; did you mean "recbole"?' in result.err
