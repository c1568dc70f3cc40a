"""Gates: what they read, and what they let pass."""

from __future__ import annotations

import pytest

from recsys_cli.comparison import Comparison
from recsys_cli.errors import DataError, SpecError
from recsys_cli.gates import failures, gate


def rows(
    difference: float = -0.004,
    ci95: tuple[float, float] | None = (-0.009, 0.001),
    base: float = 0.2,
    metric: str = "ndcg@10",
) -> list[Comparison]:
    relative = difference / base if base else None
    return [
        Comparison(metric, "a-1", base),
        Comparison(metric, "b-1", base + difference, difference, ci95, 0.1, 50, "a-1", relative),
    ]


@pytest.mark.parametrize(
    ("text", "below", "limit", "relative"),
    [
        ("ndcg@10 < -1%", True, -0.01, True),
        ("ndcg@10<-.002", True, -0.002, False),
        ("  rmse   >  +1e-3 ", False, 0.001, False),
        ("auc < 2 %", True, 0.02, True),
    ],
)
def test_a_gate_is_read(text, below, limit, relative):
    found = gate(text)
    assert (found.below, found.relative) == (below, relative)
    assert found.limit == pytest.approx(limit)
    assert found.metric in ("ndcg@10", "rmse", "auc")


@pytest.mark.parametrize(
    "text",
    [
        *("", "ndcg@10", "ndcg@10 < ", "< -1%", "ndcg@10 <= -1%", "ndcg@10 = 1", "ndcg@10 < -1%%"),
        *("ndcg@10 < nan", "ndcg@10 < -1% or", "-1% > ndcg@10", "ndcg@10 < --1", "ndcg@10 < 1e999"),
    ],
)
def test_what_is_no_gate_is_told_with_an_example(text):
    with pytest.raises(SpecError, match="--fail-if") as caught:
        gate(text)
    assert "'ndcg@10 < -1%'" in str(caught.value)


def test_a_misspelt_metric_is_suggested():
    with pytest.raises(SpecError, match='did you mean "ndcg@10"'):
        gate("ndgc@10 < -1%")


@pytest.mark.parametrize(
    ("text", "judge", "fails"),
    [
        # The difference is -2%, its interval -4.5% to 0.5%.
        ("ndcg@10 < -1%", "point", True),
        ("ndcg@10 < -2.5%", "point", False),
        ("ndcg@10 < -1%", "certain", False),
        ("ndcg@10 < 1%", "certain", True),
        ("ndcg@10 < -4%", "possible", True),
        ("ndcg@10 < -5%", "possible", False),
        ("ndcg@10 < -0.003", "point", True),
        ("ndcg@10 < -0.005", "point", False),
        ("ndcg@10 > -3%", "point", True),
        ("ndcg@10 > 0", "point", False),
        ("ndcg@10 > 0", "possible", True),
        ("ndcg@10 > 0", "certain", False),
        ("ndcg@10 > -5%", "certain", True),
    ],
)
def test_what_is_held_to_the_limit(text, judge, fails):
    assert bool(failures([gate(text)], rows(), judge)) is fails


def test_the_message_says_which_difference_and_how_sure():
    (told,) = failures([gate("ndcg@10 < -1%")], rows())
    assert told == (
        "ndcg@10 of b-1 is -2.00% from a-1, 95% interval -4.50% … +0.50% (ndcg@10 < -1%)"
    )
    (told,) = failures([gate("ndcg@10 < -0.001")], rows())
    assert "is -0.004 from a-1, 95% interval -0.009 … +0.001" in told


def test_a_negative_base_keeps_the_sign_of_the_change():
    assert failures([gate("ndcg@10 < -1%")], rows(base=-0.2))
    assert not failures([gate("ndcg@10 > 1%")], rows(base=-0.2))


def test_only_differences_from_the_first_run_are_judged():
    compared = [*rows(0.01), Comparison("ndcg@10", "c-1", 0.1, -0.11, None, 0.1, 50, "b-1", -0.5)]
    assert not failures([gate("ndcg@10 < -1%")], compared)


def test_no_share_of_zero():
    with pytest.raises(SpecError, match="ndcg@10 of a-1 is 0"):
        failures([gate("ndcg@10 < -1%")], rows(base=0.0))
    assert failures([gate("ndcg@10 < -0.001")], rows(base=0.0))


def test_no_interval_to_judge():
    alone = rows(ci95=None)
    assert failures([gate("ndcg@10 < -1%")], alone)
    with pytest.raises(DataError, match="no interval"):
        failures([gate("ndcg@10 < -1%")], alone, "certain")


def test_a_metric_that_is_not_compared():
    with pytest.raises(SpecError, match="ndcg@5 is not compared") as caught:
        failures([gate("ndcg@5 < -1%")], rows())
    assert "ndcg@10" in str(caught.value)


def test_a_gate_that_fails_the_better_run_is_known():
    assert gate("rmse < -1%").fails_the_better and gate("ndcg@10 > 0").fails_the_better
    assert not gate("rmse > 1%").fails_the_better and not gate("ndcg@10 < 0").fails_the_better
