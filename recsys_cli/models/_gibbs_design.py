"""Side columns of users or items for the Gibbs sampler: implicit feedback and features."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from recsys_cli.data import CSR, Bool, Features, Float32, Int32, Int64


class Design(NamedTuple):
    """A matrix of rows × m columns, stored by columns; the columns of a group are neighbours.

    ``indptr`` int64 (m + 1,), ``indices`` int32 and ``values`` float32 (nnz,); ``group`` int32 (m,)
    from 0; ``sizes`` is the number of columns of each group. Every column has a warm row.
    """

    indptr: Int64
    indices: Int32
    values: Float32
    group: Int32
    sizes: tuple[int, ...]

    def means(self, warm: Bool) -> Float32:
        """Return the mean of each column over the warm rows, float32 (m,)."""
        column = np.repeat(np.arange(len(self.group)), np.diff(self.indptr))
        known = self.values * warm[self.indices]
        sums = np.bincount(column, weights=known, minlength=len(self.group))
        return (sums / max(1, int(warm.sum()))).astype(np.float32)


def design(groups: list[CSR], warm: Bool) -> Design:
    """Return the columns of all groups, each rows × columns, but those without a warm row."""
    found = [_by_column(group, warm) for group in groups]
    found = [group for group in found if group.n_rows]
    sizes = tuple(group.n_rows for group in found)
    counts = np.concatenate([[0], *(np.diff(group.indptr) for group in found)])
    return Design(
        np.cumsum(counts).astype(np.int64),
        np.concatenate([np.empty(0, np.int32), *(group.indices for group in found)]),
        np.concatenate([np.empty(0, np.float32), *(group.data for group in found)]),
        np.repeat(np.arange(len(sizes), dtype=np.int32), sizes),
        sizes,
    )


def of_side(seen: CSR | None, features: Features | None, warm: Bool) -> Design:
    """Return the columns of one side: those of implicit feedback, rated by its rows, come first."""
    groups = [] if seen is None else [implicit(seen)]
    return design(groups + feature_groups(features, warm), warm)


def _by_column(group: CSR, warm: Bool) -> CSR:
    columns = group.transpose()
    warm_before = np.concatenate(([0], np.cumsum(warm[columns.indices])))
    used = warm_before[columns.indptr[1:]] > warm_before[columns.indptr[:-1]]
    return columns.rows(np.flatnonzero(used))


def implicit(seen: CSR) -> CSR:
    """Return ``1 / sqrt(length of the row)`` where a pair was rated."""
    counts = np.diff(seen.indptr)
    share = 1 / np.sqrt(np.maximum(counts, 1))
    return seen._replace(data=np.repeat(share, counts).astype(np.float32))


def feature_groups(features: Features | None, warm: Bool) -> list[CSR]:
    """Return a matrix for each feature: 1 at its values; of numbers, standard scores over warm."""
    if features is None:
        return []
    empty = Features(features.ids)
    groups = [replace(empty, categorical={k: v}) for k, v in features.categorical.items()]
    groups += [replace(empty, multilabel={k: v}) for k, v in features.multilabel.items()]
    groups += [replace(empty, numeric={k: _standard(v, warm)}) for k, v in features.numeric.items()]
    return [group.csr for group in groups]


def _standard(numbers: Float32, warm: Bool) -> Float32:
    known = numbers[warm & ~np.isnan(numbers)].astype(np.float64)
    if not len(known) or known.std() == 0:
        return np.full_like(numbers, np.nan)
    return np.asarray((numbers - known.mean()) / known.std(), np.float32)
