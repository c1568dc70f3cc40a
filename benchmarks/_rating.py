"""How far ours and surprise predict from the ratings that were held out."""

from __future__ import annotations

from typing import Any

import numpy as np

from recsys_cli.data import Split


def ours(split: Split, model: Any) -> float:
    """Return the RMSE of one of our models, each rating at its time, clipped to the scale."""
    test = split.test
    predicted = np.clip(model.predict(test.user_idx, test.item_idx, test.timestamp), 1, 5)
    return float(np.sqrt(np.mean((predicted.astype(np.float64) - test.value) ** 2)))


def surprise(split: Split, library: Any) -> float:
    """Return the RMSE of one of surprise's, by its own ``test`` and ``accuracy``."""
    from surprise import accuracy

    return float(accuracy.rmse(library.test(asked(split)), verbose=False))


def asked(split: Split) -> list[tuple[int, int, float]]:
    """Return the held-out ratings as surprise takes them."""
    test = split.test
    columns = (test.user_idx.tolist(), test.item_idx.tolist(), test.value.tolist())
    return list(zip(*columns, strict=True))
