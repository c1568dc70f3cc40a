"""SLIM: sparse linear item-item weights by elastic net."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from recsys_cli import threads
from recsys_cli.data import CSR, Float32, Float64, Int32, Int64, Interactions, SideFeatures
from recsys_cli.models._linear import LinearConfig, LinearModel
from recsys_cli.models._size import Size
from recsys_cli.models._sparse import gram_rows, times_sparse

#: Bytes of the Gramian that are held; rows beyond it, of the items with least data, are not.
_HELD = 1 << 30
#: Items that are taken to have a weight in a column, where the config does not say how many may.
_LIKELY = 100
#: Columns that one thread solves at a time.
_COLUMNS = 16


class SLIMConfig(LinearConfig):
    """Parameters of SLIM."""

    l1: PositiveFloat = 5.0
    """Weight of ``|w|₁``, which makes weights zero: where values are 1, an item needs more than
    ``l1`` users in common with another to have a weight for it."""
    l2: NonNegativeFloat = 30.0
    """Weight of ``½ |w|²``."""
    non_negative: bool = True
    """Whether weights must be at least 0, as in the paper."""
    neighbours: PositiveInt | None = None
    """Only so many items of the largest cosine may have a weight in a column (fsSLIM); None: all.
    Ties with the last stay."""
    tolerance: PositiveFloat = 1e-5
    """A column is solved when a pass moves no weight by more."""


class SLIM(LinearModel[SLIMConfig]):
    """Each item as a sparse weighted sum of others, by an elastic net for each column.

    Column j of B minimises ``½ |x_j - X w|² + l1 |w|₁ + ½ l2 |w|²`` over ``w ≥ 0`` with ``w_j =
    0``; X is users × items. With the slope ``g = XᵀX (e_j - w)``, coordinate descent sets ``w_i =
    max(g_i + G_ii w_i - l1, 0) / (G_ii + l2)``, G = XᵀX, over a working set that grows by the items
    that break the optimality conditions most, until none is left. A user's scores are ``x_u B``, so
    a history folds in as it is. Take it for implicit feedback when ``ease`` would not fit, or
    reasons should be few: few weights remain, all readable, so memory and scoring cost little where
    ``ease`` keeps a weight for every pair of items.

    Rows of G are held in float32 up to 1 GiB, heaviest items first (all of 16,000), and taken from
    X otherwise; columns are solved in parallel. Memory is 1 GiB at most plus, in each thread, the
    square of the largest working set.

    Differences from peers: the objective is the paper's with β = ``l2`` and λ = ``l1``; of
    scikit-learn's ``ElasticNet(alpha, l1_ratio, positive=True, fit_intercept=False)`` over n users
    it is ``l1 = n alpha l1_ratio``, ``l2 = n alpha (1 - l1_ratio)``, which peers built on it leave
    to depend on n.

    Attributes
    ----------
    weights_indptr_, weights_indices_, weights_data_ : CSR of the items × items
        B; row i is what item i adds to the scores of the others.

    References
    ----------
    X. Ning, G. Karypis (2011), "SLIM: sparse linear methods for top-N recommender systems", ICDM.
    J. Friedman, T. Hastie, R. Tibshirani (2010), "Regularization paths for generalized linear
    models via coordinate descent", Journal of Statistical Software 33.
    """

    weights_indptr_: Int64
    weights_indices_: Int32
    weights_data_: Float32

    def stored_bytes(self, size: Size) -> int:
        """Return what the histories and the lists of items take."""
        kept = min(self.config.neighbours or _LIKELY, size.near)
        return super().stored_bytes(size) + 8 * size.items * kept

    def fit_bytes(self, size: Size) -> int:
        """Return what the rows of the Gramian take beside, and some columns a thread."""
        columns = 64 * size.items * threads.count()
        return super().fit_bytes(size) + min(_HELD, 4 * size.items**2) + columns

    def _train(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> Iterator[float | None]:
        matrix = self._learnable(train)
        columns, loss = self._columns(matrix)
        rows = columns.transpose()
        self.weights_indptr_, self.weights_indices_, self.weights_data_, _ = rows
        self._keep(matrix)
        yield loss

    def _columns(self, matrix: CSR) -> tuple[CSR, float]:
        """Return Bᵀ and the sum of the columns' objectives."""
        from recsys_cli.kernels.slim import solve_column

        config, n, by_item = self.config, matrix.n_cols, matrix.transpose()
        data = (by_item[:3], matrix[:3], _gramian(matrix, by_item))
        penalty = (config.l1, config.l2, not config.non_negative)
        neighbours = min(config.neighbours or n, n)

        def solve(start: int, stop: int) -> tuple[list[Int64], list[Float64], float]:
            w, loss, found, values = np.empty(n), 0.0, [], []
            for j in range(start, stop):
                loss += solve_column(j, *data, *penalty, neighbours, config.tolerance, w)
                found.append(np.flatnonzero(w))
                values.append(w[found[-1]])
            return found, values, loss

        found, values, losses = zip(*threads.map_blocks(solve, n, _COLUMNS), strict=True)
        indices = [column for block in found for column in block]
        weights = np.concatenate([column for block in values for column in block])
        indptr = np.concatenate(([0], np.cumsum([len(column) for column in indices])))
        rows = np.concatenate(indices).astype(np.int32)
        return CSR(indptr.astype(np.int64), rows, weights.astype(np.float32), n), sum(losses)

    def _weights(self, items: Int32) -> Float32:
        return self._sparse.rows(items).dense()

    @property
    def _sparse(self) -> CSR:
        columns = (self.weights_indptr_, self.weights_indices_, self.weights_data_)
        return CSR(*columns, len(self.item_counts_))

    def _score(self, user_idx: Int32) -> Float32:
        return times_sparse(self._history(user_idx), self._sparse)


def _gramian(matrix: CSR, by_item: CSR) -> tuple[Float32, Int32, Float64]:
    """Return the rows of XᵀX that are held, each item's place among them or -1, and the diagonal.

    A row costs as many additions to take from X as its users have items: held are those of most.
    """
    n, sizes = matrix.n_cols, np.diff(matrix.indptr)
    work = np.bincount(by_item.row_of(), sizes[by_item.indices], n)
    held = np.sort(np.argsort(-work, kind="stable")[: max(1, _HELD // (4 * n))])
    rows, chosen = np.empty((len(held), n), np.float32), by_item.rows(held)
    threads.map_blocks(
        lambda start, stop: gram_rows(chosen, matrix, start, rows[start:stop]), len(held), _COLUMNS
    )
    slot = np.full(n, -1, np.int32)
    slot[held] = np.arange(len(held))
    squares: Float64 = matrix.data.astype(np.float64) ** 2
    return rows, slot, np.bincount(matrix.indices, squares, minlength=n).astype(np.float64)
