from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from recsys_cli.comparison import compare, not_shared
from recsys_cli.errors import DataError, NotFound, SpecError
from recsys_cli.runs import EvaluatedFold, Run, Store
from tests.runs.conftest import SPEC, fill

EVALUATION = {"relevant": {"min_value": None}, "candidates": "train", "users": "all"}


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path)


def run(
    store: Store,
    name: str,
    folds: list[dict[str, float]] | None,
    test: str = "same",
    metric: str = "ndcg@10",
    **evaluation: Any,
) -> Run:
    """Make a run whose users have these values of a metric in each fold; None: not evaluated."""
    document = SPEC | {"name": name, "evaluation": EVALUATION | evaluation}
    names = [None] if folds is None or len(folds) == 1 else [str(i + 1) for i in range(len(folds))]
    with store.create(name, argv=[], seed=1, spec_document=document) as recorder:
        for fold in names:
            fill(recorder, fold)
        recorder.record["fingerprints"] = {"test": test}
    made = store.find(recorder.id)
    if folds is not None:
        kept = dict(zip(made.fold_names, (table(fold, metric) for fold in folds), strict=True))
        value = float(np.mean([np.nanmean(list(fold.values())) for fold in folds]))
        summary = {"metrics": {metric: {"value": value}}} if len(folds) > 1 else None
        made.commit_evaluation(kept, summary)
    return made


def table(values: dict[str, float], metric: str) -> EvaluatedFold:
    column = np.array(list(values.values()), np.float64)
    document = {"metrics": {metric: {"value": float(np.nanmean(column)), "users": len(column)}}}
    return EvaluatedFold(document, {"user": list(values), metric: column})


def test_a_paired_t_test_over_users(store):
    one = run(store, "a", [{"u": 0.1, "v": 0.4, "w": 0.5, "x": 0.0}])
    two = run(store, "b", [{"u": 0.2, "v": 0.6, "w": 0.5, "x": 0.4}])
    first, second = compare([one, two])
    assert (first.run, first.difference, first.p_value) == ("a-1", None, None)
    assert first.value == pytest.approx(0.25) and second.users == 4
    assert second.difference == pytest.approx(0.175)
    # By hand: differences 0.1 0.2 0 0.4 have deviation 0.170783, so t = 2.0494 on 3 degrees.
    assert second.p_value == pytest.approx(0.13284, abs=1e-4)


def test_a_user_counts_once_over_folds(store):
    folds = [{"u": 0.1, "v": 0.4}, {"u": 0.3, "v": 0.2}]
    one = run(store, "a", folds)
    two = run(store, "b", [{user: value + 0.1 for user, value in fold.items()} for fold in folds])
    second = compare([one, two])[1]
    assert second.users == 2 and second.difference == pytest.approx(0.1)
    assert second.ci95 == pytest.approx((0.1, 0.1))


def test_different_test_sets_are_refused(store):
    one = run(store, "a", [{"u": 0.1, "v": 0.4}])
    others = [
        run(store, "b", [{"u": 0.1, "v": 0.4}], test="other"),
        run(store, "c", [{"u": 0.1, "v": 0.4}], candidates="all"),
        run(store, "d", [{"u": 0.1, "v": 0.4}], relevant={"min_value": 4}),
        run(store, "e", [{"u": 0.1, "v": 0.4}], propensity={"source": "popularity", "power": 0.5}),
    ]
    for other in others:
        with pytest.raises(DataError, match=f"the test set of {other.id} is not that of a-1"):
            compare([one, other])


def test_users_are_paired_by_id_when_test_sets_differ(store):
    one = run(store, "a", [{"u": 0.1, "v": 0.4, "w": 0.9}])
    two = run(store, "b", [{"x": 0.0, "v": 0.5, "u": 0.2}], test="other")
    first, second = compare([one, two], any_test_set=True)
    assert first.value == pytest.approx(0.25) and second.users == 2
    assert second.difference == pytest.approx(0.1) and second.ci95 == pytest.approx((0.1, 0.1))


def test_a_user_without_a_value_in_one_run_counts_in_none(store):
    nan = np.nan
    one = run(store, "a", [{"u": 0.1, "v": 0.4, "w": nan, "x": 0.3}])
    two = run(store, "b", [{"u": nan, "v": 0.5, "w": 0.7, "x": 0.4}], test="other")
    second = compare([one, two], any_test_set=True)[1]
    assert second.users == 2 and second.difference == pytest.approx(0.1)
    assert second.ci95 == pytest.approx((0.1, 0.1))


def test_nothing_in_common_is_told(store):
    one = run(store, "a", [{"u": 0.1, "v": np.nan}])
    two = run(store, "b", [{"x": 0.0, "w": 0.5}], test="other")
    three = run(store, "c", [{"u": np.nan, "v": 0.3}], test="other")
    for other in (two, three):
        with pytest.raises(DataError, match="share no user with a value of"):
            compare([one, other], any_test_set=True)
    four = run(store, "d", [{"u": 0.1}], metric="hit@10")
    with pytest.raises(SpecError, match="share no metric"):
        compare([one, four])
    folds = run(store, "e", [{"u": 0.1}, {"u": 0.2}])
    with pytest.raises(DataError, match="different folds"):
        compare([one, folds], any_test_set=True)


def test_two_evaluated_runs_are_needed(store):
    one = run(store, "a", [{"u": 0.1, "v": 0.4}])
    with pytest.raises(SpecError, match="two runs or more"):
        compare([one])
    with pytest.raises(NotFound, match="not evaluated"):
        compare([one, run(store, "b", None)])


def test_wins_and_losses_go_by_what_is_better(store):
    values = {"u": 0.1, "v": 0.4, "w": 0.5, "x": 0.3}
    other = {"u": 0.2, "v": 0.6, "w": 0.1, "x": 0.1 + 0.2}
    for metric, expected in (("ndcg@10", (2, 1, 1)), ("popularity@10", (1, 1, 2))):
        name = metric[:4]
        one = run(store, name, [values], metric=metric)
        two = run(store, f"{name}-other", [other], metric=metric)
        second = compare([one, two])[1]
        assert (second.wins, second.ties, second.losses) == expected


def test_a_user_wins_once_over_folds(store):
    one = run(store, "a", [{"u": 0.1, "v": 0.4}, {"u": 0.3, "v": 0.2}])
    two = run(store, "b", [{"u": 0.0, "v": 0.5}, {"u": 0.6, "v": 0.2}])
    second = compare([one, two])[1]
    assert (second.wins, second.ties, second.losses) == (2, 0, 0)
    assert second.effect_size is not None and second.effect_size > 1


def test_wilcoxon_sees_each_users_own_difference(store):
    """By hand: ranks 1 2 3 of 0.1 0.2 0.4, all one way: p = 2/8, whatever the mean is."""
    one = run(store, "a", [{"u": 0.1, "v": 0.4, "w": 0.5, "x": 0.0}])
    two = run(store, "b", [{"u": 0.2, "v": 0.6, "w": 0.5, "x": 0.4}])
    second = compare([one, two], test="wilcoxon")[1]
    assert (second.test, second.interval) == ("wilcoxon", "t")
    assert second.p_value == pytest.approx(0.25)


def test_all_comparisons_returned_are_one_family(store):
    values = np.random.default_rng(3).random((4, 30))
    made = [
        run(store, name, [{str(at): value + 0.1 * step for at, value in enumerate(row)}])
        for step, (name, row) in enumerate(zip("abcd", values, strict=True))
    ]
    found = [one for one in compare(made, all_pairs=True) if one.p_value is not None]
    assert len(found) == 6
    smallest = min(found, key=lambda one: one.p_value)
    assert smallest.p_adjusted == pytest.approx(6 * smallest.p_value)
    assert all(one.p_adjusted >= one.p_value for one in found)


def test_one_user_has_a_difference_and_nothing_more(store):
    second = compare([run(store, "a", [{"u": 0.1}]), run(store, "b", [{"u": 0.3}])])[1]
    assert second.difference == pytest.approx(0.2)
    assert (second.ci95, second.p_value, second.p_adjusted) == (None, None, None)


def test_nothing_is_a_share_of_zero(store):
    none, some = {"u": 0.0, "v": 0.0}, {"u": 0.3, "v": 0.1}
    second = compare([run(store, "a", [none]), run(store, "b", [some])])[1]
    assert second.relative is None and second.difference == pytest.approx(0.2)


def test_users_are_paired_by_id_whatever_their_order(store):
    one = run(store, "a", [{"u": 0.1, "v": 0.4, "w": 0.9}])
    two = run(store, "b", [{"w": 1.0, "u": 0.2, "v": 0.5}])
    second = compare([one, two])[1]
    assert second.ci95 == pytest.approx((0.1, 0.1)) and second.wins == 3


def test_metrics_that_only_some_have_are_known(store):
    one = run(store, "a", [{"u": 0.1, "v": 0.4}])
    two = run(store, "b", [{"u": 0.1, "v": 0.4}], metric="hit@10")
    assert not_shared([one, two]) == {"ndcg@10": ["a-1"], "hit@10": ["b-1"]}
    assert not_shared([one, one]) == {}
