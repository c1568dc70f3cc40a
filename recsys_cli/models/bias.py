"""Mean + user bias + item bias: the baseline that every rating model must beat."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pydantic import NonNegativeFloat, PositiveInt

from recsys_cli.data import CSR, Float32, Float64, Int32, Int64, Interactions, SideFeatures
from recsys_cli.models._base import Model, ModelConfig
from recsys_cli.models._baseline import shrunk_mean
from recsys_cli.models._course import Places

#: Alternation ends early once no bias moves by more than this (rating units).
_CONVERGED = 1e-6


class BiasConfig(ModelConfig):
    """Parameters of the bias model."""

    reg_user: NonNegativeFloat = 5.0
    """L2 weight of each user's bias: as many ratings as hold it to zero."""
    reg_item: NonNegativeFloat = 3.0
    """L2 weight of each item's bias."""
    epochs: PositiveInt = 30
    """Most passes; one solves for all items, then for all users. Fewer where it has converged."""


class Bias(Model[BiasConfig]):
    """Rating = mean + b_u + b_i, by regularised least squares.

    Minimises ``sum w (r - mean - b_u - b_i)^2 + reg_user |b_u|^2 + reg_item |b_i|^2`` by
    alternating exact solutions, ``b_u = sum w (r - mean - b_i) / (reg_user + sum w)``, until they
    stand still. Ranking by it is ranking by ``b_i``: not personal. Take it as the baseline that a
    model of ratings has to beat, and where ratings are too few to tell tastes.

    Differences from peers: Surprise's ``BaselineOnly`` has the same objective and always makes 10
    passes.

    References
    ----------
    Koren, Factor in the neighbors: scalable and accurate collaborative filtering, TKDD 2010.
    """

    feedback = "explicit"
    stops_between_epochs = True
    uses_weights = True
    predicts_ratings = True

    mean_: np.float32
    user_bias_: Float32
    item_bias_: Float32

    def _train(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> Iterator[float | None]:
        users, items, config = train.user_idx, train.item_idx, self.config
        weight = np.ones(len(train)) if train.weight is None else train.weight.astype(np.float64)
        mean = float(np.average(train.value, weights=weight))
        rest = train.value.astype(np.float64) - mean
        b_u = np.zeros(train.n_users)
        for _ in self._epochs(config.epochs, rng, Places(user_bias=b_u)):
            before = b_u.copy()
            b_i = shrunk_mean(items, rest - b_u[users], config.reg_item, train.n_items, weight)
            b_u[:] = shrunk_mean(users, rest - b_i[items], config.reg_user, train.n_users, weight)
            self.mean_ = np.float32(mean)
            self.user_bias_, self.item_bias_ = b_u.astype(np.float32), b_i.astype(np.float32)
            error = rest - b_u[users] - b_i[items]
            converged = np.abs(b_u - before).max() < _CONVERGED
            if converged:
                self._end_course()
            yield float(np.sqrt(np.average(error**2, weights=weight)))
            if converged:
                return

    def _score(self, user_idx: Int32) -> Float32:
        return (self.mean_ + self.user_bias_[user_idx])[:, None] + self.item_bias_

    def predict(self, user_idx: Int32, item_idx: Int32, timestamp: Int64 | None = None) -> Float32:
        """Return mean + b_u + b_i of each pair, float32 (n,); a cold user or item has bias 0."""
        return self.mean_ + self.user_bias_[user_idx] + self.item_bias_[item_idx]

    def _fold_in(self, history: CSR) -> None:
        rows = history.row_of()
        expected = self.mean_ + self.item_bias_[history.indices]
        rest: Float64 = np.subtract(history.data, expected, dtype=np.float64)
        bias = shrunk_mean(rows, rest, self.config.reg_user, history.n_rows)
        self.user_bias_ = bias.astype(np.float32)
