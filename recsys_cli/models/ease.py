"""EASE: the full-rank linear item-item model in closed form."""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np
from pydantic import PositiveFloat

from recsys_cli import threads
from recsys_cli.data import CSR, Float32, Float64, Int32, Interactions, SideFeatures
from recsys_cli.errors import OutOfResources
from recsys_cli.models._linear import LinearConfig, LinearModel
from recsys_cli.models._size import Size
from recsys_cli.models._sparse import gram_rows, times_dense
from recsys_cli.models._sweep import empty_panels, invert


class EASEConfig(LinearConfig):
    """Parameters of EASE."""

    reg: PositiveFloat = 200.0
    """L2 weight of B, added to the diagonal of XᵀX."""


class EASE(LinearModel[EASEConfig]):
    """Each item as a weighted sum of all the others, by ridge regression in closed form.

    Minimises ``|X - X B|² + reg |B|²`` over item × item matrices B with a zero diagonal; X is users
    × items. With ``P = (XᵀX + reg I)⁻¹`` the solution is ``B_ij = -P_ij / P_jj`` for i ≠ j. The
    loss is the objective there, ``Σ_j (1 / P_jj - reg)``. A user's scores are ``x_u B``, so a
    history folds in as it is. Weights may be negative. There is one parameter, no iteration and no
    chance. Take it when there are up to some ten thousand items and many more interactions, where
    it is hard to beat; ``slim`` has sparse weights, and takes more items.

    The Gramian and its inverse share one triangle, in float64; B is float32. With n items that is
    at most ``8 n²`` bytes at once (3.2 GB for 20,000), ``4 n²`` of them kept and saved, and ``n³``
    floating-point operations. Similar items are those of the largest ``B_ij`` in row i: what having
    i foretells. Items without training interactions have weight 0.

    Differences from peers: RecBole's ``reg_weight`` is ``reg``; it takes every value as 1, as the
    paper does and ``binarise`` here, and inverts in float32 without use of the symmetry.

    Attributes
    ----------
    item_weights_ : ndarray of float32, shape (n_items, n_items)
        B; row i is what item i adds to the scores of the others.

    References
    ----------
    H. Steck (2019), "Embarrassingly shallow autoencoders for sparse data", WWW. J. H. Goodnight
    (1979), "A tutorial on the SWEEP operator", The American Statistician 33 (the inverse).
    """

    item_weights_: Float32

    def stored_bytes(self, size: Size) -> int:
        """Return what the histories and the weights take."""
        return super().stored_bytes(size) + 4 * size.items**2

    def fit_bytes(self, size: Size) -> int:
        """Return what the Gramian's triangle in float64 and the weights take together."""
        return self.stored_bytes(size) + 4 * size.items**2 + self.pair_bytes * size.pairs

    def _train(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> Iterator[float | None]:
        _refuse_too_many(train.n_items)
        matrix = self._learnable(train)
        self.item_weights_, loss = _solve(matrix, self.config.reg)
        self._keep(matrix)
        yield loss

    def _weights(self, items: Int32) -> Float32:
        return self.item_weights_[items]

    def _score(self, user_idx: Int32) -> Float32:
        return times_dense(self._history(user_idx), self.item_weights_)


def _solve(matrix: CSR, reg: float) -> tuple[Float32, float]:
    """Return B and its objective."""
    panels = _gramian(matrix, reg)
    diagonal = invert(panels, reg)
    return _weights(panels, diagonal), float(np.sum(1 / diagonal - reg))


def _gramian(matrix: CSR, reg: float) -> list[Float64]:
    """Return the lower triangle of XᵀX + reg I, by panels of rows."""
    by_item, panels = matrix.transpose(), empty_panels(matrix.n_cols)

    def fill(at: int, _: int) -> None:
        panel = panels[at]
        first = panel.shape[1] - panel.shape[0]
        gram_rows(by_item, matrix, first, panel)
        panel[:, first:].flat[:: len(panel) + 1] += reg

    threads.map_blocks(fill, len(panels), 1)
    return panels


def _weights(panels: list[Float64], diagonal: Float64) -> Float32:
    """Return B from P, its lower triangle and diagonal: ``-P_ij / P_jj``, 0 on the diagonal."""
    weights = np.empty((len(diagonal), len(diagonal)), np.float32)

    def divide(at: int, _: int) -> None:
        panel = panels[at]
        last = panel.shape[1]
        rows = slice(last - len(panel), last)
        np.divide(panel, -diagonal[:last], out=weights[rows, :last], casting="same_kind")
        upper = weights[: rows.start, rows]
        np.divide(panel[:, : rows.start].T, -diagonal[rows], out=upper, casting="same_kind")

    threads.map_blocks(divide, len(panels), 1)
    np.fill_diagonal(weights, 0)
    return weights


def _refuse_too_many(n_items: int) -> None:
    """Raise OutOfResources if the matrices cannot fit into this machine's memory."""
    needed = 8 * n_items**2
    if hasattr(os, "sysconf") and needed > os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"):
        raise OutOfResources(
            f"ease needs {needed / 1e9:,.0f} GB of memory for {n_items:,} items",
            hint="leave out rare items with {name: core} in dataset.prepare, or take slim",
        )
