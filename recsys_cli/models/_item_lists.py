"""What models of item × item weights answer from the rows of a sparse matrix."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import CSR, Float32, Int32
from recsys_cli.models._base import best_of_blocks
from recsys_cli.models._topk import top_k


def between(matrix: CSR, rows: Int32, columns: Int32) -> Float32:
    """Return the weights of the given rows in the given columns, float32 (rows, columns)."""
    near = matrix.rows(rows)
    row = np.repeat(np.arange(len(rows)), np.diff(near.indptr))
    weights = np.zeros((len(rows), len(columns)), np.float32)
    for column, of_column in zip(columns, weights.T, strict=True):
        at = near.indices == column
        of_column[row[at]] = near.data[at]
    return weights


def strongest(matrix: CSR, item_idx: Int32, k: int) -> tuple[Int32, Float32]:
    """Return the k columns of largest weight in each given row, and the weights; -1, -inf beyond.

    An item is never returned for itself.
    """

    def best(start: int, stop: int) -> tuple[Int32, Float32]:
        near, rows = matrix.rows(item_idx[start:stop]), np.arange(stop - start)
        weights = np.full((stop - start, matrix.n_cols), -np.inf, np.float32)
        weights[np.repeat(rows, np.diff(near.indptr)), near.indices] = near.data
        weights[rows, item_idx[start:stop]] = -np.inf
        return top_k(weights, k)

    return best_of_blocks(best, len(item_idx), matrix.n_cols)
