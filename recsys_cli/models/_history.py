"""Models that score a user from the history itself, which they keep."""

from __future__ import annotations

from typing import Generic, TypeVar

from recsys_cli.data import CSR, Float32, Int32, Int64
from recsys_cli.models._base import Model, ModelConfig
from recsys_cli.models._size import Size

C = TypeVar("C", bound=ModelConfig)


class HistoryModel(Model[C], Generic[C]):
    """A model whose users are their histories; folding in replaces them.

    Attributes
    ----------
    history_indptr_, history_indices_, history_data_ : CSR of the users × items
        What each user is scored from: int64 (n_users + 1,), int32 (nnz,), float32 (nnz,).
    """

    users_are_rows = True

    history_indptr_: Int64
    history_indices_: Int32
    history_data_: Float32

    def stored_bytes(self, size: Size) -> int:
        """Return what the histories take."""
        return super().stored_bytes(size) + 8 * (size.users + size.pairs)

    def _keep(self, history: CSR) -> None:
        self.history_indptr_ = history.indptr
        self.history_indices_, self.history_data_ = history.indices, history.data

    def _history(self, user_idx: Int32) -> CSR:
        """Return the kept histories of the given users, row by row."""
        columns = (self.history_indptr_, self.history_indices_, self.history_data_)
        return CSR(*columns, len(self.item_counts_)).rows(user_idx)

    def _fold_in(self, history: CSR) -> None:
        self._keep(history)
