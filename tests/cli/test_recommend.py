from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys_cli.cli._request import parse_history
from recsys_cli.errors import SpecError
from recsys_cli.runs import Store
from tests.cli.conftest import SMALL, make


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_titles_scores_and_only_unseen_items(runs, recsys):
    (found,) = recsys("recommend", "als", "--user", "19", "-k", "50", "--json").document
    assert found["user"] == "19" and found["note"] is None
    assert all(item["title"] for item in found["items"])
    scores = [item["score"] for item in found["items"]]
    assert scores == sorted(scores, reverse=True) and len(scores) < 50
    words = ["recommend", "als", "--user", "19", "-k", "1000000000", "--include-seen", "--json"]
    (everything,) = recsys(*words).document
    assert len(everything["items"]) == 50


def test_an_unknown_user_gets_popular_items_and_a_note_or_exit_6(runs, recsys):
    result = recsys("recommend", "als", "--user", "199", "-k", "3")
    assert result.code == 0 and 'Note: user "199" is unknown to this run' in result.err
    (popular,) = recsys("recommend", "popular", "--user", "199", "-k", "3", "--json").document
    assert [item["item"] for item in popular["items"]] == [
        line.split("│")[2].strip() for line in result.out.splitlines() if line.startswith("│")
    ]
    strict = recsys("recommend", "als", "--user", "199", "--strict")
    assert strict.code == 6
    assert strict.err == 'error: no user "199" in this run\nnearest ids: 19, 9, 1\n'
    far = recsys("recommend", "als", "--user", "nobody", "--strict")
    assert far.err.splitlines()[1] == "ids are such as 1, 2, 3"


def test_a_held_out_user_is_folded_in_from_the_run_folder(runs, recsys, store):
    run = store.find("strangers")
    stranger = run.fold().per_user()["user"][0]
    (found,) = recsys("recommend", "strangers", "--user", stranger, "-k", "5", "--json").document
    assert found["note"] is None
    catalog = run.fold().catalog
    row = catalog.history(catalog.users.index([stranger]))
    pairs = zip(row.indices.tolist(), row.data.tolist(), strict=True)
    history = ",".join(f"{catalog.items[item]}:{value}" for item, value in pairs)
    words = ["recommend", "strangers", "--history", history, "-k", "5", "--json"]
    (by_hand,) = recsys(*words).document
    assert by_hand["items"] == found["items"]
    (nobody,) = recsys("recommend", "strangers", "--user", "x", "-k", "5", "--json").document
    assert nobody["items"] != found["items"]


def test_a_fold_of_several(runs, recsys):
    lists = [
        recsys("recommend", "folds", "--user", "3", *words, "--json").document
        for words in ([], ["--fold", "1"], ["--fold", "3"])
    ]
    assert lists[0] == lists[1] != lists[2]
    missing = recsys("recommend", "folds", "--user", "3", "--fold", "9")
    assert missing.code == 6 and "its folds: 1, 2, 3" in missing.err


@pytest.mark.parametrize(
    ("history", "code", "says"),
    [
        ("3,", 2, 'error: --history: "" is no ITEM or ITEM:VALUE'),
        (":3", 2, 'error: --history: ":3" is no ITEM or ITEM:VALUE'),
        ("3:", 2, 'error: --history: the value in "3:" is no finite number'),
        ("3:nan", 2, "is no finite number"),
        ("3:-inf", 2, "is no finite number"),
        ("3:1,3:2", 2, 'item "3" is there twice'),
        ("3:1e39", 2, "is outside 1 … 5"),
        ("3,none:1", 6, 'error: no item "none" in this run'),
    ],
)
def test_a_wrong_history_is_told(runs, recsys, history, code, says):
    result = recsys("recommend", "als", "--history", history)
    assert result.code == code and says in result.err and result.out == ""


@given(st.text() | st.from_regex(r"[\w:.,+-]{0,30}", fullmatch=True))
def test_any_text_is_a_history_of_finite_values_or_refused(text):
    try:
        found = parse_history(text)
    except SpecError:
        return
    assert found or not text.strip()
    for item, value in found.items():
        assert item and (value is None or math.isfinite(value))


def test_an_empty_history_is_that_of_somebody_new(runs, recsys):
    for history in ("", " "):
        result = recsys("recommend", "als", "--history", history, "--json")
        assert result.code == 0
        (nobody,) = recsys("recommend", "als", "--user", "nobody", "--json").document
        assert result.document[0]["items"] == nobody["items"]
    told = recsys("recommend", "als", "--history", "", "--explain").err
    assert told == "Note: the history is empty: these are the most popular items.\n"


def test_ratings_are_shown_on_their_scale_with_their_deviation_where_it_is_known(recsys, tmp_path):
    model = {"name": "bayesian-mf", "factors": 2, "epochs": 6, "burn_in": 2}
    make(Store(tmp_path), "bayes", evaluated=False, model=model)
    for asked in (["--user", "19"], ["--history", "3:5,7:1"], ["--user", "nobody"]):
        words = ["recommend", "bayes", "--runs", tmp_path, "-k", "3", *asked]
        (found,) = recsys(*words, "--json").document
        for one in found["items"]:
            assert set(one) == {"item", "title", "score", "rating", "std"}
            assert 1 <= one["rating"] <= 5 and one["std"] > 0
        out = recsys(*words).out
        cells = [line.split("│")[-2].strip() for line in out.splitlines() if line.startswith("│")]
        assert cells == [f"{one['rating']:.2f} ± {one['std']:.2f}" for one in found["items"]]
        assert "rating ┃" in out and "score" not in out


def test_without_deviations_ratings_stand_alone_and_scores_where_there_are_none(runs, recsys):
    for run, key in (("folds-mf", "rating"), ("als", "score")):
        (found,) = recsys("recommend", run, "--user", "19", "--json").document
        out = recsys("recommend", run, "--user", "19").out
        assert f"{key} ┃" in out and "±" not in out and "std" not in found["items"][0]
        assert ("rating" in found["items"][0]) == (key == "rating")


def test_an_item_may_hold_colons():
    assert parse_history("a:b:2, c") == {"a:b": 2.0, "c": None}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"19\n\xff\n", "users.txt:2: is no UTF-8 text"),
        (b"\n\n", "users.txt: holds no user id\none id a line"),
        (None, "users.txt: cannot be read: No such file or directory"),
    ],
)
def test_a_wrong_file_of_users_is_told(runs, recsys, here, content, says):
    if content is not None:
        Path("users.txt").write_bytes(content)
    result = recsys("recommend", "als", "--users", "users.txt")
    assert result.code == 2 and result.err == f"error: {says}\n"


def test_a_file_of_users_as_windows_writes_it(runs, recsys, here):
    Path("users.txt").write_bytes(b"\xef\xbb\xbf19\r\n20\r\n")
    found = recsys("recommend", "als", "--users", "users.txt", "--user", "5", "--json").document
    assert [one["user"] for one in found] == ["5", "19", "20"]
    assert all(one["note"] is None for one in found)


def test_a_user_that_is_there_twice_has_one_list(runs, recsys, here):
    Path("users.txt").write_text("20\n5\n19\n20\n")
    found = recsys("recommend", "als", "--users", "users.txt", "--user", "5", "--json").document
    assert [one["user"] for one in found] == ["5", "20", "19"]


def test_top_without_explain_is_refused(runs, recsys):
    result = recsys("recommend", "als", "--user", "19", "--top", "3")
    assert (result.code, result.out) == (2, "")
    assert result.err == "error: --top says how many --explain names\nuse both, or neither\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--all"], "--all needs --output FILE"),
        (["--all", "-o", "recs.xlsx"], "recs.xlsx: must be a .parquet, .csv or .jsonl file"),
        (["--all", "-o", "none/recs.csv"], "in a folder that exists"),
        (["--all", "--user", "19", "-o", "recs.csv"], "say for whom"),
        (["--history", "3", "-o", "recs.csv"], "takes no --output"),
    ],
)
def test_a_wrong_output_is_told(runs, recsys, here, words, says):
    result = recsys("recommend", "als", *words)
    assert result.code == 2 and says in result.err
    assert list(here.iterdir()) == []


def test_everyone_into_a_file(runs, recsys, here):
    result = recsys("recommend", "als", "--all", "-k", "3", "-o", "recs.jsonl")
    assert (result.code, result.out) == (0, "") and "180 recommendations are in recs.jsonl" in (
        result.err
    )
    rows = [json.loads(line) for line in Path("recs.jsonl").read_text().splitlines()]
    (one,) = recsys("recommend", "als", "--user", "19", "-k", "3", "--json").document
    theirs = [row for row in rows if row["user"] == "19"]
    assert [row["item"] for row in theirs] == [item["item"] for item in one["items"]]


def test_unknown_users_in_a_file_are_counted_or_refused(runs, recsys, here):
    Path("users.txt").write_text("19\nx\ny\n")
    words = ["recommend", "als", "--users", "users.txt", "-k", "2", "-o", "recs.csv"]
    result = recsys(*words)
    assert result.code == 0 and "2 users are unknown to this run" in result.err
    assert recsys(*words, "--strict").code == 6


def test_similar_items(runs, recsys):
    found = recsys("similar", "als", "--item", "3", "-k", "4", "--json").document
    assert len(found) == 4 and "3" not in [item["item"] for item in found]
    assert recsys("similar", "als", "--item", "3").out.startswith("Items like ")
    assert recsys("similar", "als", "--item", "x").code == 6
    other = recsys("similar", "popular", "--item", "3")
    assert other.code == 2 and "popular has no similar items" in other.err


def test_an_item_like_no_other_is_noted(recsys, tmp_path):
    make(Store(tmp_path), "lonely", model={"name": "slim", "l1": 1e6}, evaluated=False)
    words = ["similar", "lonely", "--item", "3", "--runs", tmp_path]
    result = recsys(*words)
    assert (result.code, result.out) == (0, "")
    assert result.err.startswith("Note: to slim, no other item is like ")
    assert recsys(*words, "--json").document == []


LIKED = {"prepare": [{"name": "min-value", "value": 4, "binarise": True}]}


@pytest.fixture(scope="module")
def liked(tmp_path_factory) -> Store:
    """Runs on liked items alone, a fifth of them held out."""
    store = Store(tmp_path_factory.mktemp("liked"))
    data = {"dataset": SMALL | LIKED, "split": {"name": "item-holdout"}}
    make(store, "liked", evaluated=False, **data)
    return store


def items_of(store: Store, *, trained_on: bool) -> list[str]:
    fold = store.find("liked").fold()
    at = np.flatnonzero((fold.model_arrays()["item_counts"] > 0) == trained_on)
    return [fold.catalog.items[i] for i in at]


def test_what_the_run_s_filters_drop_of_a_history_is_told(recsys, liked):
    low, high = items_of(liked, trained_on=True)[:2]
    words = ["recommend", "liked", "--runs", liked.root, "-k", "2", "--history"]
    dropped = f"min-value (value 4, binarise True) drops 1 of 2 items of the history: {low}"
    mixed = recsys(*words, f"{low}:1,{high}:5")
    assert mixed.code == 0 and mixed.err == f"Note: {dropped}.\n"
    (found,) = recsys(*words, f"{low}:1,{high}:5", "--json").document
    assert found["note"] == dropped
    assert recsys(*words, f"{low},{high}").err == ""


@pytest.mark.parametrize("value", ["0", "-3"])
def test_a_strength_that_is_none_exits_2(recsys, here, value):
    rows = [f"u{u},i{i},{1 + u * i}" for u in range(6) for i in range(4) if (u + i) % 3]
    Path("plays.csv").write_text("\n".join(["user,item,rating", *rows]))
    plays = {"name": "delimited", "path": "plays.csv"}
    make(Store(here / "runs"), "plays", evaluated=False, dataset=plays, split={"name": "random"})
    result = recsys("recommend", "--history", f"i1:2,i2:{value}")
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        f'error: the value {value} of item "i2" must be above 0: als takes values as counts or '
        "strengths\nleave i2 out, or give it without a value, which counts as 1\n"
    )
    assert recsys("recommend", "--history", "i1:2,i2:0.5").code == 0


def test_an_item_that_training_knew_nothing_of_is_told(recsys, liked):
    unknown = items_of(liked, trained_on=False)[0]
    where = ["--runs", liked.root]
    alike = recsys("similar", "liked", "--item", unknown, *where)
    assert (alike.code, alike.out) == (0, "")
    assert alike.err.endswith(", which has no training interactions.\n")
    listed = recsys("recommend", "liked", "--history", unknown, "--json", *where).document[0]
    (popular,) = recsys("recommend", "liked", "--user", "nobody", "--json", *where).document
    assert listed["note"] == (
        f"als never saw 1 of 1 items of the history: {unknown}; "
        "nothing is left of it: these are the most popular items"
    )
    assert listed["items"] == popular["items"]


def test_help_says_what_an_item_without_a_value_counts_as(recsys):
    told = " ".join(recsys("recommend", "--help").out.split())
    assert "counts as the best rating, or as 1 where values are no ratings" in told


def test_explained(runs, recsys):
    words = ["recommend", "als", "--explain", "-k", "4", "--json"]
    (found,) = recsys(*words, "--history", "3:5,7:1,9:4", "--top", "2").document
    for item in found["items"]:
        keys = {"item", "title", "score", "base", "carried", "rest", "because"}
        assert set(item) == keys
        assert len(item["because"]) == 2
        assert {"item", "title", "part", "share"} == set(item["because"][0])
    (user,) = recsys(*words, "--user", "19").document
    (plain,) = recsys("recommend", "als", "-k", "4", "--json", "--user", "19").document
    assert [one["item"] for one in user["items"]] == [one["item"] for one in plain["items"]]
    assert all(len(one["because"]) == 3 for one in user["items"])
    best = user["items"][0]["because"][0]
    out = recsys("recommend", "als", "--user", "19", "--explain").out
    assert f"{best['title']} {best['share']:.0%}" in out and "because of" in out


def test_ratings_are_explained_by_what_is_added_to_them(runs, recsys):
    words = ["recommend", "folds-mf", "--user", "19", "-k", "30", "--explain"]
    (found,) = recsys(*words, "--json").document
    cells = [line.split("│")[-2] for line in recsys(*words).out.splitlines() if "│" in line]
    for one, cell in zip(found["items"], cells, strict=True):
        said = [f"{reason['title']} {reason['part']:+.2f}" for reason in one["because"]]
        own = 0 < abs(one["carried"]) < 0.05 * one["score"]
        assert cell.strip() == "; ".join(["mostly the item's own bias"] * own + said)
        assert all(0 < reason["share"] < 0.5 for reason in one["because"])
    assert any("own bias" in cell for cell in cells)


def test_without_a_history_there_are_no_reasons_and_it_is_said(runs, recsys):
    result = recsys("recommend", "als", "--user", "nobody", "--explain", "-k", "2")
    assert result.code == 0 and "these are its most popular items" in result.err
    assert [line.split("│")[-2].strip() for line in result.out.splitlines() if "│" in line] == [
        "–",
        "–",
    ]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["popular", "--user", "19"], "--explain: popular cannot say what carries"),
        (["als", "--user", "19", "-o", "x.csv"], "--explain prints and takes no --output"),
        (["als", "--history", "3", "--top", "0"], "'--top': 0 is not in the range"),
    ],
)
def test_what_cannot_be_explained_exits_2(runs, recsys, here, words, says):
    result = recsys("recommend", *words, "--explain")
    assert result.code == 2 and says in result.err and result.out == ""
