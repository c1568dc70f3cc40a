"""Implicit-feedback ALS whose factors lean on features, so that a new item has some on day one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

import numpy as np
from pydantic import Field, PositiveFloat, PositiveInt

from recsys_cli import threads
from recsys_cli.data import CSR, Features, Float32, Float64, Int32, Interactions, SideFeatures
from recsys_cli.models._als import gramian, gramian_bytes, mean_weights, observed, strengths
from recsys_cli.models._base import ModelConfig
from recsys_cli.models._content import Weighting
from recsys_cli.models._course import Places
from recsys_cli.models._explanation import Explanation
from recsys_cli.models._factor import FactorModel
from recsys_cli.models._features import required_sides
from recsys_cli.models._hybrid import Side, contributions
from recsys_cli.models._projection import Projection
from recsys_cli.models._size import Size

#: Histories that one thread folds in at a time.
_BLOCK = 256


class HybridConfig(ModelConfig):
    """Parameters of the hybrid model."""

    factors: PositiveInt = 64
    """Number of latent factors per user and item."""
    reg: PositiveFloat = 10.0
    """L2 weight of what a row's factors differ from those expected of its features, times
    ``(n_row + n_columns / alpha) ** nu``, where ``n_row`` counts the row's observed pairs."""
    nu: float = Field(0.0, ge=0, le=1)
    """Frequency scaling of ``reg``; 0 is unscaled, 1 in proportion."""
    reg_features: PositiveFloat = 0.1
    """L2 weight of the projections, times ``reg``: so many rows hold a column's factors at 0."""
    features: Weighting = "tf-idf"
    """Weight of a category or label: ``tf-idf`` counts a rare one for more, ``binary`` all as 1."""
    alpha: PositiveFloat = 1.0
    """Weight of the value of an observed pair, in its confidence."""
    confidence: Literal["linear", "log"] = "linear"
    """Of an observed pair: ``1 + alpha * value``, or ``1 + alpha * log(1 + value)``."""
    epochs: PositiveInt = 15
    """Passes: one solves for all users, then for all items, then for the projections."""
    cg_steps: PositiveInt = 2
    """Conjugate gradient steps for each row in a pass; more solve its equation more exactly."""


class Hybrid(FactorModel[HybridConfig]):
    """Weighted least squares over all pairs, each factor row near a projection of its features.

    Minimises ``Σ_ui c_ui (p_ui - P_u · Q_i)² + Σ_u reg_u |P_u - X_u A|² + Σ_i reg_i |Q_i - Z_i W|²
    + reg reg_features (|A|² + |W|²)``: preference and confidence as in ``als``, X and Z the
    features of users and items. In other words, a row's factors are normal around what its features
    expect, with variance in proportion to ``1 / reg_i``. With Q and A fixed, a user's row solves
    ``(QᵀQ + reg_u I + Σ_i (c_ui - 1) Q_i Q_iᵀ) P_u = Σ_i c_ui Q_i + reg_u X_u A``, an item's
    likewise; with P and Q fixed, A and W are ridge regressions. A pass takes ``cg_steps`` conjugate
    gradient steps from a row's last value, and a few from that of A and of W.

    Rows of features are scaled to length 1 and get a constant beside; a side without features
    expects 0, as in ``als``. An item without training interactions has ``Q_i = Z_i W``, so it can
    be ranked (``evaluation.candidates: all``). A new user's row is solved exactly, around what is
    expected of the training users on average. Take it when many items are new or have few
    interactions, and features tell something of them: where interactions abound, ``als`` does
    without.

    Differences from peers: a factorisation machine, and LightFM, whose items are the sums of their
    features' factors, learn by gradient steps over sampled pairs; here each row also has factors of
    its own, all pairs count, and rows are solved.

    References
    ----------
    D. Agarwal, B.-C. Chen (2009), "Regression-based latent factor models", KDD. Y. Hu, Y. Koren, C.
    Volinsky (2008), "Collaborative filtering for implicit feedback datasets", ICDM.
    """

    feedback = "implicit"
    stops_between_epochs = True
    uses_weights = True
    scores_new_items = True

    prior_: Float32

    def fit_bytes(self, size: Size) -> int:
        """Return what a fit holds: the factors, their parts and their directions, in float64."""
        rows = 6 * self.stored_bytes(size) + self.pair_bytes * size.pairs
        return rows + gramian_bytes(size, self.config.factors, axes=True)

    def _train(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> Iterator[float | None]:
        warm = (self.user_counts_ > 0, self.item_counts_ > 0)
        required_sides(features, *warm, hint="take als, which needs none")
        values = observed(replace(train, weight=None))
        by_user = self._strengths(values, mean_weights(train, values))
        users, items = self._sides(by_user, features, rng)
        held = Places(
            users=(users, "factors"),
            items=(items, "factors"),
            user_projection=(users.projection, "weights"),
            item_projection=(items.projection, "weights"),
        )
        for _ in self._epochs(self.config.epochs, rng, held):
            users.solve(items.factors, self.config.cg_steps)
            loss = items.solve(users.factors, self.config.cg_steps) + users.distance()
            loss += users.ridge() + items.ridge()
            users.learn()
            items.learn()
            self.user_factors_, self.item_factors_ = users.factors, items.complete()
            self.prior_ = users.projection.rows()[users.warm].mean(axis=0)
            yield loss

    def _sides(
        self, by_user: CSR, features: SideFeatures, rng: np.random.Generator
    ) -> tuple[Side, Side]:
        config, by_item = self.config, by_user.transpose()
        shape = (by_item.n_rows, config.factors)
        start = rng.standard_normal(shape, np.float32) * np.float32(0.1 / np.sqrt(config.factors))
        start[np.diff(by_item.indptr) == 0] = 0

        def side(name: str, strength: CSR, known: Features | None, factors: Float32) -> Side:
            projection = Projection(known, config.features, factors.shape)
            size = self._size(strength)
            regs = (config.reg, config.reg_features)
            return Side(name, strength, factors, projection, size, *regs)

        zeros = np.zeros((by_user.n_rows, config.factors), np.float32)
        users = side("user_factors", by_user, features.users, zeros)
        return users, side("item_factors", by_item, features.items, start)

    def _strengths(self, values: CSR, weights: Float32 | None = None) -> CSR:
        eps = 1.0 if self.config.confidence == "log" else None
        return strengths(values, self.config.alpha, eps, weights)

    def _size(self, strength: CSR) -> Float64:
        """Return what ``reg`` is multiplied by in each row."""
        size = np.diff(strength.indptr) + strength.n_cols / self.config.alpha
        return np.asarray(size**self.config.nu)

    def _fold_in(self, history: CSR) -> None:
        known = self._strengths(history)
        gram, reg = self._gramian(), self.config.reg * self._size(known)

        def block(start: int, stop: int) -> Float64:
            rows = [self._contributions(known, u, gram, reg) for u in range(start, stop)]
            return np.array([row.sum(axis=1) for row in rows])

        empty = np.empty((0, len(gram)))
        parts = threads.map_blocks(block, known.n_rows, _BLOCK)
        self.user_factors_ = np.concatenate([empty, *parts]).astype(np.float32)

    def explain(self, user_idx: int, item_idx: Int32, history: CSR) -> Explanation:
        """Return what each item of the history adds to the scores of its user, once folded in.

        With M the matrix of the user's equation, item j adds ``Q_i · M⁻¹ Q_j (1 + s_j)``; the base
        is what is expected of any user. Of a trained user the sum is near the score.

        Parameters
        ----------
        user_idx : int
            Not read: the history is all there is to a user.
        item_idx : ndarray of int32, shape (m,)
        history : CSR of one row
        """
        known = self._strengths(history)
        with threads.single_blas():
            reg = self.config.reg * self._size(known)
            added = self._contributions(known, 0, self._gramian(), reg)
            scores = (self.item_factors_[item_idx] @ added).astype(np.float32)
        return Explanation(scores[:, -1], scores[:, :-1])

    def _gramian(self) -> Float64:
        """Return QᵀQ over the items that have training interactions."""
        return gramian(np.where(self.item_counts_[:, None] > 0, self.item_factors_, 0))

    def _contributions(self, known: CSR, u: int, gram: Float64, reg: Float64) -> Float64:
        here = slice(known.indptr[u], known.indptr[u + 1])
        q = self.item_factors_[known.indices[here]].astype(np.float64)
        s = known.data[here].astype(np.float64)
        return contributions(q, s, gram, float(reg[u]), self.prior_.astype(np.float64))
