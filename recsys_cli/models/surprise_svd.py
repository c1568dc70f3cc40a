"""Biased matrix factorisation by the library scikit-surprise (its ``SVD``)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from recsys_cli.data import CSR, Float32, Int32, Interactions, SideFeatures
from recsys_cli.models._base import ModelConfig
from recsys_cli.models._factor import FactorModel
from recsys_cli.models._ridge import Ridge, fold_ratings


class SurpriseSVDConfig(ModelConfig):
    """Parameters of surprise's SVD; the defaults are the library's."""

    factors: PositiveInt = 100
    """Number of latent factors per user and item."""
    epochs: PositiveInt = 20
    """Passes over the ratings, in the order of users' first rating."""
    lr: PositiveFloat = 0.005
    """Learning rate of factors and biases (the library's ``lr_all``)."""
    reg: NonNegativeFloat = 0.02
    """L2 weight of factors and biases, a rating (the library's ``reg_all``)."""


class SurpriseSVD(FactorModel[SurpriseSVDConfig]):
    """Rating = mean + b_u + b_i + p_u · q_i, trained by surprise.

    Objective and update are those of ``mf`` with ``solver: sgd`` and ``nu: 1``; the library visits
    ratings user by user, always in the same order, in float64 on one thread. It has no hook between
    epochs, so training is one step: early stopping cannot cut it short. The model is the
    library's: same data and seed, same predictions.

    References
    ----------
    Hug, Surprise: a Python library for recommender systems, JOSS 2020.
    """

    feedback = "explicit"
    predicts_ratings = True

    user_bias_: Float32
    item_bias_: Float32

    def _train(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> Iterator[float | None]:
        from surprise import SVD

        config = self.config
        users, items = _by_appearance(train.user_idx), _by_appearance(train.item_idx)
        svd = SVD(
            n_factors=config.factors,
            n_epochs=config.epochs,
            lr_all=config.lr,
            reg_all=config.reg,
            random_state=int(rng.integers(2**31)),
        ).fit(_trainset(train, users, items))
        self.mean_ = np.float32(svd.trainset.global_mean)
        self.user_factors_ = _spread(svd.pu, users, train.n_users)
        self.item_factors_ = _spread(svd.qi, items, train.n_items)
        self.user_bias_ = _spread(svd.bu, users, train.n_users)
        self.item_bias_ = _spread(svd.bi, items, train.n_items)
        yield None

    def _fold_in(self, history: CSR) -> None:
        ridge = Ridge(self.config.reg, self.config.reg, nu=1)
        self.user_factors_, self.user_bias_ = fold_ratings(
            history, float(self.mean_), self.item_factors_, self.item_bias_, ridge
        )


def _by_appearance(index: Int32) -> Int32:
    """Return the distinct values of ``index`` in order of first appearance.

    The library numbers ids so; its random start and the order of its updates depend on it.
    """
    values, first = np.unique(index, return_index=True)
    return values[np.argsort(first)]


def _trainset(train: Interactions, users: Int32, items: Int32) -> Any:
    """Return the library's training set; its inner ids are positions in ``users`` and ``items``."""
    from surprise import Trainset

    inner_user, inner_item = np.empty(train.n_users, int), np.empty(train.n_items, int)
    inner_user[users], inner_item[items] = np.arange(len(users)), np.arange(len(items))
    of_user: dict[int, list[tuple[int, float]]] = {u: [] for u in range(len(users))}
    of_item: dict[int, list[tuple[int, float]]] = {i: [] for i in range(len(items))}
    columns = (inner_user[train.user_idx], inner_item[train.item_idx], train.value)
    for user, item, value in zip(*(column.tolist() for column in columns), strict=True):
        of_user[user].append((item, value))
        of_item[item].append((user, value))
    scale = train.scale or (float(train.value.min()), float(train.value.max()))
    return Trainset(of_user, of_item, len(users), len(items), len(train), scale, {}, {})


def _spread(learned: NDArray[np.float64], rows: Int32, n: int) -> Float32:
    """Return the library's rows at our indices; zero where the library saw nobody."""
    spread = np.zeros((n, *learned.shape[1:]), np.float32)
    spread[rows] = learned
    return spread
