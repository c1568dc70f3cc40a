"""The audit counts what a plain loop counts, and judges it by what the rule promises."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys_cli.data import Split
from recsys_cli.findings import SEVERITIES, Finding, documented, in_metrics, sentence, together
from recsys_cli.leakage import audit
from recsys_cli.spec import ExperimentSpec
from tests.conftest import interactions

SMALL = {"name": "synthetic", "users": 60, "items": 50, "interactions": 1500}
PARTS = ("train", "validation", "history", "test")


def spec(**blocks: Any) -> ExperimentSpec:
    split = {"name": "random", "repeats": True}
    parts = {"name": "x", "dataset": SMALL, "split": split, "model": {"name": "popular"}}
    return ExperimentSpec.model_validate(parts | blocks)


def by_name(asked: ExperimentSpec, split: Split) -> dict[str, Finding]:
    return {one.name: one for one in audit(asked, split)}


def divided(rows: list[tuple[int, int, float, int]], parts: list[str]) -> Split:
    data = interactions(rows, (8, 6))
    taken = {name: data.take(np.array([part == name for part in parts])) for name in PARTS}
    return Split(**taken)


@given(
    rows=st.lists(
        st.tuples(
            st.integers(0, 7), st.integers(0, 5), st.sampled_from([1.0, 2.0]), st.integers(0, 4)
        ),
        min_size=2,
        max_size=40,
    ),
    data=st.data(),
)
def test_counts_are_those_of_a_plain_loop(rows, data):
    parts = data.draw(
        st.lists(st.sampled_from(PARTS), min_size=len(rows) - 2, max_size=len(rows) - 2)
    )
    parts = ["train", "test", *parts]
    test = [row for row, part in zip(rows, parts, strict=True) if part == "test"]
    known = [row for row, part in zip(rows, parts, strict=True) if part != "test"]
    trained = [row for row, part in zip(rows, parts, strict=True) if part == "train"]
    met = {row[0] for row, part in zip(rows, parts, strict=True) if part in ("train", "history")}
    last = {user: max(row[3] for row in known if row[0] == user) for user in {r[0] for r in known}}
    expected = {
        "precedes_own": sum(any(k[0] == t[0] and k[3] > t[3] for k in known) for t in test),
        "precedes_anyone": sum(any(k[3] > t[3] for k in known) for t in test),
        "ties_own": sum(last.get(t[0]) == t[3] for t in test),
        "pairs": sum(any(k[:2] == t[:2] for k in known) for t in test),
        "duplicates": sum(t in known for t in test),
        "cold_users": len({t[0] for t in test} - met),
        "cold_items": len({t[1] for t in test} - {k[1] for k in trained}),
    }
    everything = by_name(spec(), divided(rows, parts))
    found = {name: one for name, one in everything.items() if one.count is not None}
    assert {name: one.count for name, one in found.items()} == expected
    sizes = {"cold_users": len({t[0] for t in test}), "cold_items": len({t[1] for t in test})}
    assert all(one.of == sizes.get(name, len(test)) for name, one in found.items())
    assert all((one.severity == "none") == (one.count == 0) for one in found.values())


#: User 0 is tested on before he trains, on what he trains on, and on a copy of a training row.
LEAKS = divided(
    [(0, 0, 1, 5), (0, 1, 1, 1), (0, 0, 2, 7), (0, 0, 1, 5)], ["train", "test", "test", "test"]
)


@pytest.mark.parametrize(
    ("split", "own", "anyone", "pairs"),
    [
        ({"name": "random"}, "expected", "expected", "doubtful"),
        ({"name": "k-fold"}, "expected", "expected", "doubtful"),
        ({"name": "user-holdout"}, "expected", "expected", "doubtful"),
        ({"name": "user-holdout", "by": "time"}, "severe", "expected", "expected"),
        ({"name": "leave-last"}, "severe", "expected", "expected"),
        ({"name": "temporal"}, "severe", "severe", "expected"),
        ({"name": "rolling"}, "severe", "severe", "expected"),
        ({"name": "predefined"}, "doubtful", "doubtful", "doubtful"),
    ],
)
def test_severity_follows_from_what_the_rule_promises(split, own, anyone, pairs):
    found = by_name(spec(split={**split, "repeats": True}), LEAKS)
    severities = [found[name].severity for name in ("precedes_own", "precedes_anyone", "pairs")]
    assert severities == [own, anyone, pairs]
    assert found["duplicates"].severity == "severe" and found["duplicates"].count == 1
    assert str(found["precedes_own"]).startswith("1 of 3 test interactions precede")


def test_without_times_nothing_is_said_of_them():
    bare = {name: replace(part, timestamp=None) for name, part in LEAKS.parts().items()}
    found = by_name(spec(), Split(**bare))
    assert {found[name].severity for name in ("precedes_own", "precedes_anyone")} == {"unknown"}
    assert found["precedes_own"].count is None
    # The same pair and value may as well be an interaction of its own.
    assert (found["duplicates"].count, found["duplicates"].severity) == (1, "doubtful")
    assert "time" not in found["duplicates"].says


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"name": "core"}, True),
        ({"name": "duplicates", "keep": "last"}, True),
        ({"name": "duplicates", "keep": "mean"}, True),
        ({"name": "duplicates", "keep": "first"}, False),
        ({"name": "min-value", "value": 3}, False),
        ({"name": "sample-users", "users": 3}, False),
    ],
)
def test_filters_that_look_at_test_rows_are_named(step, said):
    for split, severity in (("random", "expected"), ("temporal", "doubtful")):
        asked = spec(dataset={**SMALL, "prepare": [step]}, split={"name": split, "repeats": True})
        found = by_name(asked, LEAKS)["prepare"]
        assert found.severity == (severity if said else "none")
        assert found.says.startswith(f"{step['name']}: ") == said


def test_features_that_follow_from_what_users_did_are_named_where_they_are_read():
    def found(**blocks):
        return by_name(spec(**blocks), LEAKS)["features"]

    lastfm, content = {"name": "lastfm"}, {"name": "content"}
    assert "tag" in found(dataset=lastfm, model=content).says
    assert found(dataset=lastfm, model=content).severity == "doubtful"
    assert found(dataset=lastfm).severity == found(model=content).severity == "none"


def test_every_question_has_a_line_also_where_nothing_is_found():
    bare = divided([(0, 0, 1, 1), (0, 1, 1, 2)], ["train", "test"])
    found = by_name(spec(), bare)
    assert {"prepare", "features", "popularity"} < set(found)
    assert sentence([found["popularity"]]) == "Leakage audit: nothing found."
    one = Finding("b", "are so", "severe", 1, 2)
    told = sentence([Finding("a", "a is", "expected"), found["popularity"], one])
    assert told == "Leakage audit: 1 of 2 are so (severe); a is (expected)."


def test_what_metrics_hold_is_read_back_all_folds_together():
    one, other = ({"leakage": documented([Finding("a", "are so", "none", n, 4)])} for n in (1, 2))
    assert in_metrics({"folds": {"1": one, "2": other}}) == [Finding("a", "are so", "none", 3, 8)]
    assert in_metrics(one) == [Finding("a", "are so", "none", 1, 4)]
    assert in_metrics({"metrics": {}}) is None


def test_folds_together_add_up_and_keep_the_gravest():
    one = [Finding("a", "are so", "none", 0, 4), Finding("b", "b is", "doubtful")]
    other = [Finding("a", "are so", "severe", 3, 5), Finding("b", "b is", "doubtful")]
    assert together([one, other]) == [Finding("a", "are so", "severe", 3, 9), one[1]]
    assert documented(one) == [
        {"name": "a", "says": "are so", "severity": "none", "count": 0, "of": 4},
        {"name": "b", "says": "b is", "severity": "doubtful"},
    ]
    assert SEVERITIES[-1] == "severe"
