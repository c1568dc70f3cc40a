"""Implicit-feedback ALS trained by the library ``implicit``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from recsys_cli import threads
from recsys_cli.data import CSR, Int32, Interactions, SideFeatures
from recsys_cli.models._als import (
    explain_user,
    gramian_bytes,
    objective,
    observed,
    solve_users,
    strengths,
)
from recsys_cli.models._base import ModelConfig
from recsys_cli.models._explanation import Explanation
from recsys_cli.models._factor import FactorModel
from recsys_cli.models._guard import foreign
from recsys_cli.models._implicit import library
from recsys_cli.models._implicit_epochs import epochs
from recsys_cli.models._size import Size


class ImplicitALSConfig(ModelConfig):
    """Parameters of ALS by ``implicit``, named and scaled as those of ``als``."""

    factors: PositiveInt = 64
    """Number of latent factors per user and item."""
    reg: NonNegativeFloat = 0.01
    """L2 weight of each row's normal equation."""
    alpha: PositiveFloat = 10.0
    """Confidence of an observed pair: ``c_ui = 1 + alpha * value``; of any other: 1."""
    epochs: PositiveInt = 15
    """Passes: one solves for all users, then for all items."""
    use_cg: bool = True
    """Three conjugate gradient steps a row and pass, as the library does; else exact solves."""


class ImplicitALS(FactorModel[ImplicitALSConfig]):
    """The objective of ``als``, minimised by ``implicit.cpu.als.AlternatingLeastSquares``.

    Minimises ``Σ_ui c_ui (p_ui - P_u · Q_i)² + reg (Σ_u |P_u|² + Σ_i |Q_i|²)`` by alternating over
    users and items. The library takes confidences as they are, with ``c_ui = alpha * value`` by its
    own scaling: it is handed ``1 + alpha * value`` instead. It starts both sides from uniform
    numbers on [0, 0.01), takes conjugate gradient steps without a preconditioner, and has no
    frequency scaling of ``reg``. Its arrays are copied out, so a saved model does not need it.

    Rows are solved each for itself, so the number of threads changes no result. Take it when the
    library's own numbers are wanted: ``als`` reaches as low an objective in less time, and adds
    ``alpha0``, logarithmic confidence, ``nu`` and weights by propensity.

    References
    ----------
    Y. Hu, Y. Koren, C. Volinsky (2008), "Collaborative filtering for implicit feedback datasets",
    ICDM. B. Frederickson, ``implicit`` 0.7, https://github.com/benfred/implicit.
    """

    feedback = "implicit"
    stops_between_epochs = True
    uses_weights = True

    def fit_bytes(self, size: Size) -> int:
        """Return what a fit holds, the Gramians of the objective and of exact solves among it."""
        exact = 0 if self.config.use_cg else 4 * self.config.factors**2 * threads.count()
        return (
            super().fit_bytes(size) + gramian_bytes(size, self.config.factors, axes=False) + exact
        )

    def _train(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> Iterator[float | None]:
        als = library("cpu.als")
        known = strengths(observed(train), self.config.alpha)
        confidence = foreign(known._replace(data=known.data + 1), np.float32)
        with threads.single_blas():  # again: importing the library has loaded a BLAS of its own
            model = als.AlternatingLeastSquares(
                factors=self.config.factors,
                regularization=self.config.reg,
                alpha=1.0,
                iterations=self.config.epochs,
                use_cg=self.config.use_cg,
                num_threads=threads.count(),
                random_state=rng,
            )
            for _ in epochs(model, confidence):
                users, items = model.user_factors, model.item_factors
                self.user_factors_, self.item_factors_ = users, items
                yield objective(known, users, items, self.config.reg)

    def _fold_in(self, history: CSR) -> None:
        known = strengths(history, self.config.alpha)
        reg = np.full(known.n_rows, self.config.reg)
        self.user_factors_ = solve_users(known, self.item_factors_, reg)

    def explain(self, user_idx: int, item_idx: Int32, history: CSR) -> Explanation:
        """Return what each item of the history, one row, adds to its folded-in user's scores."""
        known = strengths(history, self.config.alpha)
        with threads.single_blas():
            parts = explain_user(known, self.item_factors_, self.config.reg, item_idx)
        return Explanation(np.zeros(len(item_idx), np.float32), parts)
