"""The evaluator against plain Python loops, and what it does where data are thin."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from recsys_cli import answers, statistics, threads
from recsys_cli.data import (
    CSR,
    Float32,
    Int32,
    Int64,
    Interactions,
    SideFeatures,
    Split,
    concatenate,
)
from recsys_cli.errors import DataError, Diverged, SpecError
from recsys_cli.evaluation import Evaluation, Evaluator, estimate
from recsys_cli.models import MODELS, _blocks, _factor
from recsys_cli.models._base import Model, ModelConfig
from recsys_cli.seeding import generator
from recsys_cli.spec import EvaluationSpec, RelevantSpec
from tests.conftest import interactions, side_features

TOP_K = ["precision", "recall", "recall-capped", "ndcg", "map", "map-capped", "mrr", "hit"]
RANKING = [f"{stem}@{k}" for stem in TOP_K for k in (1, 3, 40)] + ["auc", "popularity@3"]
EVERYTHING = [*RANKING, "coverage@3", "coverage@1", "rmse", "mae"]


class Neighbours(Model[ModelConfig]):
    """Scores an item by fixed weights to the user's history; many ties, for weights are coarse."""

    feedback = "explicit"
    predicts_ratings = True
    weights_: Float32
    history_: Float32

    def _train(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> Iterator[float | None]:
        n = train.n_items
        self.weights_ = rng.integers(-2, 3, (n, n)).astype(np.float32)
        self.history_ = _dense(train.csr)
        yield 0.0

    def _score(self, user_idx: Int32) -> Float32:
        return (self.history_[user_idx] > 0).astype(np.float32) @ self.weights_

    def _fold_in(self, history: CSR) -> None:
        self.history_ = _dense(history)

    def predict(self, user_idx: Int32, item_idx: Int32, timestamp: Int64 | None = None) -> Float32:
        return np.float32(3) + self._score(user_idx)[np.arange(len(user_idx)), item_idx] / 3


def _dense(matrix: CSR) -> Float32:
    dense = np.zeros((matrix.n_rows, matrix.n_cols), np.float32)
    rows = np.repeat(np.arange(matrix.n_rows), np.diff(matrix.indptr))
    dense[rows, matrix.indices] = matrix.data
    return dense


class Naive:
    """What the evaluator should say, in loops over plain lists and sets."""

    def __init__(self, split: Split, spec: EvaluationSpec, model: Neighbours, part: str) -> None:
        self.split, self.spec, self.weights, self.part = split, spec, model.weights_, part
        self.counts = np.bincount(split.train.item_idx, minlength=split.train.n_items)
        data = getattr(split, part)
        columns = (data.user_idx.tolist(), data.item_idx.tolist(), data.value.tolist())
        self.rows = list(zip(*columns, strict=True))
        if spec.users == "warm":
            self.rows = [row for row in self.rows if self.known(row[0])]

    def known(self, user: int) -> set[int]:
        parts = [self.split.train, self.split.history]
        return {
            int(i) for p in parts if p is not None for i in p.item_idx[p.user_idx == user].tolist()
        }

    def scores(self, user: int) -> list[float]:
        known = self.known(user)
        if not known:
            return self.counts.astype(float).tolist()
        return self.weights[sorted(known)].sum(axis=0).tolist()

    def seen(self, user: int) -> set[int]:
        hidden = self.split.validation if self.part == "test" else None
        extra = set() if hidden is None else set(hidden.item_idx[hidden.user_idx == user].tolist())
        return self.known(user) | extra

    def candidates(self, user: int) -> list[int]:
        everything = range(len(self.counts))
        open_ = [i for i in everything if self.spec.candidates == "all" or self.counts[i]]
        return [i for i in open_ if i not in self.seen(user)]

    def relevant(self) -> dict[int, set[int]]:
        low, found = self.spec.relevant.min_value, {}
        for user, item, value in self.rows:
            if (low is None or value >= low) and item not in self.seen(user):
                found.setdefault(user, set()).add(item)
        return found

    def top(self, user: int) -> list[int]:
        scores = self.scores(user)
        return sorted(self.candidates(user), key=lambda i: (-scores[i], i))

    def per_user(self, name: str) -> dict[int, float]:
        stem, _, k = name.partition("@")
        if stem == "auc":
            return {u: self.auc(u, wanted) for u, wanted in self.relevant().items()}
        return {
            u: self.at(stem, self.top(u)[: int(k)], wanted, int(k))
            for u, wanted in self.relevant().items()
        }

    def at(self, stem: str, top: list[int], wanted: set[int], k: int) -> float:
        ranks = [rank for rank, item in enumerate(top, 1) if item in wanted]
        cap = min(k, len(wanted))
        ap = sum(n / rank for n, rank in enumerate(ranks, 1))
        return {
            "precision": len(ranks) / k,
            "recall": len(ranks) / len(wanted),
            "recall-capped": len(ranks) / cap,
            "ndcg": sum(1 / math.log2(r + 1) for r in ranks)
            / sum(1 / math.log2(r + 1) for r in range(1, cap + 1)),
            "map": ap / len(wanted),
            "map-capped": ap / cap,
            "mrr": 1 / ranks[0] if ranks else 0.0,
            "hit": float(bool(ranks)),
            "popularity": sum(int(self.counts[i]) for i in top) / max(1, len(top)),
        }[stem]

    def auc(self, user: int, wanted: set[int]) -> float:
        scores, open_ = self.scores(user), self.candidates(user)
        others = [i for i in open_ if i not in wanted]
        total = 0.0
        for item in wanted & set(open_):
            better = [(scores[item] > scores[o]) + (scores[item] == scores[o]) / 2 for o in others]
            total += sum(better) / len(others) if others else 0.5
        return total / len(wanted)

    def coverage(self, k: int) -> float:
        listed = {i for u in self.relevant() for i in self.top(u)[:k]}
        n = len(self.counts) if self.spec.candidates == "all" else np.count_nonzero(self.counts)
        return len(listed) / n

    def errors(self) -> list[float]:
        found = []
        for user, item, value in self.rows:
            score = self.weights[sorted(self.known(user)), item].sum() if self.known(user) else 0
            found.append(min(5, max(1, 3 + score / 3)) - value)
        return found


def divided(seed: int, *, repeats: bool = False, hold_out_users: bool = False) -> Split:
    """12 users and 15 items; some users and items are cold; 6 test users are held out if asked."""
    rng = np.random.default_rng(seed)
    cells = rng.choice(12 * 15, 90, replace=repeats)
    user, item = np.divmod(cells, 15)
    rows = list(zip(user.tolist(), item.tolist(), rng.integers(1, 6, 90).tolist(), strict=True))
    data = interactions(rows, (12, 15), (1, 5))
    part = rng.choice(["train", "validation", "test", "history"], 90, p=[0.5, 0.15, 0.35, 0])
    part[(part == "train") & ((item == 14) | (user == 11))] = "test"
    if hold_out_users:
        part[(user < 6)] = np.where(part[(user < 6)] == "test", "test", "history")
    return Split(
        **{name: data.take(part == name) for name in ("train", "validation", "test")},
        history=data.take(part == "history") if hold_out_users else None,
    )


def fitted(split: Split) -> Neighbours:
    return Neighbours().fit(split.train, rng=np.random.default_rng(0))


def run(split: Split, part: str = "test", **spec: object) -> tuple[Evaluation, Naive]:
    asked = EvaluationSpec(**{"metrics": EVERYTHING, **spec})
    model = fitted(split)
    return Evaluator(split, asked, part).evaluate(model), Naive(split, asked, model, part)


CASES = [
    {},
    {"candidates": "all"},
    {"users": "warm"},
    {"relevant": RelevantSpec(min_value=4)},
    {"part": "validation"},
    {"candidates": "all", "users": "warm", "relevant": RelevantSpec(min_value=2.5)},
]


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("repeats", [False, True])
@pytest.mark.parametrize("hold_out_users", [False, True])
def test_it_equals_loops_over_plain_lists(case, repeats, hold_out_users, monkeypatch):
    monkeypatch.setattr(answers, "BLOCK", 4)
    monkeypatch.setattr(_blocks, "BLOCK_SCORES", 40)
    for seed in range(3):
        split = divided(seed, repeats=repeats, hold_out_users=hold_out_users)
        found, naive = run(split, **case)
        users, relevant = found.per_user["user_idx"].tolist(), naive.relevant()
        for name in RANKING:
            expected = naive.per_user(name)
            column = found.per_user[name]
            assert {u for u, v in zip(users, column, strict=True) if v == v} == set(expected)
            wanted = [expected.get(u, np.nan) for u in users]
            np.testing.assert_allclose(column, wanted, rtol=0, atol=1e-12, err_msg=name)
            mean = np.mean(list(expected.values()))
            assert found.metrics[name].value == pytest.approx(mean, abs=1e-12)
            assert found.metrics[name].users == len(relevant)
        assert found.metrics["coverage@3"].value == pytest.approx(naive.coverage(3))
        assert found.metrics["coverage@1"].value == pytest.approx(naive.coverage(1))
        errors = np.array(naive.errors())
        assert found.metrics["rmse"].value == pytest.approx(np.sqrt(np.mean(errors**2)), abs=1e-6)
        assert found.metrics["mae"].value == pytest.approx(np.mean(np.abs(errors)), abs=1e-6)
        assert found.metrics["mae"].pairs == len(errors) == found.counts["pairs"]
        assert found.counts["relevant"] == sum(map(len, relevant.values()))
        cold = sum(naive.counts[i] == 0 for items in relevant.values() for i in items)
        assert found.counts["cold_relevant_items"] == cold
        assert found.counts["cold_users"] == sum(not naive.known(u) for u in users)
        assert found.lists is not None
        assert found.lists.user_idx.tolist() == [u for u in users if u in relevant]
        for user, items in zip(found.lists.user_idx, found.lists.items, strict=True):
            assert items[items >= 0].tolist() == naive.top(user)


@pytest.mark.parametrize("cutoffs", [[1], [3], [1, 3], [2, 15, 40]])
def test_lists_that_a_tie_cuts_at_any_cutoff_are_counted(cutoffs):
    counts = []
    for seed in range(3):
        found, naive = run(divided(seed), metrics=[f"ndcg@{k}" for k in cutoffs])
        tied = 0
        for user in naive.relevant():
            scores = [naive.scores(user)[item] for item in naive.top(user)]
            tied += any(k < len(scores) and scores[k - 1] == scores[k] for k in cutoffs)
        assert found.counts["tied_lists"] == tied
        counts.append(tied)
    assert max(counts) > 0


BEYOND = ["ndcg-linear", "ndcg-exp", "user-coverage", "gini", "entropy", "novelty", "iuf"]
BEYOND += ["long-tail", "serendipity", "diversity", "diversity-cooccurrence", "calibration:genre"]
BEYOND += [f"{stem}:genre" for stem in ("exposure-gap", "exposure-ratio")]
BEYOND += [f"{stem}:job" for stem in ("ndcg-gap", "ndcg-ratio", "recall-gap", "recall-ratio")]


@pytest.mark.parametrize("part", ["test", "validation"])
@pytest.mark.parametrize("hold_out_users", [False, True])
def test_what_a_metric_may_ask_of_the_data_is_what_the_split_says(part, hold_out_users):
    """The evaluator hands on histories, values and candidates of the users with relevant items."""
    split = divided(3, hold_out_users=hold_out_users)
    held_out = getattr(split, part)
    # Every pair twice, once above the bar and once below it, in either order.
    twice = concatenate([held_out, replace(held_out, value=6 - held_out.value)])
    split = replace(split, **{part: twice})
    asked = EvaluationSpec(metrics=["hit@3"], relevant=RelevantSpec(min_value=2))
    naive, features = Naive(split, asked, fitted(split), part), side_features(split.train)
    context = Evaluator(split, asked, part, features=features)._context
    values: dict[tuple[int, int], float] = {}
    for user, item, value in naive.rows:
        values[user, item] = max(value, values.get((user, item), 0))
    users = context.users.tolist()
    assert sorted(users) == sorted(naive.relevant())
    for row, user in enumerate(users):
        wanted = slice(*context.relevant.indptr[row : row + 2].tolist())
        found = zip(context.relevant.indices[wanted], context.relevant.data[wanted], strict=True)
        assert dict(found) == {i: values[user, i] for i in naive.relevant()[user]}
        seen = context.seen.rows(context.seen_at[row : row + 1])
        assert set(seen.indices.tolist()) == naive.seen(user)
    assert context.features is features
    assert context.n_candidates == np.count_nonzero(naive.counts)


@pytest.mark.parametrize("hold_out_users", [False, True])
def test_metrics_beyond_accuracy_have_values_intervals_and_no_nan(hold_out_users):
    split = divided(2, hold_out_users=hold_out_users)
    names = [f"{stem}@{k}" for stem in BEYOND for k in (1, 3, 40)]
    evaluator = Evaluator(split, EvaluationSpec(metrics=names), features=side_features(split.train))
    found = evaluator.evaluate(fitted(split))
    text = json.dumps(found.document(), allow_nan=False)
    for name, value in json.loads(text)["metrics"].items():
        low, high = value["ci95"]
        assert low <= value["value"] <= high, name
        assert value["users"] <= found.counts["ranked_users"], name
    cold = found.counts["cold_users"]
    assert found.metrics["calibration:genre@3"].users <= found.counts["ranked_users"] - cold
    assert found.metrics["ndcg-linear@3"].users == found.counts["ranked_users"]


def test_a_metric_that_says_nothing_of_any_user_is_refused():
    split = divided(0)
    nobody = replace(split, train=split.train.take(split.train.user_idx == 0), validation=None)
    nobody = replace(nobody, test=nobody.test.take(nobody.test.user_idx == 11))
    evaluator = Evaluator(
        nobody, EvaluationSpec(metrics=["calibration:genre@3"]), features=side_features(split.train)
    )
    with pytest.raises(DataError, match="calibration:genre@3 has a meaning for no user"):
        evaluator.evaluate(fitted(nobody))


def test_a_metric_whose_features_the_data_lack_is_refused_before_the_model_is_asked(monkeypatch):
    split = divided(0)
    model = fitted(split)
    monkeypatch.setattr(model, "recommend", None)
    with pytest.raises(SpecError, match="diversity needs labels of the items"):
        Evaluator(split, EvaluationSpec(metrics=["diversity@3"])).evaluate(model)
    evaluator = Evaluator(
        split, EvaluationSpec(metrics=["ndcg@3"]), "validation", features=side_features(split.train)
    )
    with pytest.raises(SpecError, match='no column "genr"; did you mean "genre"'):
        evaluator.value(model, "calibration:genr@3")


def test_the_same_bits_at_any_number_of_threads(monkeypatch):
    monkeypatch.setattr(_blocks, "BLOCK_SCORES", 60)
    split = divided(1, hold_out_users=True)
    spec, model = EvaluationSpec(metrics=EVERYTHING), fitted(split)
    documents = []
    for count in (1, 3, 8):
        with threads.use(count):
            documents.append(Evaluator(split, spec).evaluate(model).document())
    assert documents[0] == documents[1] == documents[2]


def test_lists_of_a_factor_model_are_alike_however_its_scores_come(monkeypatch):
    split = divided(1, hold_out_users=True)
    model = MODELS.get("mf")(factors=4, epochs=2).fit(split.train, rng=generator(0, "model"))
    found = []
    for least, metrics in ((1 << 20, ["ndcg@3"]), (7, ["ndcg@3"]), (7, ["ndcg@3", "auc"])):
        monkeypatch.setattr(_factor, "_LEAST_ITEMS", least)
        monkeypatch.setattr(_factor, "_PART", 1)
        evaluator = Evaluator(split, EvaluationSpec(metrics=metrics))
        found.append(evaluator.evaluate(model).per_user["ndcg@3"])
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_the_document_is_json_without_nan():
    found, _ = run(divided(0), relevant=RelevantSpec(min_value=4))
    document = json.loads(json.dumps(found.document(), allow_nan=False))
    kept = {"value", "ci95", "interval", "users", "definition"}
    assert document["metrics"]["ndcg@3"].keys() == kept
    assert document["metrics"]["rmse"].keys() == kept | {"pairs"}
    for name, value in document["metrics"].items():
        low, high = value["ci95"]
        assert low <= value["value"] <= high, name
    assert list(document["metrics"]) == EVERYTHING


def test_a_users_rmse_and_pairs_give_the_total_back():
    found, _ = run(divided(2))
    pairs, rmse = found.per_user["pairs"], found.per_user["rmse"]
    total = np.sqrt((rmse**2 * pairs).sum() / pairs.sum())
    assert found.metrics["rmse"].value == pytest.approx(total, rel=1e-14)


def test_the_columns_give_every_value_and_interval_back():
    """What ``compare`` reads from a run is what was reported."""
    found, _ = run(divided(2))
    for name, value in found.metrics.items():
        total = value.value if name.startswith("coverage") else None
        again = estimate(name, found.per_user, total)
        assert again.value == value.value
        test = statistics.paired_test(again, again)
        assert (test.difference, test.p_value) == (0.0, 1.0)


def test_rmse_of_exact_predictions_is_0_with_an_interval_of_0():
    split = divided(0)
    exact = fitted(split)
    table = _dense(split.test.csr)
    exact.predict = lambda user, item, time=None: table[user, item]
    found = Evaluator(split, EvaluationSpec(metrics=["rmse"])).evaluate(exact)
    assert (found.metrics["rmse"].value, found.metrics["rmse"].ci95) == (0.0, (0.0, 0.0))
    assert found.lists is None


def test_the_monitor_computes_one_metric_of_the_validation_part(monkeypatch):
    split = divided(0)
    evaluator = Evaluator(split, EvaluationSpec(metrics=["recall@3"]), part="validation")
    model = fitted(split)
    full, _ = run(split, part="validation")
    assert evaluator.value(model, "ndcg@3") == full.metrics["ndcg@3"].value
    monkeypatch.setattr(model, "recommend", None)
    monkeypatch.setattr(model, "score", None)
    assert evaluator.value(model, "rmse") == full.metrics["rmse"].value


def test_one_user_has_a_value_and_no_interval():
    data = interactions([(0, 0, 5), (1, 1, 4), (0, 1, 3)], (2, 3), (1, 5))
    split = Split(train=data.take(np.array([0, 1])), test=data.take(np.array([2])))
    found = Evaluator(split, EvaluationSpec(metrics=["hit@5", "rmse"])).evaluate(fitted(split))
    assert found.metrics["hit@5"].value == 1.0
    assert found.metrics["hit@5"].ci95 is None
    assert found.metrics["rmse"].ci95 is None


def test_a_cutoff_beyond_the_catalogue_costs_no_memory():
    found, _ = run(divided(0), metrics=["recall@10000"])
    assert found.lists is not None
    assert found.lists.items.shape[1] == 15


def test_nothing_relevant_is_refused_unless_only_ratings_are_asked():
    split, high = divided(0), RelevantSpec(min_value=6)
    with pytest.raises(DataError, match=r"evaluation\.relevant: no user has a relevant item"):
        run(split, metrics=["ndcg@10", "rmse"], relevant=high)
    assert run(split, metrics=["rmse"], relevant=high)[0].metrics["rmse"].value > 0


def test_an_absent_or_empty_part_is_refused():
    split, spec = divided(0), EvaluationSpec(metrics=["ndcg@3"])
    with pytest.raises(SpecError, match="no validation part"):
        Evaluator(replace(split, validation=None), spec, part="validation")
    nobody = split.test.take(np.zeros(len(split.test), bool))
    with pytest.raises(DataError, match="nothing to evaluate"):
        Evaluator(replace(split, test=nobody), spec)
    cold = split.test.take(split.test.user_idx == 11)
    with pytest.raises(DataError, match="nothing to evaluate"):
        Evaluator(replace(split, test=cold), EvaluationSpec(metrics=["ndcg@3"], users="warm"))


def test_a_rating_metric_of_a_model_that_only_ranks_is_refused(monkeypatch):
    split = divided(0)
    monkeypatch.setattr(Neighbours, "predict", Model.predict)
    evaluator = Evaluator(split, EvaluationSpec(metrics=["rmse"]))
    with pytest.raises(SpecError, match="predicts no ratings"):
        evaluator.evaluate(fitted(split))


@pytest.mark.parametrize("metric", ["ndcg@3", "auc", "rmse"])
def test_scores_that_are_not_finite_are_never_counted(metric):
    split = divided(0)
    broken = fitted(split)
    broken._score = lambda users: np.full((len(users), 15), np.nan, np.float32)
    with pytest.raises(Diverged, match="is not finite"):
        Evaluator(split, EvaluationSpec(metrics=[metric])).evaluate(broken)


def test_the_sentence_says_how_much_is_evaluated():
    split = divided(0)
    text = Evaluator(split, EvaluationSpec(metrics=["ndcg@3"])).describe()
    assert f"{len(split.test):,} rows" in text
    assert "1 cold" in text
