"""Alternating least squares for implicit feedback (iALS)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

import numpy as np
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from recsys_cli import threads
from recsys_cli.data import (
    CSR,
    Float32,
    Float64,
    Int32,
    Int64,
    Interactions,
    SideFeatures,
)
from recsys_cli.models._als import (
    ROWS,
    explain_user,
    gramian,
    gramian_bytes,
    mean_weights,
    observed,
    solve_users,
    strengths,
)
from recsys_cli.models._base import ModelConfig
from recsys_cli.models._course import Places
from recsys_cli.models._explanation import Explanation
from recsys_cli.models._factor import FactorModel
from recsys_cli.models._padded import padded
from recsys_cli.models._propensity import item_weights, propensity_weights
from recsys_cli.models._size import Size

#: Spans of rows, of about equal work, that threads take in turn; fixed, so the loss is too.
_SPANS = 64
#: Work that a row costs beside its pairs, counted in pairs.
_ROW_WORK = 8


class ALSConfig(ModelConfig):
    """Parameters of implicit-feedback ALS."""

    factors: PositiveInt = 64
    """Number of latent factors per user and item."""
    reg: NonNegativeFloat = 0.01
    """L2 weight of each row, times ``(n_row + n_columns * alpha0 / alpha) ** nu``, where ``n_row``
    counts the row's observed pairs."""
    nu: float = Field(0.0, ge=0, le=1)
    """Frequency scaling of ``reg`` (Rendle et al. 2022); 0 is unscaled, 1 in proportion."""
    alpha: PositiveFloat = 10.0
    """Weight of the value of an observed pair, in its confidence."""
    alpha0: PositiveFloat = 1.0
    """Confidence of a pair that was not observed, and least one of a pair that was."""
    confidence: Literal["linear", "log"] = "linear"
    """Of an observed pair: ``alpha0 + alpha * value``, or ``alpha0 + alpha * log(1 + value / eps)``
    for counts over many orders of magnitude."""
    eps: PositiveFloat = 1.0
    """Value from which ``log`` bends; read by ``confidence: log`` alone."""
    propensity_power: float = Field(0.0, ge=0, le=1)
    """An interaction's weight is multiplied by (interactions of its item) ** -this; 0 is none."""
    epochs: PositiveInt = 15
    """Passes: one solves for all users, then for all items."""
    cg_steps: PositiveInt = 2
    """Conjugate gradient steps for each row in a pass; more solve its equation more exactly."""


class ALS(FactorModel[ALSConfig]):
    """Weighted least squares over all pairs of user and item, by alternating exact directions.

    Minimises ``Σ_ui c_ui (p_ui - P_u · Q_i)² + Σ_u reg_u |P_u|² + Σ_i reg_i |Q_i|²``: preference
    ``p_ui`` is 1 for an observed pair, whatever its value, and 0 for any other; confidence ``c_ui``
    is ``alpha0`` plus, for an observed pair, its strength ``s_ui``: ``alpha * value``, or
    ``alpha * log(1 + value / eps)``, times its weight. With Q fixed, each user's row solves
    ``(alpha0 QᵀQ + reg_u I + Σ_i s_ui Q_i Q_iᵀ) P_u = Σ_i c_ui Q_i``, and each item's likewise with
    P fixed. A pass rotates both sides to the axes in which QᵀQ is diagonal, which changes no score,
    and takes ``cg_steps`` conjugate gradient steps from the row's last value, preconditioned by
    ``alpha0 QᵀQ + reg_u I``. So a step costs no factors × factors product, the loss of each epoch
    comes as a by-product, and the axes end as the principal ones of P, strongest first.

    Items start as normal numbers of deviation ``0.1 / sqrt(factors)``, users as zero. Users and
    items without training interactions stay zero. Values of repeated pairs are summed, their
    weights averaged by value. The weight of an interaction is that of the data, if any, times
    ``(interactions of its item) ** -propensity_power``, kept at its mean: what is popular is seen
    more often, and is counted less for it. A new user's row is solved exactly. Take it for implicit
    feedback when there are too many items for ``ease``, or when counts tell how sure a preference
    is: a pass costs in proportion to the interactions, not to all pairs.

    An explanation is that of Hu et al., section 5: with W the inverse of the matrix above, the
    score of item i is the sum over the history's items j of ``Q_i · W Q_j`` (how alike the user
    finds them) times ``c_uj``.

    Differences from peers: ``implicit`` takes ``c_ui = alpha * value``, and three steps without a
    preconditioner. Multiplying ``alpha``, ``alpha0`` and ``reg`` by one number changes nothing, so
    Hu et al. have ``alpha0: 1``, and Rendle et al. (2022) ``alpha: 1`` with ``alpha0`` their
    unobserved weight. Their ``alpha0`` weighs the square of each score, an observed pair's too,
    where ours pulls it to 1. For values of 1 theirs with L2 weight λ is ours with
    ``reg = λ (1 + alpha0)``, all scores multiplied by ``1 + alpha0``. iALS++ solves for blocks of
    coordinates where many factors make exact solves slow; a pass here grows little faster than the
    factors, and two steps come near the loss of exact solves within some epochs. Where confidence
    is a hundred times ``alpha0`` they do not: raise ``cg_steps``, the more so with many factors.

    References
    ----------
    Y. Hu, Y. Koren, C. Volinsky (2008), "Collaborative filtering for implicit feedback datasets",
    ICDM. G. Takács, I. Pilászy, D. Tikk (2011), "Applications of the conjugate gradient method for
    implicit feedback collaborative filtering", RecSys. S. Rendle, W. Krichene, L. Zhang, Y. Koren
    (2022), "Revisiting the performance of iALS on item recommendation benchmarks", RecSys; (2021),
    "iALS++: speeding up matrix factorization with subspace optimization", arXiv:2110.14044.
    """

    feedback = "implicit"
    stops_between_epochs = True
    uses_weights = True

    item_weights_: Float32 | None = None

    def fit_bytes(self, size: Size) -> int:
        """Return what a fit holds: factors, padded, and how they began; axes, and rows turned."""
        factors, rows = self.config.factors, min(ROWS, max(size.users, size.items))
        turned = 16 * rows * factors * threads.count()
        held = 2 * self.stored_bytes(size) + self.pair_bytes * size.pairs
        return held + gramian_bytes(size, factors, axes=True) + turned

    def _train(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> Iterator[float | None]:
        by_user = self._observed(train)
        by_item = by_user.transpose()
        factors = self.config.factors
        users = padded(np.zeros((train.n_users, factors), np.float32))
        start = rng.standard_normal((train.n_items, factors), np.float32)
        start *= np.float32(0.1 / np.sqrt(factors))
        start[self.item_counts_ == 0] = 0
        items = padded(start)
        self.user_factors_, self.item_factors_ = users[:, :factors], items[:, :factors]
        user_reg = self._reg(by_user)
        for _ in self._epochs(self.config.epochs, rng, Places(users=users, items=items)):
            self._half_epoch(by_user, items, users)
            loss = self._half_epoch(by_item, users, items)
            loss += float(np.einsum("uf,uf,u->", users, users, user_reg))
            yield loss * self.config.alpha0

    def _observed(self, train: Interactions) -> CSR:
        """Return the strength of each pair over ``alpha0``, users × items."""
        if self.config.propensity_power:
            weight = propensity_weights(train, self.config.propensity_power)
            self.item_weights_ = item_weights(train, weight)
            train = replace(train, weight=weight)
        values = observed(replace(train, weight=None))
        return self._strengths(values, mean_weights(train, values))

    def _strengths(self, values: CSR, weights: Float32 | None) -> CSR:
        config = self.config
        eps = config.eps if config.confidence == "log" else None
        return strengths(values, config.alpha / config.alpha0, eps, weights)

    def _reg(self, strength: CSR) -> Float64:
        """Return the L2 weight of each row over ``alpha0``."""
        config = self.config
        size = np.diff(strength.indptr) + strength.n_cols * config.alpha0 / config.alpha
        return np.asarray(config.reg / config.alpha0 * size**config.nu)

    def _half_epoch(self, strength: CSR, fixed: Float32, solved: Float32) -> float:
        """Improve ``solved`` in place; return the objective but for the L2 term of ``fixed``.

        Both are padded, and stay zero where they are.
        """
        from recsys_cli.kernels.als import solve_rows

        factors = self.config.factors
        eigenvalues, axes = np.linalg.eigh(gramian(fixed[:, :factors]))
        spectrum = np.zeros(fixed.shape[1], np.float32)
        spectrum[:factors] = np.maximum(eigenvalues[::-1], 0)
        _rotate(fixed[:, :factors], axes[:, ::-1])
        _rotate(solved[:, :factors], axes[:, ::-1])
        reg = self._reg(strength).astype(np.float32)
        bounds = _spans(strength.indptr)

        def span(at: int, _: int) -> float:
            rows = (int(bounds[at]), int(bounds[at + 1]))
            system = (*strength[:3], fixed, spectrum, reg)
            return float(solve_rows(*rows, *system, self.config.cg_steps, solved))

        return sum(threads.map_blocks(span, len(bounds) - 1, 1))

    def _fold_in(self, history: CSR) -> None:
        known = self._known(history)
        self.user_factors_ = solve_users(known, self.item_factors_, self._reg(known))

    def _known(self, history: CSR) -> CSR:
        """Return the strength of each pair of a history over ``alpha0``."""
        weights = None if self.item_weights_ is None else self.item_weights_[history.indices]
        return self._strengths(history, weights)

    def explain(self, user_idx: int, item_idx: Int32, history: CSR) -> Explanation:
        """Return what each item of the history adds to the scores of its user, once folded in.

        Of a trained user, whose row the last pass only approached, the sum is near the score.

        Parameters
        ----------
        user_idx : int
            Not read: the history is all there is to a user.
        item_idx : ndarray of int32, shape (m,)
        history : CSR of one row
        """
        known = self._known(history)
        with threads.single_blas():
            parts = explain_user(known, self.item_factors_, float(self._reg(known)[0]), item_idx)
        return Explanation(np.zeros(len(item_idx), np.float32), parts)


def _rotate(rows: Float32, axes: Float64) -> None:
    """Replace ``rows`` by its coordinates in the given axes."""

    def block(start: int, stop: int) -> None:
        rows[start:stop] = rows[start:stop].astype(np.float64) @ axes

    threads.map_blocks(block, len(rows), ROWS)


def _spans(indptr: Int64) -> Int64:
    """Return where to cut the rows into spans of about equal work, both ends included."""
    work = indptr + _ROW_WORK * np.arange(len(indptr))
    return np.unique(np.searchsorted(work, np.linspace(0, work[-1], _SPANS + 1)))
