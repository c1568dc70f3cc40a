"""Biased matrix factorisation of explicit ratings, by stochastic gradient descent or by ALS."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from recsys_cli.data import CSR, Float32, Int32, Int64, Interactions, SideFeatures, order_by
from recsys_cli.models._base import ModelConfig
from recsys_cli.models._course import Places
from recsys_cli.models._explanation import Explanation
from recsys_cli.models._factor import FactorModel
from recsys_cli.models._padded import padded
from recsys_cli.models._propensity import item_weights, propensity_weights
from recsys_cli.models._ridge import (
    Ridge,
    Rows,
    group_rows,
    rated,
    solution_parts,
    solve_rows,
)
from recsys_cli.models._sgd import (
    group_count,
    random_factors,
    random_groups,
    spread_zeros,
    sweep,
)


class MFConfig(ModelConfig):
    """Parameters of matrix factorisation."""

    solver: Literal["sgd", "als"] = "sgd"
    """``sgd``: one update a rating; ``als``: exact least squares of all users, then all items."""
    factors: PositiveInt = 100
    """Number of latent factors per user and item."""
    epochs: PositiveInt = 80
    """Passes over the ratings."""
    lr: PositiveFloat = 0.02
    """Learning rate of the first epoch; ``als`` has none."""
    lr_decay: float = Field(default=0.96, gt=0, le=1)
    """Each epoch's learning rate over the one before."""
    reg_user: NonNegativeFloat = 1.0
    """L2 weight of each user's factors, times ``n_u ** nu`` (n_u: the user's ratings)."""
    reg_item: NonNegativeFloat = 1.0
    """L2 weight of each item's factors, times ``n_i ** nu``."""
    reg_user_bias: NonNegativeFloat = 0.5
    """L2 weight of each user's bias, times ``n_u ** nu``."""
    reg_item_bias: NonNegativeFloat = 0.5
    """L2 weight of each item's bias, times ``n_i ** nu``."""
    nu: float = Field(default=0.5, ge=0, le=1)
    """L2 by frequency: 1 is Funk's (the same for each rating), 0 the same for each row."""
    init_std: PositiveFloat = 0.03
    """Standard deviation of the factors at the start."""
    propensity_power: float = Field(default=0.0, ge=0, le=1)
    """Weights ratings by ``n_i ** -propensity_power``, mean 1, against popularity bias; 0: none."""


class MF(FactorModel[MFConfig]):
    """Rating = mean + b_u + b_i + p_u · q_i.

    Minimises ``sum w (r - mean - b_u - b_i - p_u · q_i)^2 + sum_u n_u^nu (reg_user |p_u|^2 +
    reg_user_bias b_u^2)`` + the same for items; w is the row's weight, 1 by default, times its
    inverse propensity ``n_i ** -propensity_power``, scaled so that the mean weight stays. With
    ``e`` the error of one rating, sgd updates ``p_u += lr (w e q_i - reg_user n_u^(nu - 1) p_u)``
    and likewise ``q_i``, ``b_u``, ``b_i``, all from the values before; ratings come block by block
    in a random order that no thread count changes. A w above 1 is divided by ``1 + lr (w - 1) (2 +
    |p_u|^2 + |q_i|^2)`` in the update: a step of weight 1, then an implicit one of the rest, so
    that no weight makes it overshoot. als solves for bias and factors of a row together. A new
    user's factors and bias are solved for exactly, with the inverse propensities of training.

    Take it for ratings when training should be quick, or when ratings are not missing at random
    (``propensity_power``): ``svdpp`` and ``bayesian-mf`` are more accurate, and take longer.

    Differences from peers: Surprise's SVD is sgd with ``nu=1`` in file order.

    References
    ----------
    Koren, Bell and Volinsky, Matrix factorization techniques for recommender systems, IEEE
    Computer 2009. Zhou et al., Large-scale parallel collaborative filtering for the Netflix prize,
    AAIM 2008 (als, ``nu=1``). Schnabel et al., Recommendations as treatments: debiasing learning
    and evaluation, ICML 2016 (inverse propensities). Kulis and Bartlett, Implicit online learning,
    ICML 2010; Karampatziakis and Langford, Online importance weight aware updates, UAI 2011 (steps
    of large weight).
    """

    feedback = "explicit"
    stops_between_epochs = True
    uses_weights = True
    predicts_ratings = True

    user_bias_: Float32
    item_bias_: Float32
    item_weights_: Float32 | None = None

    def _train(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> Iterator[float | None]:
        config = self.config
        weights = propensity_weights(train, config.propensity_power)
        if config.propensity_power:
            self.item_weights_ = item_weights(train, weights)
        self.mean_ = np.float32(np.average(train.value, weights=weights))
        self.user_bias_ = spread_zeros(train.n_users)
        self.item_bias_ = spread_zeros(train.n_items)
        start = (config.factors, config.init_std, rng)
        self.user_factors_ = random_factors(self.user_counts_ > 0, *start)
        self.item_factors_ = random_factors(self.item_counts_ > 0, *start)
        solver = self._sgd if config.solver == "sgd" else self._als
        for squared in solver(train, weights, rng):
            yield float(np.sqrt(squared / weights.sum(dtype=np.float64)))

    def _sgd(
        self, train: Interactions, weights: Float32, rng: np.random.Generator
    ) -> Iterator[float]:
        """Yield the sum of weighted squared errors of each epoch, each before its own update."""
        from recsys_cli.kernels.sgd import sgd

        config = self.config
        order, bounds = _blocked(train, config.factors, rng)
        ratings = train.value[order] - self.mean_
        data = (train.user_idx[order], train.item_idx[order], ratings, weights[order])
        users, items = padded(self.user_factors_), padded(self.item_factors_)
        self.user_factors_ = users[:, : config.factors]
        self.item_factors_ = items[:, : config.factors]
        learned = (users, items, self.user_bias_, self.item_bias_)
        scale = [
            np.maximum(counts, 1).astype(np.float32) ** np.float32(config.nu - 1)
            for counts in (self.user_counts_, self.item_counts_)
        ]
        regs = (config.reg_user, config.reg_item, config.reg_user_bias, config.reg_item_bias)
        reg, loss = np.array(regs, np.float32), np.zeros((len(bounds), len(bounds)))
        held = Places(
            users=users, items=items, user_bias=self.user_bias_, item_bias=self.item_bias_
        )
        for epoch in self._epochs(config.epochs, rng, held):
            lr = np.float32(config.lr * config.lr_decay**epoch)

            def work(start: int, stop: int, diagonal: int, lr: np.float32 = lr) -> None:
                rows = (start, stop, diagonal, bounds, *data)
                sgd(*rows, *learned, *scale, lr, reg, loss)

            sweep(work, len(bounds), rng)
            yield float(loss.sum())

    def _als(
        self, train: Interactions, weights: Float32, rng: np.random.Generator
    ) -> Iterator[float]:
        """Yield the sum of weighted squared errors after each epoch."""
        users, items, rest = train.user_idx, train.item_idx, train.value - self.mean_
        by_user = group_rows(users, train.n_users, items, rest, weights)
        by_item = group_rows(items, train.n_items, users, rest, weights)
        config = self.config
        held = Places(items=(self, "item_factors_"), item_bias=(self, "item_bias_"))
        for _ in self._epochs(config.epochs, rng, held):
            self.user_factors_, self.user_bias_ = solve_rows(
                by_user, self.item_factors_, self.item_bias_, self._user_ridge
            )
            ridge = Ridge(config.reg_item, config.reg_item_bias, config.nu)
            self.item_factors_, self.item_bias_ = solve_rows(
                by_item, self.user_factors_, self.user_bias_, ridge
            )
            error = (train.value - self.predict(users, items)).astype(np.float64)
            yield float(weights @ error**2)

    @property
    def _user_ridge(self) -> Ridge:
        return Ridge(self.config.reg_user, self.config.reg_user_bias, self.config.nu)

    def _fold_in(self, history: CSR) -> None:
        self.user_factors_, self.user_bias_ = solve_rows(
            self._rated(history), self.item_factors_, self.item_bias_, self._user_ridge
        )

    def _rated(self, history: CSR) -> Rows:
        return rated(history, float(self.mean_), self.item_weights_)

    def explain(self, user_idx: int, item_idx: Int32, history: CSR) -> Explanation:
        """Take apart the scores of a folded-in user into what each item of the history adds.

        The user's factors are a sum over the history, by least squares; biases and mean are the
        base.
        """
        rows = self._rated(history)
        own = solution_parts(rows, self.item_factors_, self.item_bias_, self._user_ridge)
        base = self.item_bias_[item_idx] + (self.user_bias_[user_idx] + self.mean_)
        return Explanation(base, self.item_factors_[item_idx] @ own.T)


def _blocked(train: Interactions, factors: int, rng: np.random.Generator) -> tuple[Int64, Int64]:
    """Return the rows block by block, user by user in each, and the bounds (groups, groups + 1).

    A user's ratings come one after the other, in random order, so its row stays near the core.
    """
    groups = group_count(len(train), train.n_users, train.n_items, factors)
    of_user = random_groups(train.n_users, groups, rng)
    of_item = random_groups(train.n_items, groups, rng)
    order = rng.permutation(len(train))
    order = order[order_by(train.user_idx[order])]
    block = (of_user[train.user_idx] * groups + of_item[train.item_idx])[order]
    ends = np.cumsum(np.bincount(block, minlength=groups**2)).reshape(groups, groups)
    starts = np.concatenate(([0], ends[:-1, -1]))
    return order[order_by(block)], np.column_stack((starts, ends))
