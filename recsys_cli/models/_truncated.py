"""The largest singular values of a sparse matrix and their right vectors, same bits always."""

from __future__ import annotations

from typing import Any

import numpy as np

from recsys_cli.data import CSR, Float64
from recsys_cli.errors import Diverged
from recsys_cli.models._guard import foreign, require_cells


def truncated_svd(matrix: CSR, k: int, rng: np.random.Generator) -> tuple[Float64, Float64]:
    """Return the k largest singular values, largest first, and V, float64 (k,) and (n_cols, k).

    Fewer where the rank, to rounding, is less: none for a matrix of zeros. The largest component
    of each vector is positive. Squares are decomposed (XᵀX or XXᵀ, whichever is smaller), so a
    value below about 1e-7 of the largest counts as 0.
    """
    shape, sparse = (matrix.n_rows, matrix.n_cols), foreign(matrix)
    if not matrix.data.any():
        return np.empty(0), np.empty((matrix.n_cols, 0))
    # Lanczos keeps 2 k vectors of the smaller side: from there on the whole square costs no more.
    values, v = _whole(sparse) if 2 * k >= min(shape) else _lanczos(sparse, k, rng)
    order = np.argsort(-values, kind="stable")[:k]
    kept = order[values[order] ** 2 > values.max() ** 2 * min(shape) * 1e-15]
    v = v[:, kept]
    return values[kept], v * np.sign(v[np.abs(v).argmax(axis=0), np.arange(v.shape[1])])


def _lanczos(sparse: Any, k: int, rng: np.random.Generator) -> tuple[Float64, Float64]:
    from scipy.sparse.linalg import ArpackError, svds

    # It keeps 2 k + 1 vectors, whose numbers it counts by int32.
    require_cells(min(sparse.shape), 2 * k + 1, "numbers of vectors", hint="lower model.factors")
    start = rng.standard_normal(min(sparse.shape))
    try:
        _, values, v = svds(sparse, k=k, v0=start, return_singular_vectors="vh")
    except ArpackError as failure:
        raise Diverged(f"ARPACK gave up: {failure}") from failure
    return values, v.T


def _whole(sparse: Any) -> tuple[Float64, Float64]:
    """Return min(shape) singular values and right vectors by the dense square of the small side."""
    tall = sparse.shape[0] >= sparse.shape[1]
    square = (sparse.T @ sparse if tall else sparse @ sparse.T).toarray()
    squares, vectors = np.linalg.eigh(square)
    values = np.sqrt(np.maximum(squares, 0))
    if tall:
        return values, vectors
    return values, sparse.T @ vectors / np.where(values > 0, values, 1)
