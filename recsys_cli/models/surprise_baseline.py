"""Mean + user bias + item bias by the library scikit-surprise (its ``BaselineOnly``)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from recsys_cli.data import CSR, Float32, Int32, Int64, Interactions, SideFeatures
from recsys_cli.models._base import Model, ModelConfig
from recsys_cli.models._surprise import PAIR_BYTES, fit


class SurpriseBaselineConfig(ModelConfig):
    """Parameters of surprise's BaselineOnly; the defaults are the library's ``bsl_options``."""

    method: Literal["als", "sgd"] = "als"
    """Alternating closed forms, or stochastic gradient descent in the order of the ratings."""
    epochs: PositiveInt | None = None
    """Passes (``n_epochs``); the library's 10 for ``als`` and 20 for ``sgd`` if not given."""
    reg_user: NonNegativeFloat = 15.0
    """``als``: as many ratings as hold a user's bias to zero (``reg_u``)."""
    reg_item: NonNegativeFloat = 10.0
    """``als``: as many ratings as hold an item's bias to zero (``reg_i``)."""
    reg: NonNegativeFloat = 0.02
    """``sgd``: L2 weight of both biases, a rating."""
    lr: PositiveFloat = 0.005
    """``sgd``: learning rate (``learning_rate``)."""


class SurpriseBaseline(Model[SurpriseBaselineConfig]):
    """Rating = mean + b_u + b_i, trained by surprise.

    ``als`` has the objective of ``bias``, and alternates as it does: ``b_i = Σ_u (r - mean - b_u) /
    (reg_item + n_i)``, then the same for users, but always makes all its passes. ``sgd`` takes
    steps ``b += lr (error - reg b)`` rating by rating. An unknown user or item has bias 0. Take it
    when the library's own numbers are wanted: ``bias`` reaches better ratings, with smaller weights
    and until it stands still.

    A new user's bias is that of the objective with items fixed.

    References
    ----------
    Koren, Factor in the neighbors: scalable and accurate collaborative filtering, TKDD 2010.
    Hug, Surprise: a Python library for recommender systems, JOSS 2020.
    """

    feedback = "explicit"
    pair_bytes = PAIR_BYTES
    uses_kernels = False
    predicts_ratings = True

    mean_: np.float32
    user_bias_: Float32
    item_bias_: Float32

    def _train(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> Iterator[float | None]:
        config = self.config
        options = {
            "method": config.method,
            "reg_u": config.reg_user,
            "reg_i": config.reg_item,
            "reg": config.reg,
            "learning_rate": config.lr,
        }
        if config.epochs is not None:
            options["n_epochs"] = config.epochs
        fitted = fit("BaselineOnly", train, bsl_options=options, verbose=False)
        self.mean_ = fitted.mean
        self.user_bias_, self.item_bias_ = fitted.of_users("bu"), fitted.of_items("bi")
        yield None

    def _score(self, user_idx: Int32) -> Float32:
        return (self.mean_ + self.user_bias_[user_idx])[:, None] + self.item_bias_

    def predict(self, user_idx: Int32, item_idx: Int32, timestamp: Int64 | None = None) -> Float32:
        """Return mean + b_u + b_i of each pair, float32 (n,)."""
        return self.mean_ + self.user_bias_[user_idx] + self.item_bias_[item_idx]

    def _fold_in(self, history: CSR) -> None:
        n, rows = np.diff(history.indptr), history.row_of()
        rest = history.data - self.mean_ - self.item_bias_[history.indices]
        total = np.bincount(rows, weights=rest, minlength=history.n_rows)
        als = self.config.method == "als"
        mass = n + (self.config.reg_user if als else self.config.reg * n)
        bias = np.divide(total, mass, out=np.zeros(history.n_rows), where=mass > 0)
        self.user_bias_ = bias.astype(np.float32)
