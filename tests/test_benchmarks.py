"""The benchmarks' own arithmetic, and that the page says what the results say."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from benchmarks import __main__, _data, _measure, _report, evaluate, models
from benchmarks._cases import Case, cases
from benchmarks._made_up import Shape, made_up
from benchmarks._wrappers import wrappers
from recsys_cli.metrics import METRICS, parse


def _result(*rows: _measure.Row) -> _report.Result:
    machine = {"date": "2026-01-01", "cpu": "a cpu", "cores": 2, "others": 0.35, "system": "Linux"}
    machine |= {"blas": "openblas", "versions": {"python": "3.11"}}
    return _report.Result("als", "About it.", machine, list(rows))


def test_a_ratio_compares_the_runs_of_one_turn():
    row = _measure.Row("case", ours=[1.0, 4.0, 2.0], peer=[2.0, 4.0, 8.0], faster=1.5)
    assert row.ratios == [2.0, 1.0, 4.0]
    assert row.met is True


@pytest.mark.parametrize(("within", "met"), [(1.5, False), (2.0, True), (None, None)])
def test_an_aim_in_seconds_is_held_against_the_median(within, met):
    assert _measure.Row("case", ours=[1.0, 2.0, 9.0], within=within).met is met


def test_sides_take_turns_and_the_warm_up_is_not_counted():
    order: list[str] = []

    def side(name: str) -> dict[str, float]:
        order.append(name)
        return {"fit": float(len(order))}

    found = _measure.in_turn({"a": lambda: side("a"), "b": lambda: side("b")}, repeats=2)
    assert order == ["a", "b"] * 3
    assert found["a"]["fit"] == [3.0, 5.0] and found["b"]["fit"] == [4.0, 6.0]


def test_memory_is_the_peak_of_a_call_and_not_of_those_before_it():
    def side(megabytes: int) -> dict[str, float]:
        np.ones(megabytes * 125_000)
        return {"fit": 1.0}

    found = _measure.in_turn({"large": lambda: side(200), "small": lambda: side(50)}, repeats=1)
    assert found["large"]["memory"] == [pytest.approx(200, abs=20)]
    assert found["small"]["memory"] == [pytest.approx(50, abs=20)]


def test_a_missed_aim_and_a_busy_machine_are_named():
    quality = {"loss": [1.5, 2.0], "epochs to the latter": [None, 15]}
    told = {"memory": [3.0, None], "bound": "half of 9 GB/s", "reason": "it waits"}
    row = _measure.Row("case", [2.0], [1.0], "the peer", quality, faster=1, **told)
    page = _report.page([_result(row)])
    assert "| 2.00 s (2.00–2.00) | 1.00 s (1.00–1.00), the peer | 0.50× (0.50–0.50) |" in page
    assert "loss 1.5 / 2; epochs to the latter never / 15 | 3 / – | ≥ 1× | **missed** |" in page
    assert "- Bound, case: half of 9 GB/s\n- Missed, case: it waits\n" in page
    assert "**busy**: other processes took 35% of the machine" in page


def test_families_are_named_where_a_job_has_several():
    named = _report.table([_measure.Row("case", [0.1], family="linear")])
    assert named.startswith("| family | case |") and "| linear | case |" in named
    assert _report.table([_measure.Row("case", [0.1])]).startswith("| case |")


@pytest.fixture
def tiny(monkeypatch, tmp_path) -> None:
    """Synthetic data of a few hundred ratings in place of MovieLens."""
    monkeypatch.setenv("RECSYS_DATA_HOME", str(tmp_path))
    shape = {"users": 60, "items": 90, "interactions": 1500}
    monkeypatch.setattr(_data, "_SHAPES", {"100k": shape, "1m": shape})


def _rows(case: Case) -> list[_measure.Row]:
    data = (_data.ratings if case.library == "surprise" else _data.pairs)(case.size)
    return models.rows(case, data, repeats=1)


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.ours} {case.peer}")
def test_every_model_stands_beside_its_peer(case, tiny):
    fit, answer = _rows(case)
    assert fit.case.endswith(f"{case.ours}, fit") and fit.ratios and answer.ratios
    assert ("another model" in fit.versus) == (fit.faster is None) == (case.relation == "another")
    assert all(0 < value < 2 for value in fit.quality.popitem()[1])


@pytest.mark.parametrize("case", wrappers(), ids=lambda case: case.ours)
def test_a_wrapper_does_the_work_that_its_library_does(case, tiny):
    (ours, theirs), *_ = _rows(case)[0].quality.values()
    assert ours == pytest.approx(theirs, rel=1e-5)


def test_memory_is_held_against_its_aim_in_its_own_unit():
    table = _report.table([_measure.Row("peak", [2100.4], within=2000, unit="MB")])
    assert "| 2100 MB (2100–2100) | – | – | – | – | ≤ 2000 MB | **missed** |" in table


def test_every_ranking_metric_is_timed_and_those_on_pairs_apart():
    everything, families = evaluate.everything(), evaluate.families()
    asked = [name for names in families.values() for name in names]
    stems = {parse(name).metric.spec_name() for name in asked}
    assert stems == {name for name in METRICS.names() if METRICS.get(name).kind != "rating"}
    assert set(asked) - set(everything) == set(families[evaluate.PAIRWISE])
    assert {parse(name).k for name in asked} == {None, *evaluate.CUTOFFS}
    assert "ndcg-exp@20" in families["accuracy"] and "gini@100" in families["beyond accuracy"]


def test_a_split_is_made_up_the_same_each_time_and_holds_out_some_of_each_user():
    split, features, model = made_up(Shape(300, 200, 9000, 4))
    again = made_up(Shape(300, 200, 9000, 4))
    np.testing.assert_array_equal(again.split.test.pair_key, split.test.pair_key)
    np.testing.assert_array_equal(again.model.user_factors_, model.user_factors_)
    assert split.test.user_counts.min() > 0 and len(split.train) > 5 * len(split.test)
    assert not np.isin(split.test.pair_key, split.train.pair_key).any()
    popular = np.sort(split.train.item_counts)[::-1]
    assert popular[:40].sum() > 0.4 * popular.sum()
    assert features.items.known.any()


def test_the_cost_of_an_evaluation_has_a_row_a_stage(monkeypatch):
    monkeypatch.setattr(evaluate, "SMALL", Shape(300, 200, 9000, 4))
    *stages, memory = evaluate.run(quick=True)
    assert all(row.ratios and row.peer and row.quality["times the product"] for row in stages)
    for family in set(evaluate.families()) - {evaluate.AUC}:
        assert any(f": {family}, " in row.case for row in stages), family
    assert 0 < memory.ours[0] < 2000 and memory.met


def test_results_survive_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(_report, "RESULTS", tmp_path)
    result = _result(_measure.Row("case", [0.1], within=0.3, quality={"rmse": [0.9]}))
    _report.save(result)
    assert _report.saved() == [result]


def test_the_page_is_what_the_results_say():
    assert _report.PAGE.read_text(encoding="utf-8") == _report.page(_report.saved())


@pytest.mark.parametrize("job", __main__.jobs())
def test_every_job_says_what_it_measures(job):
    module = importlib.import_module(f"benchmarks.{job}")
    assert module.__doc__ and callable(module.run)
