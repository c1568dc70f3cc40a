"""Rows of a stored user × item matrix, read by slices: one user of many costs one user's bytes."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from recsys_cli.runs._arrays import StoredArrays
from recsys_cli.runs._reading import damaged, reading

if TYPE_CHECKING:
    from recsys_cli.data import CSR, Int32

HISTORY = "history.safetensors"
_DTYPES = {"indptr": "I64", "item_idx": "I32", "value": "F32"}
#: Up to so many users are read row by row; more of them read the whole matrix once.
_FEW = 64


class StoredRows:
    """One CSR matrix in ``history.safetensors``.

    Nothing that is read is trusted: dtypes, shapes, row ends, indices and values are checked before
    they can reach native code.

    Parameters
    ----------
    arrays : StoredArrays
    prefix : str
        Of the arrays' names: ``""`` or ``"validation_"``.
    """

    def __init__(self, arrays: StoredArrays, prefix: str) -> None:
        self._arrays = arrays
        self._path = arrays.path
        self._prefix = prefix

    @property
    def exists(self) -> bool:
        """Whether the file holds this matrix."""
        return self._name("indptr") in self._arrays

    @cached_property
    def n_users(self) -> int:
        """Number of rows."""
        return self._sizes["indptr"] - 1

    @cached_property
    def n_items(self) -> int:
        """Number of columns."""
        with reading(self._path):
            return int(self._arrays.document["n_items"])

    @cached_property
    def scale(self) -> tuple[float, float] | None:
        """Smallest and largest value possible, when the values are ratings."""
        with reading(self._path):
            scale = self._arrays.document.get("scale")
            return None if scale is None else (float(scale[0]), float(scale[1]))

    def take(self, user_idx: Int32) -> CSR:
        """Return the rows of the given users, in the given order.

        Raises
        ------
        IndexError
            If there is no such row.
        DamagedRun
            If what is read is no valid CSR.
        """
        if len(user_idx) and not 0 <= user_idx.min() <= user_idx.max() < self.n_users:
            raise IndexError(f"a user index is outside 0 … {self.n_users - 1}")
        if len(user_idx) > _FEW:
            return self._whole.rows(user_idx)
        return self._stacked([self._row(int(user)) for user in user_idx])

    def _name(self, part: str) -> str:
        return f"{self._prefix}{part}"

    @cached_property
    def _sizes(self) -> dict[str, int]:
        """Length of each array; checks what the header says of them."""
        sizes = {}
        with reading(self._path):
            for part, dtype in _DTYPES.items():
                array = self._arrays[self._name(part)]
                (sizes[part],) = array.shape
                if array.dtype != dtype:
                    raise damaged(self._path, f"{self._name(part)} is not {dtype}")
        if sizes["indptr"] < 1 or sizes["item_idx"] != sizes["value"]:
            raise damaged(self._path, "the arrays do not fit together")
        return sizes

    def _part(self, part: str, start: int, stop: int) -> Any:
        return self._arrays[self._name(part)].rows(start, stop)

    def _row(self, user: int) -> tuple[Any, Any]:
        start, stop = self._part("indptr", user, user + 2).tolist()
        if not 0 <= start <= stop <= self._sizes["item_idx"]:
            raise damaged(self._path, f"the row of user {user} ends outside the file")
        return self._part("item_idx", start, stop), self._part("value", start, stop)

    def _stacked(self, rows: list[tuple[Any, Any]]) -> CSR:
        import numpy as np

        counts = [len(items) for items, _ in rows]
        return self._checked(
            np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
            np.concatenate([np.empty(0, np.int32), *(items for items, _ in rows)]),
            np.concatenate([np.empty(0, np.float32), *(values for _, values in rows)]),
        )

    @cached_property
    def _whole(self) -> CSR:
        sizes = self._sizes
        return self._checked(*(self._part(part, 0, sizes[part]) for part in _DTYPES))

    def _checked(self, indptr: Any, items: Any, values: Any) -> CSR:
        import numpy as np

        from recsys_cli.data import CSR

        if indptr[0] != 0 or indptr[-1] != len(items) or (np.diff(indptr) < 0).any():
            raise damaged(self._path, "the row ends do not ascend to the number of interactions")
        if len(items) and not 0 <= items.min() <= items.max() < self.n_items:
            raise damaged(self._path, "an item index is out of range")
        if not np.isfinite(values).all():
            raise damaged(self._path, "a value is not finite")
        rising = np.diff(items) > 0
        rising[indptr[(indptr > 0) & (indptr < len(items))] - 1] = True
        if not rising.all():
            raise damaged(self._path, "the items of a user do not ascend")
        return CSR(indptr, items, values, self.n_items)
