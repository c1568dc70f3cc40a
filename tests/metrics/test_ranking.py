"""Ranking metrics: by hand, against ir-measures, and whatever the lists are."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_cli.metrics import METRICS
from recsys_cli.metrics._base import CatalogueMetric
from recsys_cli.metrics._ranked import Ranked
from tests.metrics.build import World, per_user
from tests.metrics.build import ranked as ranked_of


def ranked(
    lists: list[list[int]],
    relevant: list[set[int]] | list[dict[int, float]],
    n_items: int = 100,
    counts: list[int] | None = None,
) -> Ranked:
    """Build what the evaluator would, from plain lists; an item has one interaction by default."""
    counts = [1] * n_items if counts is None else counts
    train = [(0, item) for item, n in enumerate(counts) for _ in range(n)]
    graded = [w if isinstance(w, dict) else dict.fromkeys(w, 1.0) for w in relevant]
    return ranked_of(World(lists, graded, n_items, train))


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
    data = ranked([[0, 2], [1], []], [{9}] * 3, counts=[10, 4, 6, *[1] * 97])
    np.testing.assert_array_equal(per_user("popularity@2", data), [8.0, 4.0, 0.0])
    np.testing.assert_array_equal(per_user("popularity@1", data), [10.0, 4.0, 0.0])


def test_coverage_counts_distinct_items_and_what_each_user_adds():
    data = ranked([[0, 1], [1, 2], [1], []], [{9}] * 4, n_items=10)
    metric = METRICS.get("coverage")()
    assert isinstance(metric, CatalogueMetric)
    assert metric.total(data, 2) == pytest.approx(3 / 10)
    assert metric.total(data, 1) == pytest.approx(2 / 10)
    np.testing.assert_allclose(metric.per_user(data, 2), [0.1, 0.1, 0.0, 0.0])


def test_graded_gains_worked_by_hand():
    # Values 5, 3, 1; the list has the 3 first and the 1 at rank 3. The ideal is 5, 3, 1.
    data = ranked([[2, 9, 3]], [{1: 5.0, 2: 3.0, 3: 1.0}])
    linear = (3 + 1 / 2) / (5 + 3 * D3 + 1 / 2)
    assert per_user("ndcg-linear@3", data)[0] == pytest.approx(linear, abs=1e-12)
    assert per_user("ndcg-exp@3", data)[0] == pytest.approx(
        (7 + 1 / 2) / (31 + 7 * D3 + 1 / 2), abs=1e-12
    )
    assert per_user("ndcg-linear@1", data)[0] == pytest.approx(3 / 5, abs=1e-12)


def test_graded_gains_of_any_size_and_sign_are_finite():
    data = ranked([[1, 2], [1, 2], [1, 2]], [{1: 3e38, 2: 1.0}, {1: -4.0, 2: 0.0}, {2: -1.0, 3: 2}])
    for stem in ("ndcg-linear", "ndcg-exp"):
        np.testing.assert_array_equal(per_user(f"{stem}@5", data), [1.0, 0.0, 0.0])


lists_and_wanted = st.lists(
    st.tuples(
        st.lists(st.integers(0, 99), max_size=12, unique=True),
        st.sets(st.integers(0, 99), min_size=1, max_size=15),
    ),
    min_size=1,
    max_size=5,
)
TOP_K = ["precision", "recall", "recall-capped", "ndcg", "map", "map-capped", "mrr", "hit"]
TOP_K += ["ndcg-linear", "ndcg-exp"]


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
    lists, wanted = [a for a, _ in pairs], [b for _, b in pairs]
    user = draw.draw(st.integers(0, len(lists) - 1))
    missed = [i for i in lists[user] if i not in wanted[user]]
    unlisted = sorted(wanted[user] - set(lists[user]))
    if not missed or not unlisted:
        return
    # The same lists, where one relevant item is another, which the list has.
    more = [set(items) for items in wanted]
    more[user] = (more[user] - {unlisted[0]}) | {draw.draw(st.sampled_from(missed))}
    before, after = ranked(lists, wanted), ranked(lists, more)
    for stem in TOP_K:
        assert (per_user(f"{stem}@{k}", after) >= per_user(f"{stem}@{k}", before)).all(), stem


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(0, 99), min_size=1, max_size=30), st.integers(1, 40))
def test_a_perfect_list_gives_exactly_1(wanted, k):
    best = sorted(wanted) + [i for i in range(100) if i not in wanted]
    data = ranked([best], [wanted])
    for stem in ("recall-capped", "ndcg", "ndcg-exp", "map-capped", "mrr", "hit"):
        assert per_user(f"{stem}@{k}", data)[0] == 1.0, stem
    for stem in ("recall", "map"):
        assert per_user(f"{stem}@{k}", data)[0] == pytest.approx(min(k, len(wanted)) / len(wanted))
