"""The best k of each row, by NumPy and by the kernel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_cli.data import CSR
from recsys_cli.errors import DataError, SpecError
from recsys_cli.models import _topk
from recsys_cli.models._topk import TopK, top_k


def brute(scores, k, exclude, candidates):
    """Sort the allowed items of each row by (-score, index); take the first NaN alone."""
    allowed = np.tile(candidates, (len(scores), 1)) & (scores != -np.inf)
    allowed[exclude.row_of(), exclude.indices] = False
    items = np.full((len(scores), k), -1)
    for row, (line, may) in enumerate(zip(scores, allowed, strict=True)):
        left = np.flatnonzero(may)
        if np.isnan(line[left]).any():
            items[row, 0] = left[np.isnan(line[left])][0]
            continue
        order = left[np.argsort(-line[left], kind="stable")][:k]
        items[row, : len(order)] = order
    return items


@st.composite
def cases(draw):
    rows, n = draw(st.integers(0, 12)), draw(st.integers(1, 2500))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    levels = draw(st.sampled_from([1, 2, 5, 1 << 20]))
    scores = rng.integers(0, levels, (rows, n)).astype(np.float32) - levels // 2
    special = draw(st.sampled_from([-np.inf, np.nan, np.inf, -0.0]))
    scores[rng.random((rows, n)) < draw(st.sampled_from([0, 1 / n, 0.1, 1]))] = special
    match draw(st.sampled_from(["mixed", "ascending", "in one set of the kernel"])):
        case "ascending":
            scores.sort(axis=1)
        case "in one set of the kernel":
            scores[:, 7::512] += levels
    seen = rng.random((rows, n)) < draw(st.sampled_from([0, 0.3, 1]))
    indptr = np.concatenate([[0], np.cumsum(seen.sum(1))]).astype(np.int64)
    columns = np.nonzero(seen)[1].astype(np.int32)
    exclude = CSR(indptr, columns, np.ones(len(columns), np.float32), n)
    candidates = rng.random(n) < draw(st.sampled_from([0, 0.1, 0.5, 1]))
    return scores, draw(st.sampled_from([1, 2, 10, 100, 700])), exclude, candidates


@pytest.mark.parametrize("way", [_topk._Sorted, _topk._Collected])
@settings(deadline=None)  # the first case imports numba
@given(case=cases(), width=st.sampled_from([1, 7, 300, 2500]))
def test_both_ways_equal_a_full_sort_however_the_columns_come(way, case, width):
    scores, k, exclude, candidates = case
    top, step = way(len(scores), k, exclude, candidates), max(width, scores.shape[1] // 20)
    for first in range(0, scores.shape[1], step):
        top.add(scores[:, first : first + step].copy(), first)
    items, best = top.result()
    np.testing.assert_array_equal(items, brute(scores, k, exclude, candidates))
    at = np.take_along_axis(scores, np.maximum(items, 0), axis=1)
    found = np.where(items < 0, np.float32(-np.inf), at)
    np.testing.assert_array_equal(best.view(np.int32), found.view(np.int32))


@pytest.mark.parametrize("rows", [1, 50])
def test_nothing_need_be_excluded(rows):
    items, best = top_k(np.tile(np.array([1, 3, 3, 2], np.float32), (rows, 1)), 5)
    assert (items == [1, 2, 3, 0, -1]).all()
    assert (best == [3, 3, 2, 1, -np.inf]).all()


@pytest.mark.parametrize("rows", [1, 50])
def test_better_items_that_may_not_be_taken_hide_no_other(rows):
    scores = np.tile(np.arange(2000, dtype=np.float32), (rows, 1))
    columns = np.tile(np.arange(90, 100, dtype=np.int32), rows)
    exclude = CSR(np.arange(rows + 1) * 10, columns, np.ones(len(columns), np.float32), 2000)
    items, _ = top_k(scores, 10, exclude, candidates=np.arange(2000) < 100)
    assert (items == np.arange(89, 79, -1)).all()


@pytest.mark.parametrize("rows", [1, 50])
@pytest.mark.parametrize("at", [0, 700, 1999])
def test_a_score_that_is_no_number_is_noticed_wherever_it_stands(rows, at):
    scores = np.tile(np.arange(2000, dtype=np.float32) % 1000, (rows, 1))
    scores[::2, at] = np.nan
    items, best = top_k(scores.copy(), 3)
    assert (items[::2] == [at, -1, -1]).all() and np.isnan(best[::2, 0]).all()
    assert (items[1::2] == [999, 1999, 998]).all()
    items, best = top_k(scores.copy(), 3, candidates=np.arange(2000) != at)
    assert (items >= 0).all() and np.isfinite(best).all()
    exclude = CSR(np.arange(rows + 1), np.full(rows, at, np.int32), np.ones(rows, np.float32), 2000)
    items, best = top_k(scores.copy(), 3, exclude)
    assert (items >= 0).all() and np.isfinite(best).all()


def test_k_must_be_positive():
    with pytest.raises(SpecError, match="at least 1"):
        top_k(np.zeros((1, 3), np.float32), 0)


@pytest.mark.parametrize("column", [-1, 3])
def test_bad_exclusions_never_reach_the_kernel(column):
    bad = CSR(np.array([0, 1]), np.array([column], np.int32), np.ones(1, np.float32), 3)
    with pytest.raises(DataError, match="do not fit"):
        top_k(np.zeros((1, 3), np.float32), 2, bad)
    with pytest.raises(DataError, match="do not fit"):
        top_k(np.zeros((20, 3), np.float32), 2, bad)


@pytest.mark.parametrize("rows", [1, 20])
@pytest.mark.parametrize("columns", [[2, 1], [1, 1]])
def test_exclusions_must_ascend(rows, columns):
    both = np.tile(np.array(columns, np.int32), rows)
    unsorted = CSR(np.arange(rows + 1) * 2, both, np.ones(len(both), np.float32), 3)
    with pytest.raises(DataError, match="do not fit"):
        top_k(np.zeros((rows, 3), np.float32), 2, unsorted)


@pytest.mark.parametrize("rows", [1, 20])
@pytest.mark.parametrize(
    ("more", "columns", "dtype"),
    [(1, 3, np.float32), (0, 4, np.float32), (0, 3, np.float64), (0, 3, np.int32)],
)
def test_scores_of_another_shape_or_type_never_reach_the_kernel(rows, more, columns, dtype):
    with pytest.raises(DataError, match="scores are"):
        TopK((rows, 3), 2).add(np.zeros((rows + more, columns), dtype))


def test_no_more_columns_come_than_there_are():
    top = TopK((20, 3), 2)
    top.add(np.zeros((20, 2), np.float32))
    with pytest.raises(DataError, match="at most 1"):
        top.add(np.zeros((20, 2), np.float32))


def test_one_user_never_waits_for_numba(monkeypatch):
    monkeypatch.setattr(_topk, "_Collected", None)
    assert top_k(np.zeros((_topk.SMALL, 3), np.float32), 1)[0].tolist() == [[0]] * _topk.SMALL
