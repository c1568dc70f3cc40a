"""Intervals that cover, and tests that agree with the textbook."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recsys_cli import statistics
from recsys_cli.errors import DataError
from recsys_cli.statistics import Estimate, holm, paired_test

TESTS = ["t", "wilcoxon", "permutation", "bootstrap"]


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
    assert (found.users, found.test) == (60, "t")


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


def test_a_share_of_users_has_wilsons_interval():
    """By hand, 2 of 12 users, t = 2.20099: (1/6 + t²/24 ± t √(5/432 + t²/576)) / (1 + t²/12)."""
    found = statistics.mean(np.array([1.0] * 2 + [0.0] * 10))
    assert found.method(0.0, 1.0) == "wilson"
    # The spread is that of n - 1, so the users count as 11.
    t = 2.200985160082949
    centre, half = 1 / 6 + t**2 / 22, t * np.sqrt(5 / 36 / 11 + t**2 / 484)
    expected = np.array([centre - half, centre + half]) / (1 + t**2 / 11)
    np.testing.assert_allclose(found.interval(0.0, 1.0), expected, rtol=1e-9)


def test_an_interval_between_other_bounds_is_the_same_moved_and_stretched():
    values = np.random.default_rng(2).beta(0.3, 2, 40)
    low, high = statistics.mean(values).interval(0.0, 1.0)
    moved = statistics.mean(3 * values - 1).interval(-1.0, 2.0)
    np.testing.assert_allclose(moved, (3 * low - 1, 3 * high - 1), rtol=1e-9)


@pytest.mark.parametrize("users", [2, 30, 500])
def test_nobody_or_everybody_is_no_certainty(users):
    none = statistics.mean(np.zeros(users)).interval(0.0, 1.0)
    every = statistics.mean(np.ones(users)).interval(0.0, 1.0)
    assert none[0] == 0.0 and 1.5 / users < none[1] < 1.0
    assert every == pytest.approx((1 - none[1], 1.0))


def test_the_same_value_of_all_users_within_the_bounds_has_no_width():
    low, high = statistics.mean(np.full(20, 0.1)).interval(0.0, 1.0)
    assert (low, high) == pytest.approx((0.1, 0.1))


def test_a_value_from_zero_up_has_an_interval_of_its_logarithm():
    values = np.random.default_rng(4).gamma(1.5, size=400)
    found = statistics.mean(values)
    assert found.method(0.0, np.inf) == "log-t"
    low, high = found.interval(0.0, np.inf)
    assert low * high == pytest.approx(found.value**2)
    # Many users, no long tail: near Student's.
    np.testing.assert_allclose((low, high), found.interval(), rtol=0.01)
    assert statistics.mean(np.zeros(9)).interval(0.0, np.inf) == (0.0, 0.0)


def test_few_users_who_make_the_spread_widen_the_interval():
    even, odd = np.array([1.0, 3.0] * 10), np.array([1.9] * 18 + [2.9, 4.0])
    widths = []
    for values in (even, odd):
        found = statistics.mean(values)
        low, high = found.interval(0.0, np.inf)
        widths.append(np.log(high / low) / (found.standard_error / found.value))
    assert widths[1] > 1.1 * widths[0]


def test_a_value_of_all_users_together_has_students_interval_within_its_bounds():
    found = statistics.jackknife(0.99, np.array([0.0, 0.01, 0.03, 0.02]))
    assert found.method(0.0, 1.0) == "t"
    assert found.interval(0.0, 1.0)[1] == 1.0
    half = statistics.jackknife(0.99, np.array([0.0, 0.01, 0.03, 0.02]), scale=0.5)
    assert half.standard_error == pytest.approx(found.standard_error / 2)


def test_one_user_has_no_interval_and_no_test():
    one = statistics.mean(np.array([0.4]))
    assert one.interval() is None and one.method() is None
    test = paired_test(one, statistics.mean(np.array([0.1])))
    assert test.difference == pytest.approx(0.3)
    assert (test.ci95, test.p_value, test.effect_size) == (None, None, None)


@pytest.mark.parametrize("kind", TESTS)
def test_identical_runs_differ_by_nothing(kind):
    values = np.random.default_rng(7).random(50)
    test = paired_test(statistics.mean(values), statistics.mean(values.copy()), kind)
    assert (test.difference, test.ci95, test.p_value) == (0.0, (0.0, 0.0), 1.0)
    assert test.effect_size == 0.0


@pytest.mark.parametrize("kind", TESTS)
def test_a_few_users_have_a_finite_answer(kind):
    """One user differs: resamples without that user are constant."""
    one, two = np.zeros(30), np.zeros(30)
    one[3] = 0.5
    test = paired_test(statistics.mean(one), statistics.mean(two), kind)
    assert 0.3 < test.p_value <= 1.0
    assert test.interval == "t" and np.isfinite(test.ci95).all()


def test_wilcoxon_is_scipys_and_leaves_out_users_who_do_not_differ():
    from scipy import stats

    rng = np.random.default_rng(11)
    a, b = rng.normal(0.3, 1, 60), rng.normal(0, 1, 60)
    a[:20] = b[:20]
    found = paired_test(statistics.mean(a), statistics.mean(b), "wilcoxon")
    assert found.p_value == pytest.approx(stats.wilcoxon(a[20:] - b[20:], method="approx").pvalue)
    few = paired_test(statistics.mean(a[15:32]), statistics.mean(b[15:32]), "wilcoxon")
    assert few.p_value == pytest.approx(stats.wilcoxon(a[20:32] - b[20:32], method="exact").pvalue)


def test_equal_differences_share_their_rank():
    """By hand: 1 1 -2 has ranks 1.5 1.5 -3, whose sum is 0 as often as not; 1 1 2 has p = 2/8."""
    for last, p in ((-2.0, 1.0), (2.0, 0.25)):
        values = np.array([1.0, 1.0, last, 0.0])
        found = paired_test(statistics.mean(values), statistics.mean(np.zeros(4)), "wilcoxon")
        assert found.p_value == pytest.approx(p)


def test_few_differences_are_swapped_in_every_way():
    """By hand: |sum| of ±1 ±2 ±3 ±4 is 8 or more in 4 of 16 ways (10, 8 and their mirrors)."""
    a = np.array([1.0, 2.0, 3.0, 4.0, 0.0, 0.0])
    a[0] = -1.0
    found = paired_test(statistics.mean(a), statistics.mean(np.zeros(6)), "permutation")
    assert found.p_value == pytest.approx(4 / 16)


def test_swaps_that_are_drawn_agree_with_students_and_never_say_zero():
    rng = np.random.default_rng(12)
    a, b = rng.normal(0.25, 1, 80), rng.normal(0, 1, 80)
    sides = statistics.mean(a), statistics.mean(b)
    found, student = paired_test(*sides, "permutation"), paired_test(*sides)
    assert found.p_value == pytest.approx(student.p_value, abs=0.01)
    assert paired_test(*sides, "permutation") == found
    far = paired_test(statistics.mean(a + 9), statistics.mean(b), "permutation")
    assert far.p_value == pytest.approx(1 / 10_000)


def test_the_bootstrap_agrees_with_students_on_many_users():
    rng = np.random.default_rng(13)
    a, b = rng.normal(0.12, 1, 500), rng.normal(0, 1, 500)
    sides = statistics.mean(a), statistics.mean(b)
    found, student = paired_test(*sides, "bootstrap"), paired_test(*sides)
    assert found.interval == "bootstrap-t"
    assert found.p_value == pytest.approx(student.p_value, abs=0.02)
    np.testing.assert_allclose(found.ci95, student.ci95, atol=0.01)
    # The interval and the p-value are of the same draws, so they never disagree.
    assert (found.p_value < 0.05) == (found.ci95[0] > 0 or found.ci95[1] < 0)


def test_the_effect_size_is_cohens():
    differences = np.array([0.1, 0.3, -0.1, 0.5])
    found = paired_test(statistics.mean(differences), statistics.mean(np.zeros(4)))
    assert found.effect_size == pytest.approx(0.2 / differences.std(ddof=1))


def test_holm_by_hand():
    """Of 4: 0.01 · 4, then 0.02 · 3, then 0.03 · 2 = 0.06, no less than the one before, 0.9."""
    assert holm([0.03, 0.01, None, 0.9, 0.02]) == pytest.approx([0.06, 0.04, None, 0.9, 0.06])
    assert holm([0.6, 0.5]) == [1.0, 1.0]
    assert holm([]) == [] and holm([None]) == [None]


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


def test_equal_models_are_told_apart_one_time_in_twenty():
    rng = np.random.default_rng(10)
    p = []
    for _ in range(1000):
        level = rng.random(100)
        sides = [statistics.mean((rng.random(100) < level).astype(float)) for _ in range(2)]
        p.append(paired_test(*sides).p_value)
    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=0.02)
