"""Fits myfm's regressor on a column a user and one an item, and predicts the held-out ratings."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from myfm import MyFMRegressor
from scipy.sparse import csr_matrix
from serve import Arrays, Fit, serve


def prepare(given: Arrays) -> Fit:
    """Build the matrices of training and test."""
    groups = given["shape"].tolist()
    train, test = (_columns(given[f"{part}_user"], given[f"{part}_item"], groups) for part in PARTS)
    value = given["train_value"].astype(np.float64)

    def fit(rank: int, init_stdev: float, **settings: int) -> tuple[float, Arrays]:
        model = MyFMRegressor(rank=rank, init_stdev=init_stdev)
        started = time.perf_counter()
        model.fit(train, value, group_shapes=groups, **settings)
        return time.perf_counter() - started, {"predicted": model.predict(test)}

    return fit


PARTS = ("train", "test")


def _columns(user: Any, item: Any, groups: list[int]) -> Any:
    """Return a row a rating, with a 1 in the column of its user and in that of its item."""
    n = len(user)
    indices = np.stack((user, item + groups[0]), axis=1).ravel()
    return csr_matrix((np.ones(2 * n), indices, np.arange(0, 2 * n + 1, 2)), (n, sum(groups)))


if __name__ == "__main__":
    serve(prepare)
