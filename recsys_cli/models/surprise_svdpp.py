"""SVD++ by the library scikit-surprise (its ``SVDpp``)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from recsys_cli.data import CSR, Float32, Int32, Int64, Interactions, SideFeatures
from recsys_cli.models._base import ModelConfig
from recsys_cli.models._explanation import Explanation
from recsys_cli.models._factor import FactorModel
from recsys_cli.models._ridge import Rows, group_rows, solution_parts, solve_rows
from recsys_cli.models._surprise import PAIR_BYTES, RIDGE, as_sgd, fit, seed


class SurpriseSVDppConfig(ModelConfig):
    """Parameters of surprise's SVDpp; the defaults are the library's."""

    factors: PositiveInt = 20
    """Number of latent factors per user and item (the library's ``n_factors``)."""
    epochs: PositiveInt = 20
    """Passes over the ratings, in the order of users' first rating (``n_epochs``)."""
    lr: PositiveFloat = 0.007
    """Learning rate of factors and biases (``lr_all``)."""
    reg: NonNegativeFloat = 0.02
    """L2 weight of factors and biases, a rating (``reg_all``)."""


class SurpriseSVDpp(FactorModel[SurpriseSVDppConfig]):
    """Rating = mean + b_u + b_i + q_i · (p_u + |N(u)|^-½ Σ_{j ∈ N(u)} y_j), trained by surprise.

    N(u) are the items that u rated; ``user_factors_`` holds all that stands in the brackets, and
    ``item_implicit_`` the y. Each rating takes one step down ``error² + reg (b_u² + b_i² + |p_u|² +
    |q_i|² + Σ_j |y_j|²)``, so a pass costs the square of a user's ratings. Take it when the
    library's own numbers are wanted: ``svdpp`` is the same model with one step of y for a user's
    ratings together. The library keeps ratings cached here (``cache_ratings``), which changes no
    result, and has no hook between epochs: early stopping cannot cut training short.

    A new user's p and bias are a ridge regression with the items fixed, weighted so as to stop as
    short as the library's passes do.

    References
    ----------
    Koren, Factorization meets the neighborhood: a multifaceted collaborative filtering model,
    KDD 2008. Hug, Surprise: a Python library for recommender systems, JOSS 2020.
    """

    feedback = "explicit"
    pair_bytes = PAIR_BYTES
    uses_kernels = False
    predicts_ratings = True

    user_bias_: Float32
    item_bias_: Float32
    item_implicit_: Float32

    def _train(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> Iterator[float | None]:
        config = self.config
        fitted = fit(
            "SVDpp",
            train,
            n_factors=config.factors,
            n_epochs=config.epochs,
            lr_all=config.lr,
            reg_all=config.reg,
            random_state=seed(rng),
            cache_ratings=True,
        )
        self.mean_ = fitted.mean
        self.user_bias_, self.item_bias_ = fitted.of_users("bu"), fitted.of_items("bi")
        self.item_factors_, self.item_implicit_ = fitted.of_items("qi"), fitted.of_items("yj")
        rows = group_rows(train.user_idx, train.n_users, train.item_idx, train.value, train.value)
        self.user_factors_ = fitted.of_users("pu") + self._implicit(rows.indptr, rows.columns)
        yield None

    def _implicit(self, indptr: Int64, items: Int32) -> Float32:
        """Return |N|^-½ Σ_{j ∈ N} y_j of each row's items, float32 (rows, f)."""
        total = np.zeros((len(indptr) - 1, self.config.factors), np.float32)
        for row, (start, stop) in enumerate(pairwise(indptr)):
            if stop > start:
                seen = self.item_implicit_[items[start:stop]]
                total[row] = seen.sum(axis=0, dtype=np.float64) / np.sqrt(stop - start)
        return total

    def _rows(self, history: CSR, implicit: Float32) -> Rows:
        """Return the regression of p and b_u, whatever the implicit sums explain set aside."""
        row = history.row_of()
        known = np.einsum("nf,nf->n", implicit[row], self.item_factors_[history.indices])
        config, rest = self.config, history.data - self.mean_ - known
        return as_sgd(history, rest, config.reg, config.lr, config.epochs)

    def _fold_in(self, history: CSR) -> None:
        implicit = self._implicit(history.indptr, history.indices)
        rows = self._rows(history, implicit)
        own, self.user_bias_ = solve_rows(rows, self.item_factors_, self.item_bias_, RIDGE)
        self.user_factors_ = own + implicit

    def explain(self, user_idx: int, item_idx: Int32, history: CSR) -> Explanation:
        """Return what each item of the history, one row, adds to its folded-in user's scores.

        An item adds by its rating and, through its y, by being there; mean and biases are the base.
        """
        rows = self._rows(history, self._implicit(history.indptr, history.indices))
        parts = solution_parts(rows, self.item_factors_, self.item_bias_, RIDGE)
        size = np.float32(np.sqrt(max(len(history.indices), 1)))
        parts += self.item_implicit_[history.indices] / size
        base = self.mean_ + self.user_bias_[user_idx] + self.item_bias_[item_idx]
        return Explanation(base, self.item_factors_[item_idx] @ parts.T)
