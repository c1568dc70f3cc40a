"""Intervals of gaps and ratios of groups: published ones for two, honest ones for many alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recsys_cli.evaluation import MetricValue
from recsys_cli.metrics import parse
from recsys_cli.metrics._groups import GroupMetric
from recsys_cli.statistics import Groups, gap_interval, ratio_interval
from recsys_cli.summary import _mean_ends
from tests.metrics.build import ranked
from tests.metrics.test_beyond_accuracy import HAND, N_USERS, random_world

#: So many users that Student's t is normal.
MANY = 10**9


def shares(hits: list[int], of: list[int]) -> Groups:
    n = np.array(of)
    share = np.array(hits) / n
    variance = share * (1 - share) / n
    return Groups(share, np.ones(len(n)), np.full(len(n), MANY), np.diag(variance))


@pytest.mark.parametrize(
    ("hits", "of", "published"),
    [([48, 56], [80, 70], (0.0524, 0.3339)), ([3, 9], [10, 10], (0.1705, 0.8090))],
)
def test_the_gap_of_two_shares_is_newcombes(hits, of, published):
    """Newcombe 1998, "Interval estimation for the difference", table II, method 10."""
    assert gap_interval(shares(hits, of)) == pytest.approx(published, abs=5e-5)


def test_a_ratio_ends_where_the_difference_may_be_none():
    """Donner and Zou's limits: those R at which the limit of first - R × last is 0."""
    hits, of = [30, 60], [100, 100]
    low, high = ratio_interval(shares(hits, of))
    (l1, u1), (l2, u2) = (_wilson(h, n) for h, n in zip(hits, of, strict=True))
    assert 0.3 - low * 0.6 == pytest.approx(np.hypot(0.3 - l1, low * (u2 - 0.6)))
    assert high * 0.6 - 0.3 == pytest.approx(np.hypot(u1 - 0.3, high * (0.6 - l2)))


def _wilson(hits: int, n: int) -> tuple[float, float]:
    z, p = 1.959963985, hits / n
    half = z * np.sqrt(p * (1 - p) / n + z**2 / 4 / n**2)
    return (p + z**2 / 2 / n - half) / (1 + z**2 / n), (p + z**2 / 2 / n + half) / (1 + z**2 / n)


def test_groups_that_all_have_nothing_may_still_be_apart():
    nothing = Groups(np.zeros(2), np.ones(2), np.array([50, 60]), np.zeros((2, 2)))
    low, high = gap_interval(nothing)
    assert (low, high) == (0, pytest.approx(0.073, abs=0.001))
    assert ratio_interval(nothing) == (0, 1)


def test_one_group_is_not_apart():
    one = Groups(np.array([0.3]), np.ones(1), np.array([9]), np.array([[0.01]]))
    assert (gap_interval(one), ratio_interval(one)) == ((0, 0), (1, 1))


def test_twenty_groups_alike_are_hardly_ever_said_to_be_apart():
    rng, said = np.random.default_rng(7), 0
    for _ in range(200):
        mean = rng.normal(0.5, 0.02, 20)
        groups = Groups(mean, np.ones(20), np.full(20, 500), np.eye(20) * 0.02**2)
        said += (gap_interval(groups)[0] > 0) + (ratio_interval(groups)[1] < 1)
    # 5% each, and no more than its 99% bound; by the difference of the last two it is all.
    assert said / 400 <= 0.08


def test_groups_that_go_together_are_closer_than_groups_that_do_not():
    alone = np.diag([0.01, 0.01])
    together = alone + np.array([[0, 0.008], [0.008, 0]])
    wide, narrow = (
        gap_interval(Groups(np.array([0.3, 0.5]), np.ones(2), np.full(2, 99), covariance))
        for covariance in (alone, together)
    )
    assert wide[0] < narrow[0] < 0.2 < narrow[1] < wide[1]


@pytest.mark.parametrize("name", ["ndcg-gap:gender@3", "recall-ratio:gender@3"])
def test_the_scores_of_groups_of_users_are_their_means_and_errors(name):
    world = random_world(1)
    data, metric = ranked(world), parse(name).metric
    assert isinstance(metric, GroupMetric)
    found = metric.scores(data, 3)
    values = metric._values(data, 3)
    groups = [np.array(world.genders) == label for label in sorted({*world.genders} - {""})]
    np.testing.assert_allclose(found.score, [values[of].mean() for of in groups])
    np.testing.assert_array_equal(found.users, [of.sum() for of in groups])
    errors = [values[of].var(ddof=1) / of.sum() for of in groups]
    np.testing.assert_allclose(found.covariance, np.diag(errors), atol=1e-15)


def test_the_scores_of_groups_of_items_are_bounded_and_sum_up():
    world = random_world(0)
    data, metric = ranked(world), parse("exposure-gap:genre@5").metric
    assert isinstance(metric, GroupMetric)
    found = metric.scores(data, 5)
    assert found.score.max() - found.score.min() == metric.total(data, 5)
    assert (found.score <= found.most).all()
    # An item in one list in N: the jackknife of the score is the error that scores() has.
    with_list = [user for user in range(N_USERS) if world.lists[user]]
    without = [
        replace(world, lists=[[] if u == user else w for u, w in enumerate(world.lists)])
        for user in with_list
    ]
    drops = np.array([metric.scores(ranked(one), 5).score for one in without])
    n = len(with_list)
    np.testing.assert_allclose(
        (n - 1) ** 2 / n * np.cov(drops.T, ddof=1), found.covariance, rtol=0.2, atol=1e-3
    )


def test_without_recommendations_no_group_is_apart():
    nothing = ranked(replace(HAND, lists=[[]] * 4))
    for name in ("exposure-gap:genre@2", "exposure-ratio:genre@2"):
        metric = parse(name).metric
        assert isinstance(metric, GroupMetric)
        assert len(metric.scores(nothing, 2).score) == 0


def test_over_folds_the_ends_are_averaged():
    folds = [MetricValue(v, ends, 9, "", interval="mover") for v, ends in FOLDS]
    assert _mean_ends(folds) == {"ci95": (0.25, 0.625), "interval": "mover"}
    assert _mean_ends([replace(one, interval="t") for one in folds]) == {}


FOLDS = [(0.3, (0.125, 0.5)), (0.4, (0.375, 0.75))]
