"""Linear item-item models: a user's scores are the history times a matrix of weights, x_u B."""

from __future__ import annotations

from abc import abstractmethod
from typing import Generic, TypeVar

import numpy as np

from recsys_cli.data import CSR, Float32, Int32, Interactions
from recsys_cli.errors import DataError
from recsys_cli.models._base import ModelConfig
from recsys_cli.models._blocks import best_of_blocks, rows_at_once
from recsys_cli.models._explanation import Explanation
from recsys_cli.models._history import HistoryModel
from recsys_cli.models._topk import top_k

#: Sum of the squares of all values, above which one of float32 may overflow.
_MOST = 1e37


class LinearConfig(ModelConfig):
    """Parameters of a linear item-item model."""

    binarise: bool = True
    """Whether any value, of the data and of a history, counts as 1; else X holds the values."""


C = TypeVar("C", bound=LinearConfig)


class LinearModel(HistoryModel[C], Generic[C]):
    """A model whose score of item i for history x is ``Σ_j x_j B_ji``; ``B_ii`` is 0."""

    feedback = "implicit"

    @abstractmethod
    def _weights(self, items: Int32) -> Float32:
        """Return a copy of rows of B, float32 (len(items), n_items): what those items add."""

    def _matrix(self, history: CSR) -> CSR:
        """Return X, as the config wants it."""
        if not self.config.binarise:
            return history
        return history._replace(data=np.ones_like(history.data))

    def _learnable(self, train: Interactions) -> CSR:
        """Return X of the training interactions.

        Raises
        ------
        DataError
            If a sum of squares would not be finite in float32.
        """
        matrix = self._matrix(train.csr)
        if np.sum(matrix.data.astype(np.float64) ** 2) > _MOST:
            raise DataError(
                f"values are too large for {self.spec_name()}", hint="set model.binarise: true"
            )
        return matrix

    def _fold_in(self, history: CSR) -> None:
        self._keep(self._matrix(history))

    def explain(self, user_idx: int, item_idx: Int32, history: CSR) -> Explanation:
        """Return what each item j of the history adds to the score of each item i: x_j B_ji."""
        x = self._matrix(history)
        parts = self._weights(x.indices)[:, item_idx] * x.data[:, None]
        return Explanation(np.zeros(len(item_idx), np.float32), parts.T)

    def similar_items(self, item_idx: Int32, k: int) -> tuple[Int32, Float32]:
        """Return the k other items to which each item adds most, and those weights B_ij.

        Weights of 0 are left out, so there may be fewer than k: -1, -inf.
        """

        def best(start: int, stop: int) -> tuple[Int32, Float32]:
            weights = self._weights(item_idx[start:stop])
            weights[weights == 0] = -np.inf
            return top_k(weights, k)

        return best_of_blocks(best, len(item_idx), rows_at_once(len(self.item_counts_)))
