"""How far ours and surprise predict from the ratings that were held out."""

from __future__ import annotations

from typing import Any

import numpy as np

from recsys_cli.data import Float32, Split


def ours(split: Split, model: Any) -> float:
    """Return the RMSE of one of our models, each rating at its time, clipped to the scale."""
    test = split.test
    return clipped(split, model.predict(test.user_idx, test.item_idx, test.timestamp))


def clipped(split: Split, predicted: Float32) -> float:
    """Return the RMSE of predictions of the held-out ratings, clipped to the scale."""
    error = np.clip(predicted, 1, 5).astype(np.float64) - split.test.value
    return float(np.sqrt(np.mean(error**2)))


def surprise(split: Split, library: Any) -> float:
    """Return the RMSE of one of surprise's, by its own ``test`` and ``accuracy``."""
    from surprise import accuracy

    return float(accuracy.rmse(library.test(asked(split)), verbose=False))


def asked(split: Split) -> list[tuple[int, int, float]]:
    """Return the held-out ratings as surprise takes them."""
    test = split.test
    columns = (test.user_idx.tolist(), test.item_idx.tolist(), test.value.tolist())
    return list(zip(*columns, strict=True))


def halves(split: Split) -> dict[str, Any]:
    """Return training and held-out ratings as arrays by name."""
    parts = (("train", split.train), ("test", split.test))
    return {
        f"{name}_{column}": array
        for name, part in parts
        for column, array in zip(
            ("user", "item", "value"), (part.user_idx, part.item_idx, part.value), strict=True
        )
    }
