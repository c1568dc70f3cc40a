"""``show --by``: groups by what the run knows and by columns of its data; the worst users."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import SMALL, make


def test_the_groups_that_need_no_column(runs, recsys):
    for by, group in (("activity", "23"), ("cold", "warm"), ("popularity", "tail")):
        result = recsys("show", "als", "--by", by)
        assert result.code == 0 and group in result.out and "als-1: ndcg@10" in result.out
        found = recsys("show", "als", "--by", by, "--json").document
        assert found["by"] == by and any(part["group"] == group for part in found["parts"])


def test_columns_of_users_and_of_items(runs, recsys):
    gender = recsys("show", "als", "--by", "gender", "--json").document
    assert gender["of"] == "users" and sum(p["users"] for p in gender["parts"]) == 120
    genre = recsys("show", "als", "--by", "item.genre", "--metric", "recall@10", "--json").document
    assert genre["of"] == "pairs" and {p["metric"] for p in genre["parts"]} == {"recall@10"}
    assert "several groups" in genre["definition"]


def test_empty_groups_are_told(runs, recsys):
    result = recsys("show", "als", "--by", "repeat", "--metric", "recall@10")
    assert "No user behind recall@10 in repeat." in result.err and "nan" not in result.out.lower()


def test_the_method_of_each_interval_is_named(runs, recsys):
    result = recsys("show", "als", "--by", "cold")
    assert "95% intervals over users: wilson for ndcg@10, recall@10." in result.err
    warm, cold = recsys("show", "als", "--by", "cold", "--metric", "recall@10", "--json").document[
        "parts"
    ]
    assert warm["interval"] == "wilson" and cold["interval"] is cold["ci95"] is None
    assert "log-t for rmse" in recsys("show", "folds", "--by", "popularity").err


def test_folds(runs, recsys):
    whole = recsys("show", "folds-mf", "--by", "popularity", "--json").document
    assert sum(part["pairs"] for part in whole["parts"]) == 1500
    one = recsys("show", "folds-mf", "--by", "popularity", "--fold", "2", "--json").document
    assert sum(part["pairs"] for part in one["parts"]) == 500


def test_the_worst_users(runs, recsys):
    found = recsys("show", "als", "--by", "worst", "-k", "3", "--json").document
    assert len(found["users"]) == 3 and found["metric"] == "ndcg@10"
    values = [user["ndcg@10"] for user in found["users"]]
    assert values == sorted(values) and found["tied"] <= found["of"] == 60
    shown = recsys("show", "folds-mf", "--by", "worst", "--fold", "2")
    assert "folds-mf-1, fold 2: the users with the worst rmse" in shown.out
    assert recsys("show", "als", "--by", "worst", "--metric", "a", "--metric", "b").code == 2


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["als", "--by", "gendr"], 2, 'broken down by "gendr"\ndid you mean "gender"?'),
        (["als", "--by", "actvity"], 2, 'did you mean "activity"?'),
        (["als", "--by", "Q"], 2, "there are activity, cold, popularity, repeat, worst, "),
        (["als", "--by", "cold", "--metric", "recal@10"], 2, 'did you mean "recall@10"?'),
        (["bare", "--by", "cold"], 6, "bare-1: the run is not evaluated yet"),
        (["bare", "--by", "worst"], 6, "bare-1: the run is not evaluated yet"),
        (["folds", "--by", "cold", "--fold", "9"], 6, "its folds: 1, 2"),
        (["als", "--metric", "recall@10"], 2, "--metric goes with --by"),
        (["als", "--by", "cold", "--factors"], 2, "--factors without it"),
    ],
)
def test_what_cannot_be_broken_down(runs, recsys, words, code, says):
    result = recsys("show", *words)
    assert (result.code, result.out) == (code, "") and says in result.err


def test_columns_are_read_from_the_files_of_the_run_alone(write, recsys, tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_CACHE", str(tmp_path / "cache"))
    rows = [f"{u},{(u + step) % 7},{step}" for u in range(9) for step in range(4)]
    (tmp_path / "own.csv").write_text("user,item,time\n" + "\n".join(rows) + "\n")
    people = "id,kind,team\n" + "".join(f"{u},{'ab'[u % 2]},t\n" for u in range(8))
    (tmp_path / "people.csv").write_text(people)
    (tmp_path / "things.csv").write_text("id,kind\n" + "".join(f"{i},x\n" for i in range(7)))
    sides = {
        "users": {"path": "people.csv", "categorical": ["kind", "team"]},
        "items": {"path": "things.csv", "categorical": ["kind"]},
    }
    write(
        "own",
        dataset={"name": "delimited", "path": "own.csv", "rating": None, "timestamp": "time"}
        | sides,
        split={"name": "leave-last"},
        model={"name": "popular"},
    )
    assert recsys("run", "own.yaml").code == 0
    shown = recsys("show", "own", "--by", "user.kind", "--metric", "recall@10", "--json")
    assert {p["group"]: p["users"] for p in shown.document["parts"]} == {
        "a": 4,
        "b": 4,
        "(unknown)": 1,  # user 8 is not in the file
    }
    both = recsys("show", "own", "--by", "kind")
    assert both.code == 2 and "say user.kind or item.kind" in both.err
    (tmp_path / "people.csv").write_text(people.replace("0,a", "0,b"))
    changed = recsys("show", "own", "--by", "team")
    assert changed.code == 5 and "are not those that the run was trained on" in changed.err
    (tmp_path / "people.csv").unlink()
    assert recsys("show", "own", "--by", "team").code == 6
    assert recsys("show", "own", "--by", "activity").code == 0


def test_no_number_is_missing_from_json(store, tmp_path, recsys):
    made = make(type(store)(tmp_path), "few", dataset={**SMALL, "users": 12, "interactions": 80})
    result = recsys("show", made.path, "--by", "age", "--json")
    assert "NaN" not in result.out and json.loads(result.out)["parts"]
