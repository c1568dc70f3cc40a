"""Interactions: parallel arrays over the ids of users and items."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from recsys_cli import threads
from recsys_cli.data._csr import CSR, Bool, Float32, Int32, Int64, csr
from recsys_cli.errors import DataError

T = TypeVar("T", np.int64, np.uint32)
#: The first second of the year 1 and the last one of the year 9999.
_TIMES = (-62_135_596_800, 253_402_300_799)
_COLUMNS = ("user_idx", "item_idx", "value", "timestamp", "weight")
#: Rows counted together: so few that their numbers, widened to count, stay in the cache.
_BLOCK = 1 << 18


class IdMap:
    """The ids of one kind (users or items), strings as the file has them, by index.

    Parameters
    ----------
    ids : sequence of str
        Position is index. Ids are unique; ``3``, ``03`` and ``3.0`` are three ids.
    """

    def __init__(self, ids: Iterable[str]) -> None:
        self.ids: tuple[str, ...] = tuple(ids)

    @cached_property
    def _index(self) -> dict[str, int]:
        return {id_: index for index, id_ in enumerate(self.ids)}

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: int) -> str:
        return self.ids[index]

    def __contains__(self, id_: object) -> bool:
        return id_ in self._index

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IdMap) and (self is other or self.ids == other.ids)

    __hash__ = None  # type: ignore[assignment]

    def index(self, ids: Sequence[str]) -> Int32:
        """Return the index of each id, int32 (n,); -1 for one that is unknown."""
        return np.array([self._index.get(id_, -1) for id_ in ids], dtype=np.int32)


@dataclass(frozen=True, eq=False)
class Interactions:
    """Who interacted with what, how strongly and when: parallel arrays in the order of the source.

    Attributes
    ----------
    users, items : IdMap
        The ids behind the indices; shared by all parts of a split, so shapes never change.
    user_idx, item_idx : ndarray of int32, shape (n,)
    value : ndarray of float32, shape (n,)
        The rating, or the strength of implicit feedback (1 where the source gives none).
    timestamp : ndarray of int64, shape (n,), optional
        Unix seconds.
    weight : ndarray of float32, shape (n,), optional
        How much each row counts in training; positive.
    scale : (float, float), optional
        Smallest and largest rating possible; None when the values are not ratings.

    Raises
    ------
    DataError
        If arrays differ in length, an index is out of range, a value is not finite, a time is
        outside the years 1 to 9999, or a weight is not finite and positive.
    """

    users: IdMap
    items: IdMap
    user_idx: Int32
    item_idx: Int32
    value: Float32
    timestamp: Int64 | None = None
    weight: Float32 | None = None
    scale: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        kinds: dict[str, Any] = {"user_idx": np.int32, "item_idx": np.int32, "value": np.float32}
        kinds |= {"timestamp": np.int64, "weight": np.float32}
        for name, dtype in kinds.items():
            array = getattr(self, name)
            if array is not None and (array.dtype != dtype or array.shape != self.user_idx.shape):
                raise DataError(f"{name} must be {dtype.__name__} of shape {self.user_idx.shape}")
        if not np.isfinite(self.value).all():
            raise DataError("a value is not finite")
        if self.weight is not None and not ((self.weight > 0) & np.isfinite(self.weight)).all():
            raise DataError("a weight is not finite and positive")
        if self.timestamp is not None:
            _require_dates(self.timestamp)
        for index, ids in ((self.user_idx, self.users), (self.item_idx, self.items)):
            # Taken as unsigned, a negative one is larger than any: one look finds both.
            if len(index) and int(index.view(np.uint32).max()) >= len(ids):
                raise DataError("an index points outside its id map")

    def __len__(self) -> int:
        return len(self.user_idx)

    @property
    def n_users(self) -> int:
        """Number of users in the id map, whether or not they interact here."""
        return len(self.users)

    @property
    def n_items(self) -> int:
        """Number of items in the id map, whether or not they interact here."""
        return len(self.items)

    @cached_property
    def csr(self) -> CSR:
        """Users × items; of a repeated pair ratings are averaged, other values are summed.

        Raises
        ------
        DataError
            If float32 does not hold a sum.
        """
        shape = (self.n_users, self.n_items)
        summed = csr(self.user_idx, self.item_idx, self.value, shape)
        if len(summed.data) == len(self):
            return summed
        if not np.isfinite(summed.data).all():
            raise DataError(
                "the values of a repeated pair add up to what is not finite",
                hint="keep one of them: {name: duplicates} in dataset.prepare",
            )
        if self.scale is None:
            return summed
        times = csr(self.user_idx, self.item_idx, np.ones_like(self.value), shape)
        return summed._replace(data=summed.data / times.data)

    @cached_property
    def user_counts(self) -> Int64:
        """Rows of each user, int64 (n_users,)."""
        return _counts(self.user_idx, self.n_users)

    @cached_property
    def item_counts(self) -> Int64:
        """Rows of each item, int64 (n_items,)."""
        return _counts(self.item_idx, self.n_items)

    @cached_property
    def pair_key(self) -> Int64:
        """One number for each row's (user, item) pair, int64 (n,)."""
        return self._pair_key(np.int64)

    def _pair_key(self, dtype: type[T]) -> NDArray[T]:
        return self.user_idx.astype(dtype) * dtype(self.n_items) + self.item_idx.astype(dtype)

    @cached_property
    def fingerprint(self) -> str:
        """The sha256 of ids, indices, values, times and weights."""
        from recsys_cli.fingerprint import digest

        columns = (self.scale, self.user_idx, self.item_idx, self.value, self.timestamp)
        return digest(self.users.ids, self.items.ids, *columns, self.weight)

    @cached_property
    def n_repeated(self) -> int:
        """How many rows repeat the user and item of another row, all but one of each pair."""
        # Numbers of half the width are sorted in half the time.
        narrow = self.n_users * self.n_items <= 1 << 32
        key = self._pair_key(np.uint32) if narrow else self._pair_key(np.int64)
        key.sort()
        return int(np.count_nonzero(key[1:] == key[:-1]))

    def take(self, rows: Int64 | Bool) -> Interactions:
        """Return the given rows (a mask, or indices in the wanted order), with the same id maps."""
        if rows.dtype == np.bool_ and 8 * np.count_nonzero(rows) < len(rows):
            rows = np.flatnonzero(rows)  # else each column would look through the whole mask
        columns = {name: array for name in _COLUMNS if (array := getattr(self, name)) is not None}
        arrays = list(columns.values())
        taken = threads.map_blocks(lambda at, _: arrays[at][rows], len(arrays), 1)
        # Rows of what was checked need no check, which would read all of them again.
        part = object.__new__(Interactions)
        common = {field.name: getattr(self, field.name) for field in fields(self)}
        vars(part).update(common | dict(zip(columns, taken, strict=True)))
        return part


def _require_dates(times: Int64) -> None:
    if times.min(initial=0) < _TIMES[0] or times.max(initial=0) > _TIMES[1]:
        raise DataError(
            "a timestamp lies outside the years 1 to 9999",
            hint="times are in seconds since 1970; divide milliseconds by 1,000",
        )


def _counts(index: Int32, n: int) -> Int64:
    counts = np.zeros(n, np.int64)
    block = max(_BLOCK, n)
    for start in range(0, len(index), block):
        counts += np.bincount(index[start : start + block], minlength=n)
    return counts


def concatenate(parts: Sequence[Interactions]) -> Interactions:
    """Return the rows of all parts, one after the other; they share their id maps."""

    def column(name: str) -> Any:
        arrays = [getattr(part, name) for part in parts]
        return None if arrays[0] is None else np.concatenate(arrays)

    return replace(parts[0], **{name: column(name) for name in _COLUMNS})
