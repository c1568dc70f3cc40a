"""Interactions, features and splits: frozen dataclasses of arrays with checked shapes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys_cli.errors import DataError

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Bool = NDArray[np.bool_]


class CSR(NamedTuple):
    """A sparse matrix by rows; within a row the columns ascend and are unique.

    ``indptr`` int64 (rows + 1,), ``indices`` int32 (nnz,), ``data`` float32 (nnz,), ``n_cols``.
    """

    indptr: Int64
    indices: Int32
    data: Float32
    n_cols: int

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.indptr) - 1

    def rows(self, rows: NDArray[np.integer]) -> CSR:
        """Return the given rows, in the given order, as a matrix of their own."""
        starts, counts = self.indptr[rows], np.diff(self.indptr)[rows]
        indptr = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        within = np.arange(indptr[-1]) - np.repeat(indptr[:-1], counts)
        at = np.repeat(starts, counts) + within
        return CSR(indptr, self.indices[at], self.data[at], self.n_cols)

    def transpose(self) -> CSR:
        """Return the matrix by columns, as a CSR of its own."""
        rows = np.repeat(np.arange(self.n_rows, dtype=np.int32), np.diff(self.indptr))
        return csr(self.indices, rows, self.data, (self.n_cols, self.n_rows))


def csr(row: Int32, col: Int32, data: Float32, shape: tuple[int, int]) -> CSR:
    """Build a CSR of ``shape`` from triplets; the values of a repeated pair are summed."""
    from scipy.sparse import coo_array

    matrix = coo_array((data, (row, col)), shape=shape).tocsr()
    matrix.sum_duplicates()
    return CSR(
        matrix.indptr.astype(np.int64),
        matrix.indices.astype(np.int32),
        matrix.data.astype(np.float32),
        shape[1],
    )


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
        If arrays differ in length, an index is out of range, a value is not finite, or a weight is
        not finite and positive.
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
        for index, ids in ((self.user_idx, self.users), (self.item_idx, self.items)):
            if len(index) and not 0 <= int(index.min()) <= int(index.max()) < len(ids):
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
        """Users × items; the values of a repeated pair are summed."""
        return csr(self.user_idx, self.item_idx, self.value, (self.n_users, self.n_items))

    @cached_property
    def user_counts(self) -> Int64:
        """Rows of each user, int64 (n_users,)."""
        return np.bincount(self.user_idx, minlength=self.n_users)

    @cached_property
    def item_counts(self) -> Int64:
        """Rows of each item, int64 (n_items,)."""
        return np.bincount(self.item_idx, minlength=self.n_items)

    @cached_property
    def pair_key(self) -> Int64:
        """One number for each row's (user, item) pair, int64 (n,)."""
        return self.user_idx.astype(np.int64) * self.n_items + self.item_idx

    def take(self, rows: Int64 | Bool) -> Interactions:
        """Return the given rows (a mask, or indices in the wanted order), with the same id maps."""
        return replace(
            self,
            user_idx=self.user_idx[rows],
            item_idx=self.item_idx[rows],
            value=self.value[rows],
            timestamp=None if self.timestamp is None else self.timestamp[rows],
            weight=None if self.weight is None else self.weight[rows],
        )


def concatenate(parts: Sequence[Interactions]) -> Interactions:
    """Return the rows of all parts, one after the other; they share their id maps."""

    def column(name: str) -> Any:
        arrays = [getattr(part, name) for part in parts]
        return None if arrays[0] is None else np.concatenate(arrays)

    names = ("user_idx", "item_idx", "value", "timestamp", "weight")
    return replace(parts[0], **{name: column(name) for name in names})


@dataclass(frozen=True, eq=False)
class Features:
    """What is known of each user or item beside the interactions, row by row of its id map.

    Attributes
    ----------
    ids : IdMap
        The users or the items.
    categorical : dict of str to list of str
        One value an id; ``""`` where it is unknown.
    multilabel : dict of str to list of tuple of str
        Any number of labels an id (genres, tags).
    numeric : dict of str to ndarray of float32, shape (n,)
        NaN where it is unknown.
    """

    ids: IdMap
    categorical: dict[str, list[str]] = field(default_factory=dict)
    multilabel: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)
    numeric: dict[str, Float32] = field(default_factory=dict)

    @cached_property
    def columns(self) -> list[str]:
        """The names of the columns of :attr:`csr`: ``genre=Comedy``, ``age``."""
        return [name for name, _, _ in self._triplets]

    @cached_property
    def csr(self) -> CSR:
        """Ids × columns: 1 for each category and label, the number itself for numeric columns."""
        shape = (len(self.ids), len(self._triplets))
        row = [np.empty(0, np.int32), *(rows for _, rows, _ in self._triplets)]
        col = [np.full(len(rows), j, np.int32) for j, rows in enumerate(row[1:])]
        data = [np.empty(0, np.float32), *(values for _, _, values in self._triplets)]
        return csr(np.concatenate(row), np.concatenate([row[0], *col]), np.concatenate(data), shape)

    @cached_property
    def _triplets(self) -> list[tuple[str, Int32, Float32]]:
        labels: dict[str, list[tuple[str, ...]]] = {
            name: [(v,) if v else () for v in values] for name, values in self.categorical.items()
        }
        found: list[tuple[str, Int32, Float32]] = []
        for name, values in {**labels, **self.multilabel}.items():
            by_label: dict[str, list[int]] = {}
            for row, row_labels in enumerate(values):
                for label in dict.fromkeys(row_labels):
                    by_label.setdefault(label, []).append(row)
            for label in sorted(by_label):
                rows = np.array(by_label[label], np.int32)
                found.append((f"{name}={label}", rows, np.ones(len(rows), np.float32)))
        for name, numbers in self.numeric.items():
            rows = np.flatnonzero(~np.isnan(numbers)).astype(np.int32)
            found.append((name, rows, numbers[rows]))
        return found

    def take(self, rows: Int64) -> Features:
        """Return the given ids' rows, with an id map of their own."""
        return Features(
            IdMap(self.ids[i] for i in rows),
            {name: [column[i] for i in rows] for name, column in self.categorical.items()},
            {name: [column[i] for i in rows] for name, column in self.multilabel.items()},
            {name: column[rows] for name, column in self.numeric.items()},
        )


class SideFeatures(NamedTuple):
    """What is known of the users and of the items beside the interactions, if anything."""

    users: Features | None = None
    items: Features | None = None


@dataclass(frozen=True)
class DatasetInfo:
    """Where data came from and on what terms; copied into every run record.

    ``licence`` is one sentence, ``citation`` a reference, ``source_hash`` the sha256 of the files
    (or of the parameters, for data made by code), ``skipped`` the number of bad rows left out.
    """

    name: str
    description: str
    licence: str
    citation: str
    source_hash: str
    synthetic: bool = False
    skipped: int = 0


@dataclass(frozen=True, eq=False)
class Dataset:
    """Interactions with what belongs to them.

    Attributes
    ----------
    interactions : Interactions
    info : DatasetInfo
    titles : list of str, optional
        One title an item, in index order; the item's id where it has none.
    features : SideFeatures
        Aligned with the id maps of the interactions.
    folds : dict of str to ndarray of int8, shape (n,)
        Splits that come with the data, by name: 1 where a row trains, 2 where it tests, else 0.
    """

    interactions: Interactions
    info: DatasetInfo
    titles: list[str] | None = None
    features: SideFeatures = field(default_factory=SideFeatures)
    folds: dict[str, NDArray[np.int8]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Split:
    """One division of interactions. All parts share their id maps.

    Attributes
    ----------
    train, test : Interactions
    validation : Interactions, optional
        Carved from the training part; never trained on unless ``train.refit`` says so.
    history : Interactions, optional
        The known part of held-out users: folded in, never trained on.
    fold : str
        Its name, ``"1"`` when there is only one.
    """

    train: Interactions
    test: Interactions
    validation: Interactions | None = None
    history: Interactions | None = None
    fold: str = "1"

    def parts(self) -> dict[str, Interactions]:
        """Return the parts that exist, by name."""
        names = ("train", "validation", "history", "test")
        return {name: part for name in names if (part := getattr(self, name)) is not None}

    @cached_property
    def fingerprint(self) -> str:
        """The sha256 of all parts: ids, indices, values and times."""
        from recsys_cli.fingerprint import digest

        ids: list[Any] = [self.train.users.ids, self.train.items.ids]
        for name, part in self.parts().items():
            ids += [name, part.user_idx, part.item_idx, part.value, part.timestamp, part.weight]
        return digest(*ids)
