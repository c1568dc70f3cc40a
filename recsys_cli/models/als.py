"""Alternating least squares for implicit feedback (iALS)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from recsys_cli import threads
from recsys_cli.data import CSR, Float32, Float64, Int64, Interactions, SideFeatures
from recsys_cli.models._als import ROWS, gramian, observed, solve_users, strengths
from recsys_cli.models._base import ModelConfig
from recsys_cli.models._factor import FactorModel

#: Spans of rows, of about equal work, that threads take in turn; fixed, so the loss is too.
_SPANS = 64
#: Work that a row costs beside its pairs, counted in pairs.
_ROW_WORK = 8


class ALSConfig(ModelConfig):
    """Parameters of implicit-feedback ALS."""

    factors: PositiveInt = 64
    """Number of latent factors per user and item."""
    reg: NonNegativeFloat = 0.01
    """L2 weight of each row's normal equation, times ``(n_row + n_columns / alpha) ** nu``, where
    ``n_row`` counts the row's observed pairs."""
    nu: float = Field(0.0, ge=0, le=1)
    """Frequency scaling of ``reg`` (Rendle et al. 2022); 0 is unscaled, 1 in proportion."""
    alpha: PositiveFloat = 10.0
    """Confidence of an observed pair: ``c_ui = 1 + alpha * value``; of any other: 1."""
    epochs: PositiveInt = 15
    """Passes: one solves for all users, then for all items."""
    cg_steps: PositiveInt = 2
    """Conjugate gradient steps for each row in a pass; more solve its equation more exactly."""


class ALS(FactorModel[ALSConfig]):
    """Weighted least squares over all pairs of user and item, by alternating exact directions.

    Minimises ``Σ_ui c_ui (p_ui - P_u · Q_i)² + Σ_u reg_u |P_u|² + Σ_i reg_i |Q_i|²``: preference
    ``p_ui`` is 1 for an observed pair, whatever its value, and 0 for any other; confidence ``c_ui``
    is ``1 + alpha * value`` or 1. With Q fixed, each user's row solves
    ``(QᵀQ + reg_u I + Σ_i (c_ui - 1) Q_i Q_iᵀ) P_u = Σ_i c_ui Q_i``, and each item's likewise with
    P fixed. A pass rotates both sides to the axes in which QᵀQ is diagonal, which changes no score,
    and takes ``cg_steps`` conjugate gradient steps from the row's last value, preconditioned by
    ``QᵀQ + reg_u I``. So a step costs no factors × factors product, the loss of each epoch comes
    as a by-product, and the axes end as the principal ones of P, strongest first.

    Items start as normal numbers of deviation ``0.1 / sqrt(factors)``, users as zero. Users and
    items without training interactions stay zero. Repeated pairs are summed; the ``weight`` of an
    interaction multiplies its value.

    Differences from peers: ``implicit`` takes ``c_ui = alpha * value``, and three steps without a
    preconditioner. Rendle et al. weigh an observed pair by 1, and every pair, observed ones too, by
    ``alpha0``: up to the last, ``alpha0 = 1 / alpha``, and their ``reg`` is ours divided by alpha.

    References
    ----------
    Y. Hu, Y. Koren, C. Volinsky (2008), "Collaborative filtering for implicit feedback datasets",
    ICDM. G. Takács, I. Pilászy, D. Tikk (2011), "Applications of the conjugate gradient method for
    implicit feedback collaborative filtering", RecSys. S. Rendle, W. Krichene, L. Zhang, Y. Koren
    (2022), "Revisiting the performance of iALS on item recommendation benchmarks", RecSys.
    """

    feedback = "implicit"
    stops_between_epochs = True
    uses_weights = True

    def _train(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> Iterator[float | None]:
        by_user = strengths(observed(train), self.config.alpha)
        by_item = by_user.transpose()
        factors = self.config.factors
        users = np.zeros((train.n_users, factors), np.float32)
        items = rng.standard_normal((train.n_items, factors), np.float32)
        items *= np.float32(0.1 / np.sqrt(factors))
        items[self.item_counts_ == 0] = 0
        self.user_factors_, self.item_factors_ = users, items
        user_reg = self._reg(by_user)
        for _ in range(self.config.epochs):
            self._half_epoch(by_user, items, users)
            loss = self._half_epoch(by_item, users, items)
            yield loss + float(np.einsum("uf,uf,u->", users, users, user_reg))

    def _reg(self, strength: CSR) -> Float64:
        """Return the L2 weight of each row."""
        size = np.diff(strength.indptr) + strength.n_cols / self.config.alpha
        return np.asarray(self.config.reg * size**self.config.nu)

    def _half_epoch(self, strength: CSR, fixed: Float32, solved: Float32) -> float:
        """Improve ``solved`` in place; return the objective but for the L2 term of ``fixed``."""
        from recsys_cli.kernels.als import solve_rows

        spectrum, axes = np.linalg.eigh(gramian(fixed))
        spectrum = np.maximum(spectrum[::-1], 0).astype(np.float32)
        _rotate(fixed, axes[:, ::-1])
        _rotate(solved, axes[:, ::-1])
        reg = self._reg(strength).astype(np.float32)
        bounds = _spans(strength.indptr)

        def span(at: int, _: int) -> float:
            rows = (int(bounds[at]), int(bounds[at + 1]))
            system = (*strength[:3], fixed, spectrum, reg)
            return float(solve_rows(*rows, *system, self.config.cg_steps, solved))

        return sum(threads.map_blocks(span, len(bounds) - 1, 1))

    def _fold_in(self, history: CSR) -> None:
        known = strengths(history, self.config.alpha)
        self.user_factors_ = solve_users(known, self.item_factors_, self._reg(known))


def _rotate(rows: Float32, axes: Float64) -> None:
    """Replace ``rows`` by its coordinates in the given axes."""

    def block(start: int, stop: int) -> None:
        rows[start:stop] = rows[start:stop].astype(np.float64) @ axes

    threads.map_blocks(block, len(rows), ROWS)


def _spans(indptr: Int64) -> Int64:
    """Return where to cut the rows into spans of about equal work, both ends included."""
    work = indptr + _ROW_WORK * np.arange(len(indptr))
    return np.unique(np.searchsorted(work, np.linspace(0, work[-1], _SPANS + 1)))
