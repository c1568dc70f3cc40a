"""What ``recommend`` needs beside the model: ids, titles and what each user is known for."""

from __future__ import annotations

import difflib
import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys_cli.runs._arrays import StoredArrays, save_arrays
from recsys_cli.runs._atomic import atomic_write, disk_errors
from recsys_cli.runs._history import HISTORY, StoredRows
from recsys_cli.runs._ids import StoredIds, encode_ids
from recsys_cli.runs._manifest import Manifest

if TYPE_CHECKING:
    from recsys_cli.data import CSR, IdMap, Int32

_NEAREST_OF = 2_000


@dataclass(frozen=True, eq=False)
class Catalog:
    """The catalogue of one fold, to be saved.

    Attributes
    ----------
    users, items : IdMap
    titles : list of str, optional
        One an item.
    known : CSR, shape (n_users, n_items)
        What each user is known for: training interactions and folded-in history.
    validation : CSR, shape (n_users, n_items), optional
        Seen by the user but not trained on; never recommended either.
    scale : (float, float), optional
        Smallest and largest rating possible, when the values are ratings.
    """

    users: IdMap
    items: IdMap
    titles: list[str] | None
    known: CSR
    validation: CSR | None = None
    scale: tuple[float, float] | None = None

    def save(self, folder: Path) -> None:
        """Write ``items.json``, ``users.json`` and ``history.safetensors`` into a new folder."""
        with disk_errors(folder):
            folder.mkdir(exist_ok=True)
        atomic_write(folder / "items.json", encode_ids(self.items.ids, self.titles))
        atomic_write(folder / "users.json", encode_ids(self.users.ids))
        arrays = _named(self.known, "")
        if self.validation is not None:
            arrays |= _named(self.validation, "validation_")
        save_arrays(folder / HISTORY, arrays, {"n_items": len(self.items), "scale": self.scale})


def _named(rows: CSR, prefix: str) -> dict[str, Any]:
    return {
        f"{prefix}indptr": rows.indptr,
        f"{prefix}item_idx": rows.indices,
        f"{prefix}value": rows.data,
    }


class StoredCatalog:
    """The catalogue of one fold of a complete run; each part is read when it is asked for.

    ``users.json`` and ``items.json`` are read whole and their sha256 is checked; the history is
    read row by row, and the checksum of what is read is checked, as is its structure.

    Raises
    ------
    DamagedRun
        By every member, if the file behind it is damaged.
    """

    def __init__(self, manifest: Manifest, prefix: str) -> None:
        self._manifest = manifest
        self._prefix = f"{prefix}catalog/"

    @property
    def users(self) -> IdMap:
        """The ids of the users."""
        return self._users.map

    @property
    def items(self) -> IdMap:
        """The ids of the items."""
        return self._items.map

    @property
    def titles(self) -> list[str] | None:
        """One title an item, or None where the data have none."""
        return self._items.titles

    def user_idx(self, ids: Sequence[str]) -> Int32:
        """Return the index of each user's id, int32 (n,); -1 for one that is unknown."""
        return self._users.index(ids)

    def item_idx(self, ids: Sequence[str]) -> Int32:
        """Return the index of each item's id, int32 (n,); -1 for one that is unknown."""
        return self._items.index(ids)

    @property
    def n_users(self) -> int:
        """Number of users, read from a file's header."""
        return self._known.n_users

    @property
    def n_items(self) -> int:
        """Number of items, read from a file's header."""
        return self._known.n_items

    @property
    def scale(self) -> tuple[float, float] | None:
        """Smallest and largest rating possible, when the values of the history are ratings."""
        return self._known.scale

    def history(self, user_idx: Int32) -> CSR:
        """Return what each user is known for: values of training and folded-in interactions.

        Parameters
        ----------
        user_idx : ndarray of int32, shape (b,)
            Indices into :attr:`users`.

        Returns
        -------
        CSR, shape (b, n_items)
        """
        return self._known.take(user_idx)

    def seen(self, user_idx: Int32) -> CSR:
        """Return the history of each user with the validation items; these have the value 0.

        Parameters
        ----------
        user_idx : ndarray of int32, shape (b,)
            Indices into :attr:`users`.

        Returns
        -------
        CSR, shape (b, n_items)
        """
        known = self.history(user_idx)
        if not self._validation.exists:
            return known
        return _union(known, self._validation.take(user_idx))

    def nearest_users(self, id_: str) -> list[str]:
        """Return at most three user ids that look like ``id_``, the nearest first."""
        return nearest(id_, self.users.ids)

    def nearest_items(self, id_: str) -> list[str]:
        """Return at most three item ids that look like ``id_``, the nearest first."""
        return nearest(id_, self.items.ids)

    @cached_property
    def _users(self) -> StoredIds:
        return StoredIds(self._manifest.checked(f"{self._prefix}users.json"), self.n_users)

    @cached_property
    def _items(self) -> StoredIds:
        return StoredIds(self._manifest.checked(f"{self._prefix}items.json"), self.n_items)

    @cached_property
    def _histories(self) -> StoredArrays:
        return StoredArrays(self._manifest.parts(self._prefix + HISTORY))

    @cached_property
    def _known(self) -> StoredRows:
        return StoredRows(self._histories, "")

    @cached_property
    def _validation(self) -> StoredRows:
        return StoredRows(self._histories, "validation_")


def nearest(id_: str, ids: Sequence[str]) -> list[str]:
    """Return at most three of ``ids`` that look like ``id_``, the nearest first.

    Only the 2,000 that begin most like it are compared in full: comparing all of a large
    catalogue would take seconds.
    """

    def unlike(other: str) -> tuple[int, int]:
        differ = (place for place, (a, b) in enumerate(zip(id_, other, strict=False)) if a != b)
        return -next(differ, min(len(id_), len(other))), abs(len(other) - len(id_))

    near = heapq.nsmallest(_NEAREST_OF, ids, key=unlike) if len(ids) > _NEAREST_OF else ids
    return difflib.get_close_matches(id_, near, n=3, cutoff=0.5)


def _union(known: CSR, other: CSR) -> CSR:
    import numpy as np

    from recsys_cli.data import CSR

    each = (known, other)
    rows = [part.row_of() for part in each]
    keys = np.concatenate(rows) * known.n_cols + np.concatenate([part.indices for part in each])
    values = np.concatenate([known.data, np.zeros_like(other.data)])
    keys, first = np.unique(keys, return_index=True)
    ends = np.searchsorted(keys, np.arange(known.n_rows + 1) * known.n_cols)
    return CSR(
        ends.astype(np.int64),
        (keys % known.n_cols).astype(np.int32),
        values[first],
        known.n_cols,
    )
