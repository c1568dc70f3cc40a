"""The features of items or users as vectors of length one."""

from __future__ import annotations

from typing import Literal

import numpy as np

from recsys_cli.data import CSR, Features, Float32, Float64, csr
from recsys_cli.models._topk import SMALL

Weighting = Literal["tf-idf", "binary"]


def unit_rows(features: Features, weighting: Weighting) -> CSR:
    """Return one row an id, float32: its features, weighted, scaled to length 1.

    A category or label counts 1 or, for tf-idf, ``1 + log(ids with features / ids that have it)``.
    A number counts by how many standard deviations it lies from the mean of its column, and as the
    mean where it is unknown. An id without features keeps a row of zeros.
    """
    matrix = features.csr
    row = matrix.row_of().astype(np.int32)
    data = matrix.data.astype(np.float64)
    n_labels = matrix.n_cols - len(features.numeric)
    labels = matrix.indices < n_labels
    if weighting == "tf-idf":
        having = np.bincount(matrix.indices, minlength=matrix.n_cols)
        data[labels] = 1 + np.log(len(np.unique(row)) / having[matrix.indices[labels]])
    for column in range(n_labels, matrix.n_cols):
        here = matrix.indices == column
        data[here] = _standard(data[here])
    length = np.sqrt(np.bincount(row, data**2, matrix.n_rows))[row]
    unit = np.divide(data, length, out=np.zeros_like(data), where=length > 0)
    return csr(row, matrix.indices, unit.astype(np.float32), (matrix.n_rows, matrix.n_cols))


def _standard(numbers: Float64) -> Float64:
    """Return numbers less their mean, in standard deviations; zeros where all are equal."""
    centred = numbers - (numbers.mean() if len(numbers) else 0)
    spread = np.sqrt(np.mean(centred**2)) if len(numbers) else 0
    return np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 0)


def profiles(rows: CSR, history: CSR, weights: Float64) -> Float64:
    """Return ``Σ_i weights_i rows_i`` over each history, float64 (b, n_cols)."""
    owner = history.row_of()
    picked = rows.rows(history.indices)
    lengths = np.diff(picked.indptr)
    at = np.repeat(owner, lengths) * rows.n_cols + picked.indices
    data = np.repeat(weights, lengths) * picked.data
    flat = np.bincount(at, data, history.n_rows * rows.n_cols)
    return flat.reshape(history.n_rows, rows.n_cols).astype(np.float64)  # integer if empty


def products(vectors: Float64, rows: CSR) -> Float32:
    """Return the dot product of each vector (b, n_cols) with each row, float32 (b, n_rows)."""
    if len(vectors) > SMALL:
        from scipy.sparse import csr_array

        shape = (rows.n_rows, rows.n_cols)
        matrix = csr_array((rows.data, rows.indices, rows.indptr), shape=shape)
        found: Float32 = np.ascontiguousarray((matrix @ vectors.T.astype(np.float32)).T)
        return found
    row = rows.row_of()
    out = np.empty((len(vectors), rows.n_rows), np.float32)
    for vector, scores in zip(vectors, out, strict=True):
        scores[:] = np.bincount(row, rows.data * vector[rows.indices], rows.n_rows)
    return out
