"""Models that score by factors and biases: mean + b_u + b_i + p_u · q_i."""

from __future__ import annotations

from typing import Generic, TypeVar

import numpy as np

from recsys_cli import threads
from recsys_cli.data import Float32, Int32, Int64
from recsys_cli.models._base import Model, ModelConfig, best_of_blocks
from recsys_cli.models._topk import top_k

C = TypeVar("C", bound=ModelConfig)
_PAIR_BLOCK = 1 << 16


class FactorModel(Model[C], Generic[C]):
    """A model of user and item factors, with or without biases.

    Attributes
    ----------
    user_factors_, item_factors_ : ndarray of float32, shape (n_users, f), (n_items, f)
        P and Q. Rows of cold users and items are zero.
    user_bias_, item_bias_ : ndarray of float32, shape (n_users,), (n_items,), optional
        Set by models that have biases.
    mean_ : float32 scalar, optional
        The mean rating, set by models that predict ratings.
    """

    users_are_rows = True

    user_factors_: Float32
    item_factors_: Float32
    user_bias_: Float32 | None = None
    item_bias_: Float32 | None = None
    mean_: np.float32 = np.float32(0)

    def _score(self, user_idx: Int32) -> Float32:
        scores = self.user_factors_[user_idx] @ self.item_factors_.T
        if self.item_bias_ is not None:
            scores += self.item_bias_
        if self.user_bias_ is not None:
            scores += (self.user_bias_[user_idx] + self.mean_)[:, None]
        return scores

    def predict(self, user_idx: Int32, item_idx: Int32, timestamp: Int64 | None = None) -> Float32:
        """Return mean + b_u + b_i + p_u · q_i of each pair, float32 (n,)."""
        if not self.predicts_ratings:
            return super().predict(user_idx, item_idx, timestamp)

        def block(start: int, stop: int) -> Float32:
            users, items = user_idx[start:stop], item_idx[start:stop]
            rating: Float32 = np.einsum(
                "nf,nf->n", self.user_factors_[users], self.item_factors_[items]
            )
            rating += self.mean_
            if self.user_bias_ is not None:
                rating += self.user_bias_[users]
            if self.item_bias_ is not None:
                rating += self.item_bias_[items]
            return rating

        parts = threads.map_blocks(block, len(user_idx), _PAIR_BLOCK)
        return np.concatenate(parts) if parts else np.empty(0, np.float32)

    def similar_items(self, item_idx: Int32, k: int) -> tuple[Int32, Float32]:
        """Return the k nearest other items by the cosine of their factors, and the cosines.

        Unless the model scores new items, those without training interactions are never returned,
        and have no neighbours: -1, -inf.
        """
        norms = np.linalg.norm(self.item_factors_, axis=1, keepdims=True)
        unit = self.item_factors_ / np.maximum(norms, np.finfo(np.float32).tiny)
        warm = (self.item_counts_ > 0) | self.scores_new_items

        def best(start: int, stop: int) -> tuple[Int32, Float32]:
            items = item_idx[start:stop]
            cosine = unit[items] @ unit.T
            cosine[np.arange(len(items)), items] = -np.inf
            cosine[~warm[items]] = -np.inf
            return top_k(cosine, k, candidates=warm)

        return best_of_blocks(best, len(item_idx), len(warm))
