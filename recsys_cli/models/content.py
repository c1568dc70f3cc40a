"""Items like those of the user's history, by their features alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from recsys_cli import threads
from recsys_cli.data import (
    CSR,
    Bool,
    Float32,
    Float64,
    Int32,
    Int64,
    Interactions,
    SideFeatures,
)
from recsys_cli.errors import DataError
from recsys_cli.models._base import ModelConfig
from recsys_cli.models._blocks import best_of_blocks, rows_at_once
from recsys_cli.models._content import Weighting, products, profiles, unit_rows
from recsys_cli.models._explanation import Explanation
from recsys_cli.models._features import required
from recsys_cli.models._history import HistoryModel
from recsys_cli.models._topk import top_k


class ContentConfig(ModelConfig):
    """Parameters of the content model."""

    features: Weighting = "tf-idf"
    """Weight of a category or label: ``tf-idf`` counts a rare one for more, ``binary`` all as 1."""
    values: Literal["raw", "log", "centred"] = "raw"
    """Weight of an item of the history: its value (``raw``), ``log(1 + value)``, or its rating less
    the user's mean (``centred``: what is rated low counts against its features)."""


class Content(HistoryModel[ContentConfig]):
    """Score by the cosine between an item's features and the user's profile, the sum of their own.

    Nothing is optimised. With Z_i the features of item i, scaled to length 1, a user's profile is
    ``A_u = Σ_i w_ui Z_i`` over the history, where ``w_ui`` follows from the value by ``values``,
    and ``score[u, i] = Z_i · A_u / |A_u|``. An item without features scores 0. A user whose profile
    is zero, as when no item of the history has features, is served by popularity as a cold user is;
    their share is found and told. ``centred`` weighs a history of equal ratings by ones. A number
    counts by its distance from the mean of its column in standard deviations.

    It needs no interactions of an item, and no other users. Take it for items that are new
    (``evaluation.candidates: all``), alone or in a ``switch``. It finds more of the same, whatever
    its quality: with enough interactions collaborative models rank better.

    Differences from peers: the cosine is over all features at once, categories, labels and numbers;
    as ``idf`` is ``1 + log(n / n_j)``, a label that all items have still counts.

    References
    ----------
    P. Lops, M. de Gemmis, G. Semeraro (2011), "Content-based recommender systems: state of the art
    and trends", Recommender Systems Handbook, section 3.3.1.
    """

    feedback = "implicit"
    scores_new_items = True
    similarities_reach = 1.0

    features_indptr_: Int64
    features_indices_: Int32
    features_data_: Float32

    def _train(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> Iterator[float | None]:
        known = required(features.items, "item", self.item_counts_ > 0)
        rows = unit_rows(known, self.config.features)
        self.features_indptr_, self.features_indices_ = rows.indptr, rows.indices
        self.features_data_ = rows.data
        self._weights(train.csr)
        self._keep(train.csr)
        yield from ()

    @property
    def _rows(self) -> CSR:
        """The features Z, items × columns."""
        width = int(self.features_indices_.max(initial=-1)) + 1
        return CSR(self.features_indptr_, self.features_indices_, self.features_data_, width)

    def _weights(self, history: CSR) -> Float64:
        """Return w, float64 (nnz,)."""
        values = history.data.astype(np.float64)
        if self.config.values == "centred":
            return _centred(values, history.indptr)
        if (values < 0).any():
            raise DataError(
                "a value is negative, and would count against its features",
                hint="set model.values to centred",
            )
        return np.log1p(values) if self.config.values == "log" else values

    def is_cold(self, user_idx: Int32) -> Bool:
        """Return which users have no interaction, or a profile of zero: all items score alike."""
        history = self._history(np.maximum(user_idx, 0))
        found = profiles(self._rows, history, self._weights(history))
        return super().is_cold(user_idx) | ~found.any(axis=1)

    def findings(self) -> dict[str, float]:
        """Return the share of users with training interactions whose profile is zero, if any."""
        users = np.flatnonzero(self.user_counts_).astype(np.int32)

        def block(start: int, stop: int) -> int:
            return int(np.count_nonzero(self.is_cold(users[start:stop])))

        size = rows_at_once(self._rows.n_cols)
        without = sum(threads.map_blocks(block, len(users), size))
        return {"share of users without a profile": without / len(users)} if without else {}

    def _score(self, user_idx: Int32) -> Float32:
        history = self._history(user_idx)
        return products(self._profiles(history), self._rows)

    def _profiles(self, history: CSR) -> Float64:
        """Return A_u / ``|A_u|`` of each history, float64 (b, columns)."""
        summed = profiles(self._rows, history, self._weights(history))
        length = np.linalg.norm(summed, axis=1, keepdims=True)
        unit: Float64 = np.divide(summed, length, out=np.zeros_like(summed), where=length > 0)
        return unit

    def _fold_in(self, history: CSR) -> None:
        self._weights(history)
        self._keep(history)

    def explain(self, user_idx: int, item_idx: Int32, history: CSR) -> Explanation:
        """Return ``w_uj (Z_i · Z_j) / |A_u|``, what item j of the history adds to that of item i.

        Parameters
        ----------
        user_idx : int
            Not read: the history is all there is to a user.
        item_idx : ndarray of int32, shape (m,)
        history : CSR of one row
        """
        rows, weights = self._rows, self._weights(history)
        length = np.linalg.norm(profiles(rows, history, weights))
        scaled = weights / length if length > 0 else np.zeros_like(weights)
        wanted, own = rows.rows(item_idx).dense(), rows.rows(history.indices)
        parts = products(wanted.astype(np.float64), own) * scaled.astype(np.float32)
        return Explanation(np.zeros(len(item_idx), np.float32), parts)

    def similar_items(self, item_idx: Int32, k: int) -> tuple[Int32, Float32]:
        """Return the k nearest other items by the cosine of their features, and the cosines."""

        def best(start: int, stop: int) -> tuple[Int32, Float32]:
            items = item_idx[start:stop]
            cosine = products(rows.rows(items).dense().astype(np.float64), rows)
            cosine[np.arange(len(items)), items] = -np.inf
            return top_k(cosine, k)

        rows = self._rows
        return best_of_blocks(best, len(item_idx), rows_at_once(rows.n_rows))


def _centred(values: Float64, indptr: Int64) -> Float64:
    """Return values less the mean of their row; ones in a row of equal values."""
    row = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    count = np.maximum(np.diff(indptr), 1)
    centred = values - (np.bincount(row, values, len(count)) / count)[row]
    level = np.bincount(row, np.abs(centred), len(count)) <= 1e-9 * count
    return np.where(level[row], 1.0, centred)
