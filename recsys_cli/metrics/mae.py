"""Mean absolute error of predicted ratings."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import Float32, Float64
from recsys_cli.metrics._base import RatingMetric


class MAE(RatingMetric):
    """Mean absolute error: ``mean(|rating - predicted|)`` over all test pairs.

    From 0 (exact) to the width of the rating scale, in ratings. Pairs, clipping, cold users and
    items as for ``rmse``; the total is ``Σ pairs · value / Σ pairs`` over users.

    Surprise agrees, and RecBole but for the clipping. What LensKit 2025.8.1 reports is the mean
    over users of each user's MAE, which is another number.

    References
    ----------
    Herlocker et al., "Evaluating collaborative filtering recommender systems", ACM TOIS 22(1),
    2004.
    """

    def definition(self, k: int | None) -> str:
        """Return what the number is."""
        return "mean absolute error over all test pairs, predictions clipped to any scale declared"

    def loss(self, rating: Float32, predicted: Float32) -> Float64:
        """Return the absolute error of each pair."""
        return np.abs(rating.astype(np.float64) - predicted.astype(np.float64))

    def link(self, mean_loss: Float64) -> Float64:
        """Return the mean itself."""
        return mean_loss

    def unlink(self, value: Float64) -> Float64:
        """Return the value itself."""
        return value

    def slope(self, mean_loss: float) -> float:
        """Return 1."""
        return 1.0
