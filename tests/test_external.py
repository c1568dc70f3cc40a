"""Lists made elsewhere: the rules by which they are scored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recsys_cli.errors import DataError
from recsys_cli.evaluation import Evaluation, Evaluator
from recsys_cli.external._answers import answered, notes, order
from recsys_cli.loaders._listed import read_listed
from recsys_cli.spec import EvaluationSpec
from tests.test_candidates import by_hand


def scored(
    path: Path, text: str, candidates: object = "train", depth: int = 3
) -> tuple[Evaluation, dict[str, int]]:
    """Score a file on two users: i3 is relevant to u0, who knows i0, and i4 to u1."""
    path.write_text(text)
    metrics = [f"hit@{k}" for k in range(1, depth + 1)] + [f"mrr@{depth}"]
    spec = EvaluationSpec.model_validate({"metrics": metrics, "candidates": candidates})
    evaluator = Evaluator(by_hand(), spec)
    answers, counts = answered(read_listed(path, ("rank", "score")), evaluator, depth)
    return evaluator.judge(answers), counts


def test_what_is_unknown_or_seen_keeps_its_place_and_no_list_scores_0(tmp_path):
    found, counts = scored(
        tmp_path / "r.csv",
        "user,item\nu0,zzz\nghost,i3\nu0,i0\nu0,i3\nu2,i1\nghost,i1\n",
    )
    assert found.per_user["mrr@3"].tolist() == [1 / 3, 0.0]
    assert found.metrics["hit@2"].value == 0.0
    assert found.metrics["hit@3"].value == 0.5
    assert found.metrics["hit@3"].users == 2
    assert counts == {
        "unknown_users": 1,
        "users_without_list": 1,
        "short_lists": 0,
        "unknown_items": 1,
        "seen_items": 1,
        "items_outside_candidates": 0,
    }
    assert len(notes(counts, 3)) == 4


def test_the_order_is_that_of_ranks_of_scores_or_of_lines(tmp_path):
    """Equal ranks and scores keep the order of lines; a rank goes before a score."""
    for head, rows in (
        ("user,item", ["u0,i2", "u0,i3", "u1,i4"]),
        ("user,item,rank", ["u0,i3,2", "u1,i4,7", "u0,i2,1"]),
        ("user,item,rank", ["u0,i2,1", "u0,i3,1", "u1,i4,1"]),
        ("user,item,score", ["u0,i3,-2", "u1,i4,0", "u0,i2,1e-3"]),
        ("user,item,score", ["u0,i2,5", "u1,i4,5", "u0,i3,5"]),
        ("user,item,score,rank", ["u0,i3,9,2", "u0,i2,1,1", "u1,i4,0,1"]),
    ):
        found, counts = scored(tmp_path / "r.csv", "\n".join([head, *rows]) + "\n")
        assert found.per_user["mrr@3"].tolist() == [0.5, 1.0], (head, rows)
        assert counts["short_lists"] == 2
    assert found.lists.items[0].tolist() == [2, 3, -1]


def test_a_list_longer_than_the_largest_cutoff_is_cut(tmp_path):
    text = "user,item\n" + "".join(f"u{u},i{i}\n" for u in (0, 1) for i in (2, 1, 5, 4, 3))
    found, counts = scored(tmp_path / "r.csv", text)
    assert found.metrics["mrr@3"].value == 0.0
    assert counts["seen_items"] == 1 and counts["short_lists"] == 0


def test_among_candidate_lists_all_others_are_left_out(tmp_path):
    given = tmp_path / "c.csv"
    given.write_text("user,item\nu0,i1\nu0,i5\nu1,i0\n")
    found, counts = scored(
        tmp_path / "r.csv",
        "user,item\nu0,i2\nu0,i1\nu0,zzz\nu0,i3\nu1,i5\nu1,i4\n",
        {"file": str(given)},
    )
    assert found.per_user["mrr@3"].tolist() == [0.5, 1.0]
    assert counts["items_outside_candidates"] == 3
    assert found.metrics["hit@1"].full is None and found.metrics["hit@1"].corrected is None
    assert "ranked only among 1 to 2 other items" in found.metrics["hit@1"].definition


def test_an_item_listed_twice_is_refused_with_both_lines(tmp_path):
    with pytest.raises(DataError) as caught:
        scored(tmp_path / "r.csv", "user,item\nu0,i1\nghost,i1\nu1,i1\nghost,i1\n")
    assert str(caught.value).startswith(
        f'{tmp_path / "r.csv"}:5: item "i1" is listed twice for user "ghost", first in line 3'
    )


def test_a_file_of_other_ids_is_refused(tmp_path):
    with pytest.raises(DataError, match="lists nothing for any user of the test part"):
        scored(tmp_path / "r.csv", "user,item\n0,3\n1,4\nu2,i1\n")


def test_the_answers_hold_no_nan(tmp_path):
    found, _ = scored(tmp_path / "r.csv", "user,item\nu0,i3\n")
    assert found.lists.scores[0].tolist() == [1.0, -np.inf, -np.inf]
    assert all(np.isfinite(value.value) for value in found.metrics.values())


def test_scores_are_kept_as_they_stand(tmp_path):
    """Of two that are one in float32 the larger is the better, and none becomes infinite."""
    text = "user,item,score\nu0,i2,1\nu0,i3,1.00000000001\nu1,i4,1e300\n"
    found, _ = scored(tmp_path / "r.csv", text)
    assert found.per_user["mrr@3"].tolist() == [1.0, 1.0]
    assert found.lists.scores[:, 0].tolist() == [1.00000000001, 1e300]


def test_what_orders_the_lists_is_told_where_it_is_not_plain(tmp_path):
    said = []
    for head in ("user,item", "user,item,rank", "user,item,score", "user,item,score,rank"):
        path = tmp_path / "r.csv"
        path.write_text(f"{head}\nu0,i3{',1' * (head.count(',') - 1)}\n")
        said.append(order(read_listed(path, ("rank", "score"))))
    assert said == [
        "No rank or score: the first line of a user is its best.",
        None,
        None,
        "Ordered by rank, not by score.",
    ]
