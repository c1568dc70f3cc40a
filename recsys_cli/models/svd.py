"""Truncated SVD of the rating matrix: zero-filled (PureSVD) or mean-centred."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from pydantic import NonNegativeFloat, PositiveInt

from recsys_cli.data import CSR, Float32, Float64, Int32, Interactions, SideFeatures
from recsys_cli.models._base import ModelConfig
from recsys_cli.models._baseline import shrunk_mean
from recsys_cli.models._explanation import Explanation
from recsys_cli.models._factor import FactorModel
from recsys_cli.models._size import Size
from recsys_cli.models._sparse import times_dense
from recsys_cli.models._truncated import truncated_svd


class SVDConfig(ModelConfig):
    """Parameters of the truncated SVD."""

    factors: PositiveInt = 50
    """Singular values kept; no more than the matrix has are used. Fewer suit centred ratings."""
    centre: Literal["none", "mean", "item", "user", "both"] = "none"
    """What is taken from every rating first. ``none``: nothing, a missing entry is 0 and the model
    ranks (PureSVD). Else a missing entry is the mean rating (``mean``), plus the item's offset
    (``item``), the user's (``user``) or both, and the model predicts ratings."""
    reg_item: NonNegativeFloat = 3.0
    """Ratings at the mean that are added to each item's before its offset is taken."""
    reg_user: NonNegativeFloat = 5.0
    """The same for each user."""


class SVD(FactorModel[SVDConfig]):
    """The best approximation of the whole matrix, missing entries filled in, by few dimensions.

    With X the users × items matrix of ``r - mean - b_u - b_i`` where rated and 0 elsewhere, finds
    the X_k of rank ``factors`` that minimises ``|X - X_k|²`` (Frobenius norm), which is
    ``U diag(s) Vᵀ`` of its largest singular values (Eckart and Young 1936). Scores are
    ``mean + b_u + b_i + (X_k)_ui``; the offsets that ``centre`` leaves out are 0, and with ``none``
    the mean is too. X stays sparse. The loss is ``|X - X_k|``.

    Every missing entry counts as a rating at the mean, or as a 0: for ratings ``mf``, which fits
    the known ones only, predicts better. Take it for ranking with ``none``: a strong and old
    baseline, with nothing to tune but ``factors``. A new user's row is projected, ``x_u V``, which
    for a user of the training data gives the same. Similar items are those of the largest cosine
    between columns of X_k.

    Differences from peers: PureSVD is ``centre: none`` on ratings; what Surprise and others call
    SVD is ``mf`` here. Singular vectors are found to rounding by implicitly restarted Lanczos
    (scipy's ARPACK), from a seeded start; each one's largest component in V is positive.

    Attributes
    ----------
    user_factors_, item_factors_ : ndarray of float32, shape (n_users, k), (n_items, k)
        U and V diag(s); k is ``factors``, or the rank where that is less.
    singular_values_ : ndarray of float64, shape (k,)
        Largest first.
    error_, relative_error_ : float64 scalars
        ``|X - X_k|`` and the same over ``|X|``.

    References
    ----------
    C. Eckart, G. Young (1936), "The approximation of one matrix by another of lower rank",
    Psychometrika 1. B. Sarwar, G. Karypis, J. Konstan, J. Riedl (2000), "Application of
    dimensionality reduction in recommender systems", WebKDD. P. Cremonesi, Y. Koren, R. Turrin
    (2010), "Performance of recommender algorithms on top-N recommendation tasks", RecSys (PureSVD).
    """

    feedback: Literal["explicit", "implicit"] = "implicit"

    singular_values_: Float64
    error_: np.float64
    relative_error_: np.float64

    def __init__(self, config: SVDConfig | None = None, **parameters: object) -> None:
        super().__init__(config, **parameters)
        if self.config.centre != "none":
            self.feedback, self.predicts_ratings = "explicit", True

    def fit_bytes(self, size: Size) -> int:
        """Return what a fit holds: the vectors of both sides in float64, and the factors."""
        return 9 * self.stored_bytes(size) // 2 + self.pair_bytes * size.pairs

    def _train(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> Iterator[float | None]:
        self._learn_means(train.csr)
        matrix, self.user_bias_ = self._centred(train.csr)
        values, v = truncated_svd(matrix, self.config.factors, rng)
        self.singular_values_ = values
        self.item_factors_ = (v * values).astype(np.float32)
        self.user_factors_ = self._project(matrix)
        total = float(np.sum(matrix.data.astype(np.float64) ** 2))
        self.error_ = np.float64(np.sqrt(max(total - np.sum(values**2), 0.0)))
        self.relative_error_ = np.float64(self.error_ / np.sqrt(total) if total else 0)
        yield float(self.error_)

    def findings(self) -> dict[str, float]:
        """Return how far the approximation is from the matrix."""
        return {"error": float(self.error_), "relative error": float(self.relative_error_)}

    def _learn_means(self, matrix: CSR) -> None:
        """Set the mean and the items' offsets, where the config takes them."""
        config = self.config
        if config.centre != "none":
            self.mean_ = np.float32(matrix.data.mean(dtype=np.float64))
        if config.centre in ("item", "both"):
            rest = matrix.data - self.mean_
            offsets = shrunk_mean(matrix.indices, rest, config.reg_item, matrix.n_cols)
            self.item_bias_ = offsets.astype(np.float32)

    def _centred(self, matrix: CSR) -> tuple[CSR, Float32 | None]:
        """Return X of the given ratings and the offset of each row, None where there is none."""
        if self.config.centre == "none":
            return matrix, None
        rest, bias = matrix.data - self.mean_, np.zeros(matrix.n_rows, np.float32)
        if self.item_bias_ is not None:
            rest -= self.item_bias_[matrix.indices]
        if self.config.centre in ("user", "both"):
            row = matrix.row_of()
            offsets = shrunk_mean(row, rest, self.config.reg_user, matrix.n_rows)
            bias = offsets.astype(np.float32)
            rest -= bias[row]
        return matrix._replace(data=rest), bias

    def _project(self, matrix: CSR) -> Float32:
        """Return x_u V / s of each row: its part of U."""
        scaled = self.item_factors_ / self.singular_values_**2
        return times_dense(matrix, scaled.astype(np.float32))

    def _fold_in(self, history: CSR) -> None:
        matrix, self.user_bias_ = self._centred(history)
        self.user_factors_ = self._project(matrix)

    def explain(self, user_idx: int, item_idx: Int32, history: CSR) -> Explanation:
        """Return what each item j of the history adds to the score of each i: x_j V_j · V_i."""
        matrix, bias = self._centred(history)
        v = self.item_factors_ / self.singular_values_
        parts = (v[item_idx] @ v[matrix.indices].T) * matrix.data
        base = np.full(len(item_idx), self.mean_, np.float32)
        if self.item_bias_ is not None:
            base += self.item_bias_[item_idx]
        if bias is not None:
            base += bias[0]
        return Explanation(base, parts.astype(np.float32))
