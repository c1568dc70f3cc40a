"""Columns of tables: what pyarrow makes of them by itself, without what it imports for that."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from recsys_cli.runs import _columns


@pytest.mark.parametrize(
    "values",
    [
        ["a", "", "日本", "a\x00b"],
        [],
        np.array([True, False, True, True, False, False, False, True, True]),
        np.array([np.nan, 0.5]),
        np.arange(10, dtype=np.int32)[::3],
        np.empty(0, np.float32),
    ],
    ids=["texts", "no texts", "bools", "numbers", "every third", "no numbers"],
)
def test_a_column_holds_what_it_was_given(values):
    made, expected = _columns.column(values), pa.array(values, type=made_of(values))
    assert made.type == expected.type and made.null_count == 0
    assert str(made.to_pylist()) == str(expected.to_pylist())


def made_of(values: object) -> pa.DataType | None:
    return pa.string() if isinstance(values, list) else None


def test_texts_too_long_for_one_array_take_several(monkeypatch):
    monkeypatch.setattr(_columns, "_TEXTS", 2)
    made = _columns.column(["a", "bc", "d"])
    assert made.num_chunks == 2 and made.to_pylist() == ["a", "bc", "d"]
