"""``list``, ``check``, ``schema``, ``doctor`` and ``data``."""

from __future__ import annotations

import json

import pytest

SIZE = ["--set", "users=60", "--set", "items=50", "--set", "interactions=1500"]


KINDS = ["models", "datasets", "splitters", "filters", "metrics", "conventions"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_entry_is_listed_with_a_sentence(recsys, kind):
    entries = recsys("list", kind, "--json").document
    out = recsys("list", kind).out
    assert entries
    for entry in entries:
        assert entry["name"] in out and len(entry["summary"]) > 20
        assert all(parameter["doc"] for parameter in entry["parameters"])
        one = recsys("list", kind, entry["name"])
        assert one.code == 0 and one.out.startswith(f"{entry['name']}: {entry['summary']}")


def test_models_are_grouped_by_feedback_and_tell_what_they_can(recsys):
    entries = {entry["name"]: entry for entry in recsys("list", "models", "--json").document}
    assert entries["als"]["feedback"] == "implicit" and entries["mf"]["feedback"] == "explicit"
    als, mf = entries["als"]["abilities"], entries["mf"]["abilities"]
    assert als["explain"] and als["similar"] and als["early stopping"] and not als["ratings"]
    assert mf["ratings"] is True and mf["new items"] is False
    assert not entries["popular"]["abilities"]["similar"]
    explain = {name for name, one in entries.items() if one["abilities"]["explain"] not in (0, 1)}
    assert explain == {"ensemble", "switch"}
    kinds = {entry["feedback"] for entry in entries.values()}
    assert kinds <= {"explicit", "implicit", "either"}
    for entry in entries.values():
        decided = set(entry["abilities"].values()) - {"by parameters"}
        assert decided <= {True, False} and entry["abilities"]["ranking"]
    out = recsys("list", "models").out
    ratings, others = out.index("Learn from ratings"), out.index("Learn from what")
    assert ratings < out.index("│ mf ") < others < out.index("│ als ")


def test_defaults_are_json_values_and_tables_write_them_as_specs_do(recsys):
    (bpr,) = recsys("list", "models", "bpr", "--json").document
    (core,) = recsys("list", "filters", "core", "--json").document
    (least,) = recsys("list", "filters", "min-value", "--json").document
    (own,) = recsys("list", "datasets", "delimited", "--json").document
    core, least, own = ({p["name"]: p for p in one["parameters"]} for one in (core, least, own))
    assert core["users"]["default"] == 5 and core["users"]["required"] is False
    assert (least["value"]["default"], least["value"]["required"]) == (None, True)
    assert least["binarise"]["default"] is False
    assert own["path"]["default"] is None and own["folds"]["default"] == []
    kinds = {type(parameter["default"]) for parameter in bpr["parameters"]}
    assert {int, float} <= kinds
    out = recsys("list", "filters").out
    assert "value=required, binarise=false" in out and "start=null" in out
    assert "│ required │" in recsys("list", "filters", "min-value").out


@pytest.mark.parametrize("name", ["item-knn", "user-knn"])
def test_defaults_that_another_parameter_changes_stand_under_the_table(recsys, name):
    (entry,) = recsys("list", "models", name, "--json").document
    other = {"similarity": "cosine", "neighbours": 50, "shrinkage": 0, "amplification": 1}
    assert entry["other_defaults"] == {"target: implicit": other}
    assert recsys("list", "models", name).out.endswith(
        "Other defaults with target: implicit: similarity cosine, neighbours 50, shrinkage 0.0, "
        "amplification 1.0.\n"
    )
    (als,) = recsys("list", "models", "als", "--json").document
    assert als["other_defaults"] == {}


def test_a_model_of_either_feedback_says_which_parameters_decide(recsys):
    entry = recsys("list", "models", "svd", "--json").document[0]
    assert entry["feedback"] == "either"
    assert entry["abilities"]["ratings"] == "by parameters"
    assert "ratings: by parameters" in recsys("list", "models", "svd").out


def test_conventions_name_the_tool_its_version_and_what_it_reports(recsys):
    entries = {one["name"]: one for one in recsys("list", "conventions", "--json").document}
    implicit = entries["implicit"]
    assert implicit["peer"] == "implicit 0.7.3" and "recall" not in implicit["reports"]
    (ndcg,) = implicit["reports"]["ndcg"]
    assert ndcg["name"] == "ndcg (K=k)" and "min(k, relevant)" in ndcg["definition"]
    out = recsys("list", "conventions").out
    assert all(one["peer"] in out for one in entries.values())
    assert ndcg["definition"] in recsys("list", "conventions", "implicit").out
    assert 'did you mean "recbole"?' in recsys("list", "conventions", "recbol").err


def test_an_unknown_entry_exits_6(recsys):
    result = recsys("list", "models", "asl")
    assert result.code == 6 and 'did you mean "als"?' in result.err


def test_check_tells_parts_that_do_not_fit(recsys, write):
    path = write("x", train={"monitor": "rmse"}, model={"name": "popular"})
    column = path.read_text().index('"rmse"') + 1
    result = recsys("check", path)
    assert result.code == 2 and result.err.startswith(
        f"error: x.yaml:1:{column}: train.monitor: rmse needs"
    )
    result = recsys("check", write("y", split={"name": "random"}, train={"refit": True}))
    assert result.code == 2 and "train.refit: needs a validation part" in result.err


def test_schema(recsys):
    assert json.loads(recsys("schema").out)["title"] == "recsys spec"


def test_doctor(recsys, tmp_path):
    found = recsys("doctor", "--runs", tmp_path, "--json").document
    assert {"python", "numpy", "cores", "BLAS", "disk"} <= {one["what"] for one in found}
    assert recsys("doctor", "--runs", tmp_path).code == 0


def test_data_describe(recsys):
    facts = recsys("data", "describe", "synthetic", *SIZE, "--json").document
    assert (facts["users"], facts["interactions"], facts["density"]) == (60, 1500, 0.5)
    assert "1,500" in recsys("data", "describe", "synthetic", *SIZE).out


def test_data_fetch(recsys):
    assert recsys("data", "fetch", "synthetic").out == "synthetic needs no download\n"
    assert recsys("data", "fetch", "none").code == 6
    assert recsys("data", "fetch", "synthetic", "--set", "user=3").code == 2
