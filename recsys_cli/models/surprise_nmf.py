"""Non-negative matrix factorisation by the library scikit-surprise (its ``NMF``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
from pydantic import NonNegativeFloat, PositiveInt

from recsys_cli import threads
from recsys_cli.data import CSR, Float32, Float64, Int32, Int64, Interactions, SideFeatures
from recsys_cli.errors import DataError
from recsys_cli.models._base import ModelConfig
from recsys_cli.models._factor import FactorModel
from recsys_cli.models._size import Size
from recsys_cli.models._surprise import PAIR_BYTES, fit, seed, unknown

#: Multiplicative updates of a new user's factors; the last ones move ratings by less than 0.01.
_STEPS = 200
#: New users that one thread solves at a time: their Gramians hold so many numbers at most, if not
#: that of one alone.
_BLOCK, _NUMBERS = 256, 1 << 20
_TINY = 1e-12


class SurpriseNMFConfig(ModelConfig):
    """Parameters of surprise's NMF; the defaults are the library's."""

    factors: PositiveInt = 15
    """Number of latent factors per user and item (the library's ``n_factors``)."""
    epochs: PositiveInt = 50
    """Passes; one updates every user's and every item's factors at once (``n_epochs``)."""
    reg_user: NonNegativeFloat = 0.06
    """L2 weight of users' factors, a rating (``reg_pu``)."""
    reg_item: NonNegativeFloat = 0.06
    """L2 weight of items' factors, a rating (``reg_qi``)."""


class SurpriseNMF(FactorModel[SurpriseNMFConfig]):
    """Rating = p_u · q_i with no negative factor, trained by surprise.

    Minimises ``Σ (r - p_u · q_i)² + reg_user |p_u|² + reg_item |q_i|²`` over the observed ratings,
    by updates that keep the sign: ``p_uf *= Σ_i q_if r_ui / (Σ_i q_if (p_u · q_i) + reg_user n_u
    p_uf)``, and likewise for items, from a uniform start on [0, 1). Both sides move at once, so
    predictions swing around the ratings for the first 30 passes or so: fewer than the default are
    too few. Take it when factors should read as parts that only add up; as a predictor it stays
    behind ``mf``. There are no biases (the library's ``biased: False``): it answers a pair of an
    unknown user or item by the mean rating, and so does this. It has no hook between epochs, so
    early stopping cannot cut training short.

    A new user's factors come from the same update with the items fixed.

    References
    ----------
    Luo, Zhou, Xia and Zhu, An efficient non-negative matrix-factorization-based approach to
    collaborative filtering for recommender systems, IEEE Transactions on Industrial Informatics
    2014. Hug, Surprise: a Python library for recommender systems, JOSS 2020.
    """

    feedback = "explicit"
    pair_bytes = PAIR_BYTES
    uses_kernels = False
    predicts_ratings = True

    fallback_: np.float32

    def fit_bytes(self, size: Size) -> int:
        """Return what the library holds: factors, and both parts of their quotients, in float64."""
        return 6 * self.stored_bytes(size) + self.pair_bytes * size.pairs

    def _train(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> Iterator[float | None]:
        if (train.value < 0).any():
            raise DataError(
                "non-negative factors cannot fit a negative rating",
                hint="use another model of ratings, such as mf",
            )
        config = self.config
        fitted = fit(
            "NMF",
            train,
            n_factors=config.factors,
            n_epochs=config.epochs,
            reg_pu=config.reg_user,
            reg_qi=config.reg_item,
            random_state=seed(rng),
        )
        self.fallback_ = fitted.mean
        self.user_factors_, self.item_factors_ = fitted.of_users("pu"), fitted.of_items("qi")
        yield None

    def _scorer(self, user_idx: Int32) -> Callable[[slice], Float32]:
        scores, cold = super()._scorer(user_idx), self.item_counts_ == 0

        def with_fallback(items: slice) -> Float32:
            found = scores(items)
            found[:, cold[items]] = self.fallback_
            return found

        return with_fallback

    def predict(self, user_idx: Int32, item_idx: Int32, timestamp: Int64 | None = None) -> Float32:
        """Return p_u · q_i of each pair, float32 (n,); the mean rating for unknown ones."""
        rating = super().predict(user_idx, item_idx, timestamp)
        rating[unknown(self.user_counts_[user_idx], self.item_counts_[item_idx])] = self.fallback_
        return rating

    def _fold_in(self, history: CSR) -> None:
        factors = self.item_factors_.astype(np.float64)

        def block(start: int, stop: int) -> Float32:
            rows = history.rows(np.arange(start, stop))
            return _non_negative(rows, factors, self.config.reg_user)

        width = factors.shape[1]
        parts = threads.map_blocks(block, history.n_rows, max(1, min(_BLOCK, _NUMBERS // width**2)))
        empty = np.empty((0, width), np.float32)
        self.user_factors_ = np.concatenate([empty, *parts])


def _non_negative(history: CSR, factors: Float64, reg: float) -> Float32:
    """Return for each row the p >= 0 that minimises Σ (r - p · q)² + n reg |p|², float32 (b, f)."""
    size = (history.n_rows, factors.shape[1])
    gram, right = np.zeros((*size, size[1])), np.zeros(size)
    for row, (start, stop) in enumerate(pairwise(history.indptr)):
        q = factors[history.indices[start:stop]]
        gram[row] = q.T @ q + (stop - start) * reg * np.eye(size[1])
        right[row] = q.T @ np.maximum(history.data[start:stop], 0)
    found = np.ones(size)
    for _ in range(_STEPS):
        found *= right / np.maximum(np.einsum("bfg,bg->bf", gram, found), _TINY)
    return found.astype(np.float32)
