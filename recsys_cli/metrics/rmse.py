"""Root mean squared error of predicted ratings."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import Float32, Float64
from recsys_cli.metrics._base import RatingMetric


class RMSE(RatingMetric):
    """Root mean squared error: ``sqrt(mean((rating - predicted)²))`` over all test pairs.

    From 0 (exact) to the width of the rating scale, in ratings. Every pair weighs the same, so
    active users weigh more; a user's own value is over that user's pairs, and the total is
    ``sqrt(Σ pairs · value² / Σ pairs)``. Predictions are clipped to the scale first. A pair of a
    cold user or item is predicted by the model's fallback, never dropped. Ties and relevance play
    no part.

    Surprise agrees (its ``predict`` clips), and RecBole but for the clipping. What LensKit
    2025.8.1 reports is the mean over users of each user's RMSE, which is another number.

    References
    ----------
    Bennett and Lanning, "The Netflix Prize", KDD Cup and Workshop 2007.
    """

    def definition(self, k: int | None) -> str:
        """Return what the number is."""
        return "square root of the mean squared error over all test pairs, clipped to any scale"

    def loss(self, rating: Float32, predicted: Float32) -> Float64:
        """Return the squared error of each pair."""
        return np.square(rating.astype(np.float64) - predicted.astype(np.float64))

    def link(self, mean_loss: Float64) -> Float64:
        """Return the square root."""
        return np.sqrt(mean_loss)

    def unlink(self, value: Float64) -> Float64:
        """Return the square."""
        return np.square(value)

    def slope(self, mean_loss: float) -> float:
        """Return ``1 / (2 sqrt(mean_loss))``."""
        return float(0.5 / np.sqrt(mean_loss)) if mean_loss > 0 else 0.0
