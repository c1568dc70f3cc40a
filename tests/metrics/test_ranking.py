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
from recsys_cli.models._topk import top_k
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


N_RANKINGS, N_RANKED, N_ITEMS = 10_000, 40, 48
CUTOFFS = (1, 5, 10, 20)


def random_rankings() -> tuple[list[list[int]], list[dict[int, float]]]:
    """Rank by coarse scores, so that many are equal; some items are unknown, some lists short."""
    rng = np.random.default_rng(11)
    scores = rng.integers(0, 8, (N_RANKINGS, N_RANKED)).astype(np.float32)
    scores[rng.random(scores.shape) < rng.random((N_RANKINGS, 1))] = -np.inf
    items, _ = top_k(scores, 25)
    lists = [row[row >= 0].tolist() for row in items]
    wanted = []
    for _ in range(N_RANKINGS):
        chosen = rng.permutation(N_ITEMS)[: rng.integers(1, 31)].tolist()
        wanted.append(dict(zip(chosen, rng.integers(1, 6, len(chosen)).astype(float), strict=True)))
    return lists, wanted


@pytest.fixture(scope="module")
def rankings() -> tuple[list[list[int]], list[dict[int, float]], Ranked]:
    lists, wanted = random_rankings()
    return lists, wanted, ranked(lists, wanted, N_ITEMS)


def of_ir_measures(names, lists, wanted) -> dict[str, np.ndarray]:
    """Return each user's value of the measures, ``{ours: theirs}``, by ir-measures."""
    import ir_measures

    qrels = [
        ir_measures.Qrel(str(u), str(item), int(value))
        for u, values in enumerate(wanted)
        for item, value in values.items()
    ]
    run = [
        ir_measures.ScoredDoc(str(u), str(item), float(-rank))
        for u, items in enumerate(lists)
        for rank, item in enumerate(items)
    ]
    of_measure = {ir_measures.parse_measure(theirs): ours for ours, theirs in names.items()}
    found = {ours: np.full(len(lists), np.nan) for ours in names}
    for value in ir_measures.iter_calc(list(of_measure), qrels, run):
        found[of_measure[value.measure]][int(value.query_id)] = value.value
    return found


def test_ten_thousand_random_rankings_equal_ir_measures(rankings):
    lists, wanted, data = rankings
    theirs = {"precision": "P", "recall": "R", "ndcg": "nDCG", "map": "AP", "mrr": "RR"}
    theirs |= {"hit": "Success"}
    names = {f"{ours}@{k}": f"{name}@{k}" for ours, name in theirs.items() for k in CUTOFFS}
    binary = [dict.fromkeys(values, 1.0) for values in wanted]
    expected = of_ir_measures(names, lists, binary)
    graded = {f"ndcg-linear@{k}": f"nDCG@{k}" for k in CUTOFFS}
    for name, values in (expected | of_ir_measures(graded, lists, wanted)).items():
        assert not np.isnan(values).any(), name
        np.testing.assert_allclose(per_user(name, data), values, rtol=0, atol=1e-9, err_msg=name)


def textbook(stem: str, k: int, found: list[int], wanted: dict[int, float]) -> float:
    """Return the value of one list, as the definition says."""
    hits = [rank for rank, item in enumerate(found[:k], 1) if item in wanted]
    cap = min(k, len(wanted))
    if stem == "recall-capped":
        return len(hits) / cap
    if stem == "map-capped":
        return sum(n / rank for n, rank in enumerate(hits, 1)) / cap
    gain = {item: 2**value - 1 for item, value in wanted.items()}
    best = sorted(gain.values(), reverse=True)[:k]
    dcg = sum(gain[found[rank - 1]] / math.log2(rank + 1) for rank in hits)
    return dcg / sum(g / math.log2(rank + 1) for rank, g in enumerate(best, 1))


@pytest.mark.parametrize("stem", ["recall-capped", "map-capped", "ndcg-exp"])
def test_ten_thousand_random_rankings_equal_the_textbook(stem, rankings):
    lists, wanted, data = rankings
    for k in CUTOFFS:
        expected = [textbook(stem, k, *pair) for pair in zip(lists, wanted, strict=True)]
        np.testing.assert_allclose(per_user(f"{stem}@{k}", data), expected, rtol=0, atol=1e-9)


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
