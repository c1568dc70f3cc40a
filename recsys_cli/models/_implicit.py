"""What models trained by ``implicit`` share: its modules, its input, and its item-item models."""

from __future__ import annotations

import importlib
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

import numpy as np
from pydantic import PositiveInt

from recsys_cli import threads
from recsys_cli.data import CSR, Float32, Int32, Int64, Interactions, SideFeatures
from recsys_cli.errors import DataError, MissingExtra
from recsys_cli.models._base import ModelConfig
from recsys_cli.models._explanation import Explanation
from recsys_cli.models._guard import foreign, native, require_cells
from recsys_cli.models._history import HistoryModel
from recsys_cli.models._item_lists import between, strongest
from recsys_cli.models._size import Size
from recsys_cli.models._sparse import times_sparse


class ItemItemConfig(ModelConfig):
    """Parameters of every item-item model of implicit."""

    neighbours: PositiveInt = 20
    """Nearest items kept of each, the item itself counted (the library's ``K``)."""


C = TypeVar("C", bound=ItemItemConfig)


def library(module: str) -> Any:
    """Import a module of implicit.

    Raises
    ------
    MissingExtra
        If the library is not installed.
    """
    try:
        return importlib.import_module(f"implicit.{module}")
    except ImportError as missing:
        raise MissingExtra("implicit", "bench") from missing


def positives(values: CSR) -> Any:
    """Return the positive values as the sparse matrix that the library takes, float64.

    Raises
    ------
    DataError
        If a value is negative, or none is positive.
    """
    if (values.data < 0).any() or not (values.data > 0).any():
        raise DataError(
            "values of implicit feedback must be at least 0, and some above it",
            hint="add {name: min-value, value: 0} to dataset.prepare, or use a model of ratings",
        )
    matrix = foreign(values)
    matrix.eliminate_zeros()
    return matrix


class ItemItemModel(HistoryModel[C], Generic[C]):
    """Score = Σ over the history of value × similarity to its item's nearest items.

    Attributes
    ----------
    similarity_indptr_, similarity_indices_, similarity_data_ : CSR of the items × items
        Row j holds the items nearest to j, itself among them: int64 (n_items + 1,), int32 (nnz,),
        float32 (nnz,).
    """

    feedback = "implicit"

    similarity_indptr_: Int64
    similarity_indices_: Int32
    similarity_data_: Float32

    def stored_bytes(self, size: Size) -> int:
        """Return what the histories and the lists of items take."""
        kept = min(self.config.neighbours, size.near)
        return super().stored_bytes(size) + 8 * size.items * kept

    @abstractmethod
    def _weigh(self, nearest: Any, values: Any) -> Any:
        """Return the weighted matrix, items × users, whose rows' products are the similarities."""

    def _train(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> Iterator[float | None]:
        nearest, values = library("nearest_neighbours"), positives(train.csr)
        k = min(self.config.neighbours, train.n_items)
        require_cells(train.n_items, k, "neighbours of items", hint="lower model.neighbours")
        weighted = self._weigh(nearest, values.T).T.tocsr()
        # Of an item whose users all weigh nothing: 0 / 0.
        np.nan_to_num(weighted.data, copy=False, nan=0.0)
        model = nearest.ItemItemRecommender(K=k, num_threads=threads.count())
        model.fit(weighted, show_progress=False)
        found = native(model.similarity)
        self.similarity_indptr_, self.similarity_indices_, self.similarity_data_, _ = found
        self._keep(train.csr)
        yield from ()

    @property
    def _similarity(self) -> CSR:
        columns = (self.similarity_indptr_, self.similarity_indices_, self.similarity_data_)
        return CSR(*columns, len(self.item_counts_))

    def _score(self, user_idx: Int32) -> Float32:
        return times_sparse(self._history(user_idx), self._similarity)

    def explain(self, user_idx: int, item_idx: Int32, history: CSR) -> Explanation:
        """Return what each item of the history, one row, adds to the scores of ``item_idx``."""
        parts = between(self._similarity, history.indices, item_idx).T * history.data
        return Explanation(np.zeros(len(item_idx), np.float32), parts)

    def similar_items(self, item_idx: Int32, k: int) -> tuple[Int32, Float32]:
        """Return the k nearest other items and their similarities; -1, -inf beyond those kept."""
        return strongest(self._similarity, item_idx, k)
