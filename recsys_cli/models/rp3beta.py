"""Random walks of three steps from a user to items, damped by popularity."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pydantic import Field, PositiveInt

from recsys_cli.data import CSR, Float32, Int32, Int64, Interactions, SideFeatures
from recsys_cli.models._base import ModelConfig
from recsys_cli.models._comparable import strengths
from recsys_cli.models._explanation import Explanation
from recsys_cli.models._history import HistoryModel
from recsys_cli.models._item_lists import between, strongest
from recsys_cli.models._similarity import Measure, nearest, norms
from recsys_cli.models._size import Size
from recsys_cli.models._sparse import times_sparse

_DOT = Measure("dot")


class RP3BetaConfig(ModelConfig):
    """Parameters of rp3beta."""

    alpha: float = Field(0.6, ge=0, le=3)
    """Power of the probability of each step: above 1 walks keep to what is likely."""
    beta: float = Field(0.6, ge=0, le=3)
    """Power of the item's number of users by which its score is divided; 0 is P3alpha."""
    neighbours: PositiveInt = 50
    """Items from which each item can be reached; the likeliest are kept."""


class RP3Beta(HistoryModel[RP3BetaConfig]):
    """Rank items by how likely a walk user → item → user → item ends there, less the popular ones.

    A step from u goes to item j with probability ``P_uj = w_uj / Σ_i w_ui``, one from j to user v
    with ``P_jv = w_vj / Σ_u w_uj``; w is the value as it is. The score of item i is
    ``Σ_j P_uj^alpha W_ji`` over the history, ``W_ji = Σ_v (P_jv P_vi)^alpha / n_i^beta``, where n_i
    counts the users of i, and W keeps in each column i its ``neighbours`` largest entries (never
    i itself). Nothing is iterated. A new user is scored from the history at once.

    Take it where data are sparse, where it often beats cosine neighbours, or for ``beta``, a direct
    hold on how popular recommendations are. ``alpha`` and ``beta`` are worth tuning together, and
    finely.

    Differences from peers: paths are counted exactly, where the paper's first form samples them.
    As in the evaluation by Ferrari Dacrema et al., W is cut to the largest of each column; there
    every value counts as 1, and P_uj is left out, which changes no ranking if values are equal.

    Attributes
    ----------
    walk_indptr_, walk_indices_, walk_data_ : CSR of the items × items
        W, row by row.

    References
    ----------
    C. Cooper, S. H. Lee, T. Radzik, Y. Siantos (2014), "Random walks in recommender systems: exact
    computation and simulations", WWW (P3alpha). B. Paudel, F. Christoffel, C. Newell, A. Bernstein
    (2017), "Updatable, accurate, diverse, and scalable recommendations for interactive
    applications", TiiS 7. M. Ferrari Dacrema, P. Cremonesi, D. Jannach (2019), "Are we really
    making much progress?", RecSys.
    """

    feedback = "implicit"

    walk_indptr_: Int64
    walk_indices_: Int32
    walk_data_: Float32

    def stored_bytes(self, size: Size) -> int:
        """Return what the histories and the lists of items take."""
        kept = min(self.config.neighbours, size.near)
        return super().stored_bytes(size) + 8 * size.items * kept

    def _train(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> Iterator[float | None]:
        config, known = self.config, strengths(train.csr)
        by_item = known.transpose()
        into = _steps(known, config.alpha).transpose()
        out_of = _steps(by_item, config.alpha).transpose()
        itself = np.arange(known.n_cols, dtype=np.int32)
        flat = (norms(_DOT, into),) * 2
        ways = nearest(_DOT, into, out_of, flat, itself, config.neighbours)
        damped = np.maximum(np.diff(by_item.indptr), 1.0) ** -config.beta
        weights = ways.data * np.repeat(damped, np.diff(ways.indptr))
        walk = ways._replace(data=weights.astype(np.float32)).transpose()
        self.walk_indptr_, self.walk_indices_, self.walk_data_, _ = walk
        self._keep(known)
        yield from ()

    @property
    def _walk(self) -> CSR:
        columns = (self.walk_indptr_, self.walk_indices_, self.walk_data_)
        return CSR(*columns, len(self.item_counts_))

    def _score(self, user_idx: Int32) -> Float32:
        return times_sparse(_steps(self._history(user_idx), self.config.alpha), self._walk)

    def _fold_in(self, history: CSR) -> None:
        self._keep(strengths(history))

    def explain(self, user_idx: int, item_idx: Int32, history: CSR) -> Explanation:
        """Return what the walks through each item j of the history add: P_uj^alpha W_ji."""
        start = _steps(history, self.config.alpha).data
        parts = between(self._walk, history.indices, item_idx).T * start
        return Explanation(np.zeros(len(item_idx), np.float32), parts)

    def similar_items(self, item_idx: Int32, k: int) -> tuple[Int32, Float32]:
        """Return the k items that walks from each item j reach most, and W_ji; -1, -inf beyond.

        Walks lead from the item (row j), as those of a history do: i may be similar to j and j not
        to i. An item i is left out where j is none of the ``neighbours`` that its column keeps.
        """
        return strongest(self._walk, item_idx, k)


def _steps(values: CSR, alpha: float) -> CSR:
    """Return the probability of each step out of a row, to the power of ``alpha``."""
    row = values.row_of()
    total = np.bincount(row, values.data, minlength=values.n_rows)[row]
    share = np.divide(values.data, total, out=np.zeros(len(row)), where=values.data > 0)
    likely = np.power(share, alpha, out=np.zeros(len(row)), where=share > 0)
    return values._replace(data=likely.astype(np.float32))
