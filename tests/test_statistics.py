"""Intervals that cover, and tests that agree with the textbook."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recsys_cli import statistics
from recsys_cli.errors import DataError
from recsys_cli.statistics import Estimate, paired_test


def test_a_mean_has_students_interval():
    from scipy import stats

    values = np.random.default_rng(3).gamma(2, size=25)
    found = statistics.mean(values).interval()
    expected = stats.t.interval(0.95, 24, loc=values.mean(), scale=stats.sem(values))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_the_paired_test_is_students():
    from scipy import stats

    rng = np.random.default_rng(4)
    a, b = rng.normal(0.3, 1, 60), rng.normal(0, 1, 60)
    found = paired_test(statistics.mean(a), statistics.mean(b))
    expected = stats.ttest_rel(a, b)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-10)
    assert found.difference == pytest.approx(a.mean() - b.mean())
    np.testing.assert_allclose(found.ci95, expected.confidence_interval(), rtol=1e-10)
    assert (found.users, found.test) == (60, "paired t")


def test_a_ratio_of_equal_clusters_is_a_mean():
    sums = np.random.default_rng(5).normal(3, 1, 40)
    one = statistics.ratio(sums, np.full(40, 4))
    other = statistics.mean(sums / 4)
    assert one.value == pytest.approx(other.value)
    assert one.standard_error == pytest.approx(other.standard_error)


def test_the_jackknife_of_a_mean_is_its_standard_error():
    values = np.random.default_rng(6).normal(size=30)
    without = (values.sum() - values) / 29
    found = statistics.jackknife(values.mean(), values.mean() - without)
    assert found.standard_error == pytest.approx(statistics.mean(values).standard_error)


def test_an_interval_ends_at_the_bounds():
    found = statistics.mean(np.array([0.0, 0.0, 0.0, 1.0])).interval(0.0, 1.0)
    assert found is not None
    assert found[0] == 0.0
    assert 0.25 < found[1] <= 1.0


def test_one_user_has_no_interval_and_no_test():
    one = statistics.mean(np.array([0.4]))
    assert one.interval() is None
    test = paired_test(one, statistics.mean(np.array([0.1])))
    assert test.difference == pytest.approx(0.3)
    assert test.ci95 is None
    assert test.p_value is None


def test_identical_runs_differ_by_nothing():
    values = np.random.default_rng(7).random(50)
    test = paired_test(statistics.mean(values), statistics.mean(values.copy()))
    assert (test.difference, test.ci95, test.p_value) == (0.0, (0.0, 0.0), 1.0)


def test_a_constant_difference_is_certain():
    test = paired_test(Estimate(1.0, np.zeros(5)), Estimate(0.5, np.zeros(5)))
    assert (test.ci95, test.p_value) == ((0.5, 0.5), 0.0)


def test_different_users_are_refused():
    with pytest.raises(DataError):
        paired_test(statistics.mean(np.ones(3)), statistics.mean(np.ones(4)))


@settings(max_examples=60, deadline=None)
@given(arrays(np.float64, st.integers(2, 30), elements=st.floats(0, 1)), st.data())
def test_the_test_is_antisymmetric_and_finite(a, data):
    b = data.draw(arrays(np.float64, len(a), elements=st.floats(0, 1)))
    one = paired_test(statistics.mean(a), statistics.mean(b))
    two = paired_test(statistics.mean(b), statistics.mean(a))
    assert one.difference == -two.difference
    assert one.p_value == two.p_value
    assert one.p_value is not None
    assert 0 <= one.p_value <= 1
    assert np.isfinite(one.ci95).all()
    assert one.ci95[0] <= one.difference <= one.ci95[1]


def _coverage(draw, truth: float, rounds: int = 1000) -> float:
    rng = np.random.default_rng(8)
    inside = 0
    for _ in range(rounds):
        low, high = draw(rng).interval()
        inside += low <= truth <= high
    return inside / rounds


def test_a_mean_interval_covers_the_truth():
    """Skewed values (most users score 0), 200 users: nominal 95%, within 1.5 points."""

    def draw(rng):
        return statistics.mean(rng.random(200) * (rng.random(200) < 0.3))

    assert _coverage(draw, 0.15) == pytest.approx(0.95, abs=0.015)


def test_a_ratio_interval_covers_the_truth_although_users_differ():
    """Clustered losses: each user has a level of its own and many or few pairs."""

    def draw(rng):
        counts = rng.geometric(0.1, 200)
        levels = rng.gamma(4, 0.25, 200)
        return statistics.ratio(levels * rng.gamma(counts), counts)

    assert _coverage(draw, 1.0) == pytest.approx(0.95, abs=0.015)


def test_the_jackknife_of_distinct_items_covers():
    """Distinct items of 40 users' lists of two: about the nominal share, or more (Efron, Stein)."""
    from recsys_cli.metrics._base import Ranked
    from recsys_cli.metrics.coverage import Coverage

    weight = 1.0 / np.arange(1, 101)
    counts, hits = np.ones(100, np.int64), np.zeros((40, 2), bool)

    def draw(rng):
        noise = rng.gumbel(size=(40, 100)) + np.log(weight)
        items = np.argsort(-noise, axis=1)[:, :2].astype(np.int32)
        lists = Ranked(items, hits, np.ones(40, np.int64), counts, 100)
        return statistics.jackknife(Coverage().total(lists, 2), Coverage().per_user(lists, 2))

    rng = np.random.default_rng(9)
    truth = float(np.mean([draw(rng).value for _ in range(2000)]))
    assert _coverage(draw, truth) >= 0.94


def test_equal_models_are_told_apart_one_time_in_twenty():
    rng = np.random.default_rng(10)
    p = []
    for _ in range(1000):
        level = rng.random(100)
        sides = [statistics.mean((rng.random(100) < level).astype(float)) for _ in range(2)]
        p.append(paired_test(*sides).p_value)
    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=0.02)
