"""Biased matrix factorisation by the library scikit-surprise (its ``SVD``)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from recsys_cli.data import CSR, Float32, Int32, Interactions, SideFeatures
from recsys_cli.models._base import ModelConfig
from recsys_cli.models._explanation import Explanation
from recsys_cli.models._factor import FactorModel
from recsys_cli.models._ridge import Rows, solution_parts, solve_rows
from recsys_cli.models._surprise import PAIR_BYTES, RIDGE, as_sgd, fit, seed


class SurpriseSVDConfig(ModelConfig):
    """Parameters of surprise's SVD; the defaults are the library's."""

    factors: PositiveInt = 100
    """Number of latent factors per user and item (the library's ``n_factors``)."""
    epochs: PositiveInt = 20
    """Passes over the ratings, in the order of users' first rating (``n_epochs``)."""
    lr: PositiveFloat = 0.005
    """Learning rate of factors and biases (``lr_all``)."""
    reg: NonNegativeFloat = 0.02
    """L2 weight of factors and biases, a rating (``reg_all``)."""


class SurpriseSVD(FactorModel[SurpriseSVDConfig]):
    """Rating = mean + b_u + b_i + p_u · q_i, trained by surprise.

    Objective and update are those of ``mf`` with ``solver: sgd`` and ``nu: 1``; the library visits
    ratings user by user, always in the same order, in float64 on one thread. It has no hook between
    epochs, so training is one step: early stopping cannot cut it short. The model is the library's:
    same data and seed, same predictions. A new user's factors and bias are a ridge regression,
    weighted so as to stop as short as the library's passes do. Take it when the library's own
    numbers are wanted: ``mf`` is quicker, and can stop early.

    References
    ----------
    Hug, Surprise: a Python library for recommender systems, JOSS 2020.
    """

    feedback = "explicit"
    pair_bytes = PAIR_BYTES
    uses_kernels = False
    predicts_ratings = True

    user_bias_: Float32
    item_bias_: Float32

    def _train(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> Iterator[float | None]:
        config = self.config
        fitted = fit(
            "SVD",
            train,
            n_factors=config.factors,
            n_epochs=config.epochs,
            lr_all=config.lr,
            reg_all=config.reg,
            random_state=seed(rng),
        )
        self.mean_ = fitted.mean
        self.user_factors_, self.item_factors_ = fitted.of_users("pu"), fitted.of_items("qi")
        self.user_bias_, self.item_bias_ = fitted.of_users("bu"), fitted.of_items("bi")
        yield None

    def _rows(self, history: CSR) -> Rows:
        config, rest = self.config, history.data - self.mean_
        return as_sgd(history, rest, config.reg, config.lr, config.epochs)

    def _fold_in(self, history: CSR) -> None:
        rows = self._rows(history)
        found = solve_rows(rows, self.item_factors_, self.item_bias_, RIDGE)
        self.user_factors_, self.user_bias_ = found

    def explain(self, user_idx: int, item_idx: Int32, history: CSR) -> Explanation:
        """Return what each item of the history, one row, adds to its folded-in user's scores.

        The base is the mean and both biases.
        """
        rows = self._rows(history)
        own = solution_parts(rows, self.item_factors_, self.item_bias_, RIDGE)
        base = self.mean_ + self.user_bias_[user_idx] + self.item_bias_[item_idx]
        return Explanation(base, self.item_factors_[item_idx] @ own.T)
