"""Ranking metrics: by hand, against ir-measures, and whatever the lists are."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_cli.metrics import METRICS, parse
from recsys_cli.metrics._base import CatalogueMetric, Ranked, RankingMetric


def ranked(
    lists: list[list[int]],
    relevant: list[set[int]],
    n_items: int = 100,
    counts: np.ndarray | None = None,
) -> Ranked:
    """Build what the evaluator would, from plain lists."""
    depth = max(map(len, lists)) or 1
    items = np.full((len(lists), depth), -1, np.int32)
    for row, found in enumerate(lists):
        items[row, : len(found)] = found
    both = zip(items, relevant, strict=True)
    hits = np.array([[item in wanted for item in row] for row, wanted in both])
    item_counts = np.ones(n_items, np.int64) if counts is None else counts
    return Ranked(items, hits, np.array([len(r) for r in relevant]), item_counts, n_items)


def per_user(name: str, data: Ranked) -> np.ndarray:
    _, metric, k = parse(name)
    assert isinstance(metric, RankingMetric | CatalogueMetric)
    return metric.per_user(data, k or 0)


# Relevant 1 2 3; the list hits at ranks 1 and 4. Discounts: 1, 1/log2(3), 1/2, 1/log2(5).
LIST, RELEVANT = [[1, 8, 9, 2, 7]], [{1, 2, 3}]
D3, D5 = 1 / math.log2(3), 1 / math.log2(5)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("precision@1", 1.0),
        ("precision@2", 1 / 2),
        ("precision@5", 2 / 5),
        ("precision@10", 2 / 10),
        ("recall@1", 1 / 3),
        ("recall@5", 2 / 3),
        ("recall@10", 2 / 3),
        ("recall-capped@1", 1.0),
        ("recall-capped@2", 1 / 2),
        ("recall-capped@5", 2 / 3),
        ("map@1", 1 / 3),
        ("map@5", (1 + 2 / 4) / 3),
        ("map-capped@1", 1.0),
        ("map-capped@2", 1 / 2),
        ("map-capped@5", (1 + 2 / 4) / 3),
        ("ndcg@1", 1.0),
        ("ndcg@2", 1 / (1 + D3)),
        ("ndcg@5", (1 + D5) / (1 + D3 + 1 / 2)),
        ("ndcg@10", (1 + D5) / (1 + D3 + 1 / 2)),
        ("mrr@5", 1.0),
        ("hit@1", 1.0),
        ("popularity@2", 1.0),
    ],
)
def test_a_table_worked_by_hand(name: str, expected: float):
    assert per_user(name, ranked(LIST, RELEVANT))[0] == pytest.approx(expected, abs=1e-15)


def test_the_first_hit_below_the_cutoff_does_not_count():
    data = ranked([[5, 6, 1]], [{1}])
    assert per_user("mrr@3", data)[0] == pytest.approx(1 / 3)
    assert per_user("mrr@2", data)[0] == 0
    assert per_user("hit@2", data)[0] == 0
    assert per_user("hit@3", data)[0] == 1


def test_popularity_is_over_the_items_that_the_list_has():
    data = ranked([[0, 2], [1], []], [{9}] * 3, counts=np.array([10, 4, 6, *[1] * 97]))
    np.testing.assert_array_equal(per_user("popularity@2", data), [8.0, 4.0, 0.0])
    np.testing.assert_array_equal(per_user("popularity@1", data), [10.0, 4.0, 0.0])


def test_coverage_counts_distinct_items_and_what_each_user_adds():
    data = ranked([[0, 1], [1, 2], [1], []], [{9}] * 4, n_items=10)
    metric = METRICS.get("coverage")()
    assert isinstance(metric, CatalogueMetric)
    assert metric.total(data, 2) == pytest.approx(3 / 10)
    assert metric.total(data, 1) == pytest.approx(2 / 10)
    np.testing.assert_allclose(metric.per_user(data, 2), [0.1, 0.1, 0.0, 0.0])


def random_rankings(n: int) -> tuple[list[list[int]], list[set[int]]]:
    rng = np.random.default_rng(11)
    lists = [rng.permutation(60)[: rng.integers(0, 26)].tolist() for _ in range(n)]
    wanted = [set(rng.permutation(60)[: rng.integers(1, 31)].tolist()) for _ in range(n)]
    return lists, wanted


def test_a_thousand_random_rankings_equal_ir_measures():
    import ir_measures

    theirs = {"precision": "P", "recall": "R", "ndcg": "nDCG", "map": "AP", "mrr": "RR"}
    theirs |= {"hit": "Success"}
    lists, wanted = random_rankings(1000)
    qrels = [
        ir_measures.Qrel(str(u), str(item), 1) for u, items in enumerate(wanted) for item in items
    ]
    run = [
        ir_measures.ScoredDoc(str(u), str(item), float(-rank))
        for u, items in enumerate(lists)
        for rank, item in enumerate(items)
    ]
    names = {f"{ours}@{k}": f"{name}@{k}" for ours, name in theirs.items() for k in (1, 5, 10, 20)}
    measures = {ours: ir_measures.parse_measure(name) for ours, name in names.items()}
    expected = {ours: np.full(len(lists), np.nan) for ours in measures}
    of_measure = {measure: ours for ours, measure in measures.items()}
    for found in ir_measures.iter_calc(list(of_measure), qrels, run):
        expected[of_measure[found.measure]][int(found.query_id)] = found.value
    data = ranked(lists, wanted)
    for name, values in expected.items():
        assert not np.isnan(values).any(), name
        np.testing.assert_allclose(per_user(name, data), values, rtol=0, atol=1e-9, err_msg=name)


lists_and_wanted = st.lists(
    st.tuples(
        st.lists(st.integers(0, 99), max_size=12, unique=True),
        st.sets(st.integers(0, 99), min_size=1, max_size=15),
    ),
    min_size=1,
    max_size=5,
)
TOP_K = ["precision", "recall", "recall-capped", "ndcg", "map", "map-capped", "mrr", "hit"]


@settings(max_examples=60, deadline=None)
@given(lists_and_wanted, st.integers(1, 15))
def test_every_value_is_between_0_and_1(pairs, k):
    data = ranked([a for a, _ in pairs], [b for _, b in pairs])
    for stem in [*TOP_K, "coverage"]:
        values = per_user(f"{stem}@{k}", data)
        assert (values >= 0).all(), stem
        assert (values <= 1).all(), stem


@settings(max_examples=60, deadline=None)
@given(lists_and_wanted, st.integers(1, 15), st.data())
def test_one_more_hit_never_lowers_a_value(pairs, k, draw):
    data = ranked([a for a, _ in pairs], [b for _, b in pairs])
    at = draw.draw(st.integers(0, data.hits.size - 1))
    # The same lists, where one more of the places holds a relevant item.
    more = data.hits.copy()
    more.flat[at] = True
    relevant = np.maximum(data.n_relevant, more.sum(axis=1))
    before = Ranked(data.items, data.hits, relevant, data.item_counts, 100)
    after = Ranked(data.items, more, relevant, data.item_counts, 100)
    for stem in TOP_K:
        assert (per_user(f"{stem}@{k}", after) >= per_user(f"{stem}@{k}", before)).all(), stem


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(0, 99), min_size=1, max_size=30), st.integers(1, 40))
def test_a_perfect_list_gives_exactly_1(wanted, k):
    best = sorted(wanted) + [i for i in range(100) if i not in wanted]
    data = ranked([best], [wanted])
    for stem in ("recall-capped", "ndcg", "map-capped", "mrr", "hit"):
        assert per_user(f"{stem}@{k}", data)[0] == 1.0, stem
    for stem in ("recall", "map"):
        assert per_user(f"{stem}@{k}", data)[0] == pytest.approx(min(k, len(wanted)) / len(wanted))
