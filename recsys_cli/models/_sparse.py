"""Products of sparse histories with item × item weights, dense or sparse."""

from __future__ import annotations

import numpy as np

from recsys_cli import threads
from recsys_cli.data import CSR, Float32, Float64
from recsys_cli.models._topk import SMALL

#: Rows that one thread multiplies at a time.
_ROWS = 256


def times_dense(matrix: CSR, dense: Float32) -> Float32:
    """Return matrix @ dense, float32 (rows, n)."""
    out = np.zeros((matrix.n_rows, dense.shape[1]), np.float32)
    if matrix.n_rows <= SMALL:
        for row, (start, stop) in enumerate(zip(matrix.indptr, matrix.indptr[1:], strict=False)):
            out[row] = matrix.data[start:stop] @ dense[matrix.indices[start:stop]]
        return out
    from recsys_cli.kernels.sparse import multiply_rows

    # The kernel reads rows; by columns it would be slow, and compiled a second time.
    dense = np.ascontiguousarray(dense)
    threads.map_blocks(
        lambda start, stop: multiply_rows(start, stop, *matrix[:3], dense, out), len(out), _ROWS
    )
    return out


def times_sparse(matrix: CSR, other: CSR) -> Float32:
    """Return matrix @ other as a dense array, float32 (rows, other.n_cols)."""
    out = np.zeros((matrix.n_rows, other.n_cols), np.float32)
    if matrix.n_rows <= SMALL:
        for row, (start, stop) in enumerate(zip(matrix.indptr, matrix.indptr[1:], strict=False)):
            found = other.rows(matrix.indices[start:stop])
            values = np.repeat(matrix.data[start:stop], np.diff(found.indptr)) * found.data
            out[row] = np.bincount(found.indices, values, minlength=other.n_cols)
        return out
    from recsys_cli.kernels.sparse import scatter_rows

    def block(start: int, stop: int) -> None:
        scatter_rows(start, stop, *matrix[:3], *other[:3], out[start:stop])

    threads.map_blocks(block, len(out), _ROWS)
    return out


def gram_rows(by_item: CSR, by_user: CSR, start: int, out: Float32 | Float64) -> None:
    """Fill ``out`` with rows start … of XᵀX as far as its columns reach.

    ``by_user`` is X and ``by_item`` its transpose; ``out`` has as many rows as are wanted.
    """
    from recsys_cli.kernels.sparse import scatter_rows

    scatter_rows(start, start + len(out), *by_item[:3], *by_user[:3], out)
