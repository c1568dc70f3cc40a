"""What models of item × item weights answer from the rows of a sparse matrix."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import CSR, Float32, Int32
from recsys_cli.models._blocks import best_of_blocks, rows_at_once
from recsys_cli.models._topk import top_k


def between(matrix: CSR, rows: Int32, columns: Int32) -> Float32:
    """Return the weights of the given rows in the given columns, float32 (rows, columns)."""
    near = matrix.rows(rows)
    row = near.row_of()
    weights = np.zeros((len(rows), len(columns)), np.float32)
    for column, of_column in zip(columns, weights.T, strict=True):
        at = near.indices == column
        of_column[row[at]] = near.data[at]
    return weights


def of_columns(matrix: CSR, wanted: Int32) -> CSR:
    """Return the transpose of a matrix, only the wanted columns of which are filled."""
    at = np.flatnonzero(np.isin(matrix.indices, wanted))
    at = at[np.argsort(matrix.indices[at], kind="stable")]
    row = np.searchsorted(matrix.indptr, at, side="right") - 1
    counts = np.bincount(matrix.indices[at], minlength=matrix.n_cols)
    indptr = np.concatenate(([0], np.cumsum(counts)))
    return CSR(indptr, row.astype(np.int32), matrix.data[at], matrix.n_rows)


def strongest(matrix: CSR, item_idx: Int32, k: int) -> tuple[Int32, Float32]:
    """Return the k columns of largest weight in each given row, and the weights; -1, -inf beyond.

    An item is never returned for itself.
    """

    def best(start: int, stop: int) -> tuple[Int32, Float32]:
        items = item_idx[start:stop]
        weights = matrix.rows(items).dense(-np.inf)
        weights[np.arange(len(items)), items] = -np.inf
        return top_k(weights, k)

    return best_of_blocks(best, len(item_idx), rows_at_once(matrix.n_cols))
