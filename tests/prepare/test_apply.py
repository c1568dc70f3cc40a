"""What applying any filter does to the rest of the dataset."""

from __future__ import annotations

import numpy as np
import pytest

from recsys_cli.data import Features, SideFeatures
from recsys_cli.errors import DataError
from recsys_cli.prepare.min_value import MinValue
from tests.splitters.conftest import dataset, rng


@pytest.fixture
def full(make):
    """Users 0–3, items 0–3; item 2 is known by its features alone; user 1 has low values only."""
    data = make([(0, 0, 5, 10), (1, 0, 1, 11), (2, 3, 4, 12), (3, 1, 1, 13), (0, 1, 2, 14)], (4, 4))
    users = Features(data.users, numeric={"age": np.array([10, 20, 30, 40], np.float32)})
    items = Features(data.items, multilabel={"genre": [("a",), ("b",), ("c",), ()]})
    return dataset(
        data,
        titles=["t0", "t1", "t2", "t3"],
        features=SideFeatures(users, items),
        folds={"u1": np.array([1, 2, 1, 2, 0], np.int8)},
    )


def test_what_lost_its_last_row_goes_and_all_else_stays_aligned(full):
    left, _ = MinValue(value=3).apply(full, rng())
    data = left.interactions
    assert data.users.ids == ("u0", "u2")
    assert data.items.ids == ("i0", "i2", "i3")
    assert [data.users[u] for u in data.user_idx] == ["u0", "u2"]
    assert [data.items[i] for i in data.item_idx] == ["i0", "i3"]
    assert left.titles == ["t0", "t2", "t3"]
    assert left.features.users.numeric["age"].tolist() == [10, 30]
    assert left.features.items.multilabel["genre"] == [("a",), ("c",), ()]
    assert left.features.items.ids == data.items
    assert left.folds["u1"].tolist() == [1, 1]
    assert data.timestamp.tolist() == [10, 12]


def test_the_receipt_counts_and_names_the_filter(full):
    _, receipt = MinValue(value=3).apply(full, rng())
    assert (receipt.before.rows, receipt.before.users, receipt.before.items) == (5, 4, 3)
    assert (receipt.after.rows, receipt.after.users, receipt.after.items) == (2, 2, 2)
    assert receipt.filter == {"name": "min-value", "value": 3.0, "binarise": False}
    assert str(receipt) == (
        "min-value value=3.0 binarise=False: 5 → 2 rows, 4 → 2 users, 3 → 2 items"
    )


def test_nothing_dropped_keeps_the_id_maps(full):
    left, _ = MinValue(value=0).apply(full, rng())
    assert left.interactions.users is full.interactions.users
    assert left.features.items is full.features.items


def test_the_dataset_given_is_untouched(full):
    MinValue(value=3, binarise=True).apply(full, rng())
    assert full.interactions.value.tolist() == [5, 1, 4, 1, 2]


def test_a_filter_that_leaves_nothing_is_refused(full):
    with pytest.raises(DataError, match="min-value leaves none of the 5 interactions"):
        MinValue(value=9).apply(full, rng())
