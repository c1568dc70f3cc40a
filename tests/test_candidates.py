"""Candidate lists: what is ranked in them, what stands beside their values, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import hypergeom

from recsys_cli import threads
from recsys_cli.data import CSR, Float32, Int32, Interactions, SideFeatures, Split
from recsys_cli.errors import DataError, Diverged, NotFound
from recsys_cli.evaluation import Evaluation, Evaluator
from recsys_cli.evaluation._correction import GAMMA, corrected
from recsys_cli.metrics import parse
from recsys_cli.models._base import Model, ModelConfig
from recsys_cli.spec import EvaluationSpec
from tests.conftest import interactions
from tests.test_evaluation import EVERYTHING, divided, fitted

#: Ranks 4 and 3 of the relevant items i3 and i4, i0 and i1 being known to their users.
SCORES = np.array([[9, 5, 9, 6, 8, 7], [1, 9, 9, 8, 7, 7], [0, 0, 0, 0, 0, 0]], np.float32)


class Fixed(Model[ModelConfig]):
    """Scores as they are given."""

    feedback = "implicit"

    def __init__(self, scores: Float32) -> None:
        super().__init__(ModelConfig())
        self.scores = scores

    def _train(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> Iterator[float | None]:
        yield None

    def _score(self, user_idx: Int32) -> Float32:
        return self.scores[user_idx].copy()

    def _fold_in(self, history: CSR) -> None:
        raise NotImplementedError


def by_hand() -> Split:
    """Return two test users with one relevant item each; a third makes candidates of all items."""
    train = [(0, 0, 1), (1, 1, 1), *((2, item, 1) for item in range(6))]
    data = interactions([*train, (0, 3, 1), (1, 4, 1)], (3, 6))
    return Split(train=data.take(np.arange(8)), test=data.take(np.array([8, 9])))


def scored(split: Split, scores: Float32, candidates: object, *metrics: str) -> Evaluation:
    spec = EvaluationSpec.model_validate({"metrics": list(metrics), "candidates": candidates})
    model = Fixed(scores).fit(split.train, rng=np.random.default_rng(0))
    return Evaluator(split, spec).evaluate(model)


def table(path: Path, rows: str) -> dict[str, str]:
    path.write_text("user,item\n" + rows.replace(" ", "\n").replace(":", ",") + "\n")
    return {"file": str(path)}


def test_a_relevant_item_is_ranked_among_its_candidates_alone(tmp_path):
    given = table(tmp_path / "c.csv", "u0:i1 u0:i4 u1:i5 u1:i0 u2:i0")
    found = scored(by_hand(), SCORES, given, "hit@1", "ndcg@2", "auc", "mrr@5")
    # u0 has i4, i3, i1; u1 has i4 and i5 with equal scores, then i0.
    assert found.metrics["hit@1"].value == 0.5
    assert found.metrics["ndcg@2"].value == pytest.approx((1 / np.log2(3) + 1) / 2)
    assert found.metrics["auc"].value == pytest.approx((0.5 + 0.75) / 2)
    assert found.metrics["mrr@5"].full.value == pytest.approx((1 / 4 + 1 / 3) / 2)
    assert found.metrics["hit@1"].full.value == 0.0
    assert found.per_user["mrr@5"].tolist() == [0.5, 1.0]
    assert found.per_user["mrr@5 (full)"].tolist() == [1 / 4, 1 / 3]
    assert "ranked only among 2 other items, given by" in found.metrics["hit@1"].definition
    assert found.lists.items[0].tolist() == [4, 3, 1, -1, -1]
    assert found.pairs["rank"].tolist() == [2, 1]


def test_what_the_full_ranking_lacks_is_in_no_list(tmp_path):
    """Items seen, unknown or without training interactions are left out, and told."""
    split = by_hand()
    rare = split.train.item_idx == 5
    split = replace(split, train=split.train.take(~rare))
    given = table(tmp_path / "c.csv", "u0:i1 u0:i0 u0:i5 u0:zzz u1:i2 ghost:i1")
    spec = EvaluationSpec.model_validate({"metrics": ["mrr@5"], "candidates": given})
    evaluator = Evaluator(split, spec)
    assert evaluator.lists.items.indices.tolist() == [1, 3, 2, 4]
    assert evaluator.lists.left_out == 3
    assert "Warning: relevant items are ranked only among 1 other items" in evaluator.warning
    assert "3 candidates given are left out" in evaluator.warning
    assert Evaluator(split, EvaluationSpec()).warning is None


def test_a_cold_relevant_item_is_a_miss_in_every_value():
    split = by_hand()
    split = replace(split, train=split.train.take(split.train.item_idx != 3))
    found = scored(split, SCORES, {"sampled": 2}, "hit@5", "auc")
    assert found.per_user["hit@5"].tolist() == [0.0, 1.0]
    assert found.per_user["hit@5 (full)"].tolist() == [0.0, 1.0]
    assert found.per_user["hit@5 (corrected)"][0] == 0.0
    assert found.per_user["auc"][0] == 0.0


@pytest.mark.parametrize("part", ["test", "validation"])
@pytest.mark.parametrize("hold_out_users", [False, True])
def test_with_all_items_as_candidates_every_value_is_that_of_the_full_ranking(part, hold_out_users):
    split = divided(4, hold_out_users=hold_out_users)
    metrics = {"metrics": EVERYTHING}
    whole = Evaluator(split, EvaluationSpec(**metrics), part).evaluate(fitted(split))
    asked = EvaluationSpec.model_validate({**metrics, "candidates": {"sampled": 15}})
    short = Evaluator(split, asked, part).evaluate(fitted(split))
    for name in EVERYTHING:
        np.testing.assert_array_equal(short.per_user[name], whole.per_user[name], name)
        assert short.metrics[name].value == whole.metrics[name].value
        if name in ("rmse", "mae"):
            assert short.metrics[name] == whole.metrics[name]
        else:
            assert short.metrics[name].full.value == whole.metrics[name].value
            assert short.metrics[name].full.ci95 == whole.metrics[name].ci95


def test_the_monitor_asks_for_the_lists_alone(monkeypatch):
    split = divided(0)
    asked = EvaluationSpec.model_validate({"metrics": ["ndcg@3"], "candidates": {"sampled": 3}})
    evaluator, model = Evaluator(split, asked, "validation"), fitted(split)
    value = evaluator.evaluate(model).metrics["ndcg@3"].value
    monkeypatch.setattr(model, "recommend", None)
    assert evaluator.value(model, "ndcg@3") == value


def drawn(split: Split, **candidates: object) -> tuple[Evaluator, list[set[int]]]:
    asked = EvaluationSpec.model_validate({"candidates": {"sampled": 4, **candidates}})
    evaluator = Evaluator(split, asked)
    items = evaluator.lists.items
    rows = [items.rows(np.array([at])).indices for at in range(len(evaluator.part.users))]
    relevant = evaluator.part.relevant
    return evaluator, [
        set(row.tolist()) - set(relevant.rows(np.array([at])).indices.tolist())
        for at, row in enumerate(rows)
    ]


def test_candidates_are_drawn_from_what_is_neither_relevant_nor_known():
    evaluator, others = drawn(divided(1))
    part = evaluator.part
    for at, found in enumerate(others):
        seen = set(part.seen.rows(np.array([at])).indices.tolist())
        wanted = set(part.relevant.rows(np.array([at])).indices.tolist())
        pool = set(np.flatnonzero(part.candidates).tolist()) - seen - wanted
        assert found <= pool and len(found) == min(4, len(pool))
        assert evaluator.lists.n_irrelevant[at] == len(pool)
    assert drawn(divided(1))[1] == others
    assert drawn(divided(1), seed=1)[1] != others


def test_candidates_are_drawn_alike_or_by_popularity():
    """Of 2,000 users whose pool holds items with 1, 2, 3 … interactions."""
    counts = [2000, *range(1, 7)]
    train = [(user, item, 1) for item, count in enumerate(counts) for user in range(count)]
    data = interactions([*train, *((user, 7, 1) for user in range(2000))], (2000, 8))
    at = np.arange(len(data))
    split = Split(train=data.take(at < len(train)), test=data.take(at >= len(train)))
    for by, share in (("uniform", np.full(6, 1 / 6)), ("popularity", np.arange(1, 7) / 21)):
        _, others = drawn(split, sampled=1, by=by)
        # The first six users know some of the items.
        found = np.bincount([item for one in others[6:] for item in one], minlength=7)[1:]
        assert found / found.sum() == pytest.approx(share, abs=0.035)


def test_the_correction_minimises_bias_and_variance_over_ranks():
    """By brute force: no other function of the rank among candidates has a smaller objective."""
    m, n = 3, 8
    metrics = [parse("hit@1"), parse("ndcg@4")]
    places = np.arange(1, m + 2)
    found = corrected(metrics, places, np.full(4, m), np.full(4, n))
    chance = np.array([hypergeom.pmf(np.arange(m + 1), n, better, m) for better in range(n + 1)])
    rng = np.random.default_rng(0)
    for name, f in (
        ("hit@1", (np.arange(n + 1) < 1).astype(float)),
        ("ndcg@4", np.where(np.arange(n + 1) < 4, 1 / np.log2(np.arange(n + 1) + 2), 0)),
    ):

        def objective(g, f=f):
            mean = chance @ g
            return ((mean - f) ** 2 + GAMMA * (chance @ g**2 - mean**2)).mean()

        least = objective(found[name])
        assert all(objective(found[name] + rng.normal(0, 0.1, m + 1)) > least for _ in range(50))
    one = corrected(metrics, np.zeros(1, np.int64), np.array([m]), np.array([n]))
    assert one["hit@1"].tolist() == [0.0]


def test_the_correction_is_nearer_to_the_full_ranking_than_the_raw_value():
    """1,500 users, 99 of 2,000 to 3,000 items: raw hit rates are many times too large."""
    rng = np.random.default_rng(3)
    n = rng.integers(2000, 3000, 1500)
    rank = np.minimum(rng.geometric(0.004, 1500), n)
    place = 1 + rng.hypergeometric(rank - 1, n - rank + 1, 99)
    found = corrected([parse("hit@10"), parse("ndcg@10")], place, np.full(1500, 99), n)

    def gain(at):
        return np.where(at <= 10, 1 / np.log2(at + 1), 0).mean()

    for name, value in (("hit@10", lambda at: (at <= 10).mean()), ("ndcg@10", gain)):
        full, raw, fixed = value(rank), value(place), found[name].mean()
        assert raw > 5 * full
        assert abs(fixed - full) < 0.5 * full


def test_no_correction_where_none_is_known(tmp_path):
    one = scored(by_hand(), SCORES, {"sampled": 2}, "hit@1", "auc", "coverage@2", "popularity@2")
    assert one.metrics["hit@1"].corrected is not None
    assert "hit@1 (corrected)" in one.per_user
    for name in ("auc", "coverage@2", "popularity@2"):
        assert one.metrics[name].corrected is None and one.metrics[name].full is not None
    popular = scored(by_hand(), SCORES, {"sampled": 2, "by": "popularity"}, "hit@1")
    assert popular.metrics["hit@1"].corrected is None
    assert popular.metrics["hit@1"].full is not None
    split = divided(0)
    asked = EvaluationSpec.model_validate({"metrics": ["hit@3"], "candidates": {"sampled": 3}})
    several = Evaluator(split, asked).evaluate(fitted(split))
    assert several.metrics["hit@3"].corrected is None


def test_the_document_holds_what_stands_beside_and_no_nan():
    found = scored(by_hand(), SCORES, {"sampled": 2}, "hit@1", "auc")
    document = json.loads(json.dumps(found.document(), allow_nan=False))
    assert document["metrics"]["hit@1"]["full"].keys() == {"value", "ci95"}
    assert document["metrics"]["hit@1"]["corrected"].keys() == {"value", "ci95"}
    assert "corrected" not in document["metrics"]["auc"]
    assert document["counts"]["listed_candidates"] == 6


def test_the_same_bits_at_any_number_of_threads(monkeypatch):
    monkeypatch.setattr("recsys_cli.models._blocks.BLOCK_SCORES", 60)
    split = divided(1, hold_out_users=True)
    asked = EvaluationSpec.model_validate({"metrics": EVERYTHING, "candidates": {"sampled": 5}})
    model, documents = fitted(split), []
    for count in (1, 3, 8):
        with threads.use(count):
            documents.append(Evaluator(split, asked).evaluate(model).document())
    assert documents[0] == documents[1] == documents[2]


def test_a_score_that_is_not_finite_is_never_counted():
    broken = SCORES.copy()
    broken[0, 3] = np.nan
    with pytest.raises(Diverged, match="is not finite"):
        scored(by_hand(), broken, {"sampled": 4}, "auc")


def test_a_file_that_does_not_fit_is_refused(tmp_path):
    given = table(tmp_path / "c.csv", "u0:i1 u1:i1")
    with pytest.raises(DataError, match='to 1 users with a relevant item, "u1" among them'):
        scored(by_hand(), SCORES, given, "hit@1")
    with pytest.raises(NotFound, match=r"evaluation\.candidates\.file: nowhere\.csv: no such file"):
        scored(by_hand(), SCORES, {"file": "nowhere.csv"}, "hit@1")
