"""Metrics beyond accuracy: by hand, against loops over plain lists, and what they are for."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from recsys_cli import threads
from recsys_cli.data import SideFeatures
from recsys_cli.metrics import _pairs, _ranked, diversity_cooccurrence, parse
from recsys_cli.metrics._base import CatalogueMetric
from recsys_cli.metrics._ranked import Ranked
from tests.metrics import naive
from tests.metrics.build import World, per_user, ranked, total

N_USERS, N_ITEMS = 30, 24
CUTOFFS = (1, 3, 10, 50)


def random_world(seed: int) -> World:
    """Some items are cold, some unlabelled; some users are cold; lists are short or empty."""
    rng = np.random.default_rng(seed)
    chance = rng.dirichlet(np.full(N_ITEMS - 3, 0.5))
    train = [
        (user, int(item))
        for user in range(N_USERS - 4)
        for item in rng.choice(N_ITEMS - 3, rng.integers(1, 9), p=chance)
    ]
    seen = [{i for u, i in train if u == user} for user in range(N_USERS)]
    candidates = range(N_ITEMS - 3 * (seed % 2))
    lists, relevant = [], []
    for user in range(N_USERS):
        free = [i for i in rng.permutation(candidates).tolist() if i not in seen[user]]
        lists.append(free[: rng.integers(0, 13)])
        chosen = rng.permutation(N_ITEMS)[: rng.integers(1, 9)].tolist()
        relevant.append({i: float(rng.integers(1, 6)) for i in chosen})
    labels = ["Drama", "Comedy", "Crime", "War"]
    genres = [tuple(rng.permutation(labels)[: rng.integers(0, 4)]) for _ in range(N_ITEMS)]
    genders = rng.choice(["F", "M", "X", ""], N_USERS, p=[0.4, 0.4, 0.1, 0.1]).tolist()
    return World(lists, relevant, N_ITEMS, train, seen, genres, genders, list(candidates))


@pytest.fixture(params=range(6))
def world(request, monkeypatch) -> World:
    # Small blocks, so that there are several.
    monkeypatch.setattr(_ranked, "_ROWS", 7)
    monkeypatch.setattr(_ranked, "_CELLS", 20)
    monkeypatch.setattr(diversity_cooccurrence, "_CELLS", 5 * N_ITEMS)
    return random_world(request.param)


@pytest.mark.parametrize("k", CUTOFFS)
@pytest.mark.parametrize("stem", naive.OF_USER)
def test_each_users_value_equals_loops(stem: str, k: int, world: World):
    expected = [naive.OF_USER[stem](world, user, k) for user in range(N_USERS)]
    expected = [np.nan if value is None else value for value in expected]
    np.testing.assert_allclose(per_user(f"{stem}@{k}", ranked(world)), expected, atol=1e-9)


@pytest.mark.parametrize("k", CUTOFFS)
@pytest.mark.parametrize("stem", naive.OF_ALL)
def test_a_total_and_what_each_user_does_to_it_equal_loops(stem: str, k: int, world: World):
    """The second is exact: the value is computed again without each user."""
    users, value = list(range(N_USERS)), naive.OF_ALL[stem]
    whole, data = value(world, users, k), ranked(world)
    assert total(f"{stem}@{k}", data) == pytest.approx(whole, abs=1e-9)
    falls = [whole - value(world, [u for u in users if u != user], k) for user in users]
    np.testing.assert_allclose(per_user(f"{stem}@{k}", data), falls, atol=1e-9)


@pytest.mark.parametrize("stem", [*naive.OF_USER, *naive.OF_ALL])
def test_the_same_bits_at_any_number_of_threads(stem: str, world: World):
    found = []
    for count in (1, 3):
        with threads.use(count):
            found.append(per_user(f"{stem}@10", ranked(world)))
    np.testing.assert_array_equal(*found)


# Four users; interactions: item 0 has 4, item 1 has 2, items 2 and 3 have 1, item 4 has none.
TRAIN = [(0, 0), (1, 0), (2, 0), (3, 0), (0, 1), (1, 1), (2, 2), (3, 3)]
GENRES = [("Drama",), ("Drama", "War"), ("War",), ("Comedy",), ()]
HAND = World(
    lists=[[2, 3], [2], [1, 3], []],
    relevant=[{2: 1.0}, {2: 1.0}, {3: 1.0}, {4: 1.0}],
    n_items=5,
    train=TRAIN,
    seen=[{0, 1}, {0, 1}, {0, 2}, {0, 3}],
    genres=GENRES,
    genders=["F", "F", "M", "M"],
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("user-coverage@1", [1, 1, 1, 0]),
        ("user-coverage@2", [1, 0, 1, 0]),
        # -log2(1/8) for items 2 and 3, -log2(2/8) for item 1.
        ("novelty@2", [3, 3, 2.5, 0]),
        # -log2(1/4) and -log2(2/4).
        ("iuf@2", [2, 2, 1.5, 0]),
        # 0, 1 and 2 make 7 of 8, of which 80% is 6.4: only 3 and 4 are the tail.
        ("long-tail@2", [1 / 2, 0, 1 / 2, 0]),
        # New to user 0 and most popular: 2, 3, so nothing surprises; to user 2: 1, 3.
        ("serendipity@1", [0, 0, 0, 0]),
        ("serendipity@2", [0, 0, 0, 0]),
        # War and Comedy share nothing; Drama+War and Comedy neither.
        ("diversity@2", [1, 0, 1, 0]),
        # Item 1 has users 0 and 1, item 3 has user 3.
        ("diversity-cooccurrence@2", [1, 0, 1, 0]),
    ],
)
def test_a_table_worked_by_hand(name: str, expected: list[float]):
    np.testing.assert_allclose(per_user(name, ranked(HAND)), expected, atol=1e-12)


def test_totals_worked_by_hand():
    data = ranked(HAND)
    # Of the candidates 0 … 3, in 0, 1, 2 and 2 lists.
    assert total("coverage@2", data) == pytest.approx(3 / 4)
    assert total("gini@2", data) == pytest.approx((-3 * 0 - 1 * 1 + 1 * 2 + 3 * 2) / (4 * 5))
    assert total("entropy@2", data) == pytest.approx(2 * 0.4 * math.log2(2.5) + 0.2 * math.log2(5))
    # Places 1: items 2, 2, 1; places 2: items 3, 3, worth 1 / log2(3) each.
    second = 1 / math.log2(3)
    given = {"Drama": 1, "War": 3, "Comedy": 2 * second}
    share = {"Drama": 2 / 4, "War": 2 / 4, "Comedy": 1 / 4}
    scores = [given[g] / (3 + 2 * second) / share[g] for g in given]
    assert total("exposure-gap:genre@2", data) == pytest.approx(max(scores) - min(scores))
    assert total("exposure-ratio:genre@2", data) == pytest.approx(min(scores) / max(scores))
    # Women find what they want in the first place; one of two men does in the second.
    assert total("recall-gap:gender@2", data) == pytest.approx(1 - 1 / 2)
    assert total("recall-ratio:gender@2", data) == pytest.approx(1 / 2)
    assert total("ndcg-gap:gender@2", data) == pytest.approx(1 - second / 2)
    assert total("ndcg-ratio:gender@2", data) == pytest.approx(second / 2)


def test_calibration_worked_by_hand():
    # User 2 knows one Drama and one War item; the list is half Drama, half War and one Comedy.
    expected = 2 * 0.5 * math.log(0.5 / (0.99 * 0.25 + 0.01 * 0.5))
    assert per_user("calibration:genre@2", ranked(HAND))[2] == pytest.approx(expected)


def test_a_list_like_the_history_is_calibrated_and_none_is_worst():
    alike = replace(HAND, lists=[[0, 1], [1, 0], [3], []])
    found = per_user("calibration:genre@2", ranked(alike))
    np.testing.assert_allclose(found[:2], 0, atol=1e-15)
    assert (found >= 0).all()
    assert found[2] == found[3] == pytest.approx(math.log(100))


def test_a_user_without_a_labelled_history_has_no_calibration():
    cold = replace(HAND, seen=[set(), {4}, {0}, {0}])
    assert np.isnan(per_user("calibration:genre@2", ranked(cold))).tolist() == [
        *(True, True),
        *(False, False),
    ]


def test_the_popular_list_has_no_serendipity_and_its_opposite_all():
    popular = replace(HAND, lists=[[2, 3], [2, 3], [1, 3], [1, 2]], relevant=[{2: 1, 3: 1}] * 4)
    assert total("serendipity@2", ranked(popular)) == 0
    rare = replace(HAND, lists=[[4]] * 4, relevant=[{4: 1.0}] * 4)
    assert total("serendipity@1", ranked(rare)) == 1


def test_the_head_ends_where_it_makes_80_percent():
    train = [(user, item) for item, n in enumerate([4, 4, 1, 1]) for user in range(n)]
    world = World([[0, 1, 2, 3]] * 4, [{0: 1.0}] * 4, 4, train)
    assert total("long-tail@4", ranked(world)) == 2 / 4


def test_coverage_is_of_candidates_even_where_another_tool_lists_others():
    world = replace(HAND, lists=[[4], [0], [0], [0]])
    assert total("coverage@1", ranked(world)) == pytest.approx(1 / 4)
    np.testing.assert_array_equal(per_user("coverage@1", ranked(world)), 0)


def test_a_metric_reads_its_own_column_and_diversity_all_labels():
    data = ranked(HAND)
    items = data.context.features.items
    assert items is not None
    more = replace(items, categorical={"country": ["NL", "NL", "NL", "NL", "BE"]})
    both = replace(data.context, features=SideFeatures(data.context.features.users, more))
    wider = Ranked(data.items, both)
    for name in ("calibration:genre@2", "exposure-gap:genre@2"):
        np.testing.assert_array_equal(per_user(name, wider), per_user(name, data))
    # War, NL and Comedy, NL have one of two labels in common.
    assert per_user("diversity@2", wider)[0] == pytest.approx(1 / 2)


def test_one_list_for_all_is_as_unequal_as_can_be_and_taking_turns_is_equal():
    same = replace(HAND, lists=[[0]] * 4)
    assert total("gini@1", ranked(same)) == pytest.approx(1 - 1 / 4)
    assert total("entropy@1", ranked(same)) == 0
    turns = replace(HAND, lists=[[0], [1], [2], [3]])
    assert total("gini@1", ranked(turns)) == 0
    assert total("entropy@1", ranked(turns)) == pytest.approx(2)


@pytest.mark.parametrize("stem", ["gini", "entropy"])
def test_what_two_users_do_together_is_taken_off_the_jackknife_once(stem: str, world: World):
    """Efron and Stein's correction, the value computed again without each pair of users."""
    value, users, n = naive.OF_ALL[stem], list(range(N_USERS)), N_USERS
    whole, data = value(world, users, 5), ranked(world)
    one = [value(world, [u for u in users if u != user], 5) for user in users]
    together = [
        n * whole
        - (n - 1) * (one[i] + one[j])
        + (n - 2) * value(world, [u for u in users if u not in (i, j)], 5)
        for i, j in itertools.combinations(users, 2)
    ]
    share = 1 - np.var(together) / 2 / ((n - 1) * np.var(one))
    metric = parse(f"{stem}@5").metric
    assert isinstance(metric, CatalogueMetric)
    assert metric.jackknife_scale(data, 5) == pytest.approx(max(0.5, share) ** 0.5, abs=1e-9)


def test_drawn_pairs_say_what_all_pairs_say(monkeypatch):
    rng = np.random.default_rng(8)
    odds = 1 / np.arange(1, 81)
    lists = [rng.choice(80, 5, replace=False, p=odds / odds.sum()).tolist() for _ in range(120)]
    data = ranked(World(lists, [{0: 1.0}] * 120, 80, [(0, i) for i in range(80)]))
    metric = parse("entropy@5").metric
    assert isinstance(metric, CatalogueMetric)
    monkeypatch.setattr(_pairs, "PAIRS", 10_000)
    every = metric.jackknife_scale(data, 5)
    assert 0.72 < every < 0.98
    monkeypatch.setattr(_pairs, "PAIRS", 3_000)
    some = replace(data)
    assert metric.jackknife_scale(some, 5) == pytest.approx(every, abs=0.03)


def test_cutoffs_asked_for_together_have_the_values_that_each_has_alone():
    alone = ranked(HAND)
    together = replace(alone, cutoffs=(1, 2, 40))
    for k in (1, 2, 3, 40):
        name = f"calibration:genre@{k}"
        np.testing.assert_array_equal(per_user(name, together), per_user(name, alone))
