"""A sparse matrix by rows, and the array types used everywhere."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

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

    def row_of(self) -> Int64:
        """Return the row of each stored value, int64 (nnz,)."""
        return np.repeat(np.arange(self.n_rows), np.diff(self.indptr))

    def dense(self, fill: float = 0) -> Float32:
        """Return the matrix as an array, float32 (rows, n_cols), with ``fill`` where none is."""
        out = np.full((self.n_rows, self.n_cols), fill, np.float32)
        out[self.row_of(), self.indices] = self.data
        return out

    def rows(self, rows: NDArray[np.integer]) -> CSR:
        """Return the given rows, in the given order, as a matrix of their own."""
        starts, counts = self.indptr[rows], np.diff(self.indptr)[rows]
        indptr = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        within = np.arange(indptr[-1]) - np.repeat(indptr[:-1], counts)
        at = np.repeat(starts, counts) + within
        return CSR(indptr, self.indices[at], self.data[at], self.n_cols)

    def span(self, start: int, stop: int) -> CSR:
        """Return consecutive rows as a matrix of their own; nothing is copied."""
        indptr = self.indptr[start : stop + 1]
        held = slice(indptr[0], indptr[-1])
        return CSR(indptr - indptr[0], self.indices[held], self.data[held], self.n_cols)

    def transpose(self) -> CSR:
        """Return the matrix by columns, as a CSR of its own."""
        rows = self.row_of().astype(np.int32)
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
