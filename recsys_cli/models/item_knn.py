"""Neighbourhoods of items, for ratings or for implicit feedback."""

from __future__ import annotations

from typing import Literal

import numpy as np

from recsys_cli.data import CSR, Float32, Int32, Int64
from recsys_cli.models._baseline import residuals
from recsys_cli.models._comparable import NeighbourConfig, comparable, reference
from recsys_cli.models._explanation import Explanation
from recsys_cli.models._item_lists import between, of_columns, strongest
from recsys_cli.models._neighbours import NeighbourModel
from recsys_cli.models._similarity import nearest, norms
from recsys_cli.models._size import Size
from recsys_cli.models._votes import Poll, shares


class ItemKNNConfig(NeighbourConfig):
    """Parameters of item-knn."""

    lists: Literal["candidate", "history"] = "candidate"
    """Whose ``neighbours`` count: those of the item that is scored, or of each item of the history.
    The latter ranks popular items higher, as they are near to many."""


class ItemKNN(NeighbourModel[ItemKNNConfig]):
    """Score an item by the items of the history that are most similar to it.

    With ``target: ratings``, ``r_ui = b_ui + Σ_j s_ij (r_uj - b_uj) / (damping + Σ_j s_ij)`` over
    the ``k`` items j of the history with the largest similarity to i, around the baseline
    ``b_ui = mean + b_u + b_i`` of regularised least squares. With ``target: implicit``,
    ``Σ_j s_ij w_uj`` over the whole history; w is the value as it is. Only the ``neighbours`` most
    similar items of i count (of j, with ``lists: history``), and only positive similarities. An
    item without a neighbour in the history has the baseline, or 0.

    ``s_ij = (n / (n + shrinkage) · sim(i, j)) ** amplification``, n being the users of both. Of
    ratings, ``sim`` is over those n users: ``cosine``; ``adjusted-cosine`` of ratings less the
    user's mean (Sarwar et al. 2001); ``pearson``, of ratings less the items' means over them;
    ``pearson-baseline``, the cosine of ``r_ui - b_ui`` (Koren 2010), usually the best. Of implicit
    feedback it is over all users, an absent value being 0. ``jaccard`` heeds no values. Values may
    first be weighted by tf-idf, ``sqrt(w) idf_u``, or BM25,
    ``w (bm25_k1 + 1) idf_u / (bm25_k1 (1 - bm25_b + bm25_b |w_i| / mean |w|) + w)``, with
    ``idf_u = ln(items / (1 + items of u))``.

    Nothing is iterated: similarities are exact, and take one dense row of memory a thread; what is
    kept is at most items × neighbours. A new user is scored from the history at once. Take it for
    ratings when reasons matter, and for implicit feedback as the quick model that is hard to beat.

    Differences from peers: surprise's ``KNNBaseline`` keeps a dense items × items table and has
    neither amplification nor damping; MyMediaLite's ItemKNN correlates raw ratings. ``implicit``
    is ``lists: history``, as are Deshpande and Karypis; its BM25 recommender is ``similarity: dot``
    here, its others ``cosine``, and it counts an item among its own neighbours. The lists of Sarwar
    et al., the default, serve rare items.

    Attributes
    ----------
    similarity_indptr_, similarity_indices_, similarity_data_ : CSR of the items × items
        Row j holds s_ij for the items i that count j among their neighbours, or that are j's own.

    References
    ----------
    B. Sarwar, G. Karypis, J. Konstan, J. Riedl (2001), "Item-based collaborative filtering
    recommendation algorithms", WWW. M. Deshpande, G. Karypis (2004), "Item-based top-N
    recommendation algorithms", TOIS 22. Y. Koren (2010), "Factor in the neighbors: scalable and
    accurate collaborative filtering", TKDD 4. J. Breese, D. Heckerman, C. Kadie (1998), "Empirical
    analysis of predictive algorithms for collaborative filtering", UAI (case amplification).
    """

    similarity_indptr_: Int64
    similarity_indices_: Int32
    similarity_data_: Float32

    def stored_bytes(self, size: Size) -> int:
        """Return what the histories and the lists of items take."""
        return super().stored_bytes(size) + 8 * size.items * self._kept(size)

    def _kept(self, size: Size) -> int:
        """Return how many neighbours an item has at most, or about, where signs are even."""
        centred = self.predicts_ratings and self.config.similarity != "cosine"
        return min(self.config.neighbours, size.near // 2 if centred else size.near)

    def fit_bytes(self, size: Size) -> int:
        """Return what a fit holds: the lists in parts, together, and turned."""
        return 3 * self.stored_bytes(size) + self.pair_bytes * size.pairs

    def score_bytes(self, size: Size) -> int:
        """Return what a block of ratings takes, for which the lists are turned to votes by item."""
        if not self.predicts_ratings:
            return super().score_bytes(size)
        return 3 * size.block + 8 * size.items * self._kept(size)

    def _learn(self, known: CSR) -> None:
        config, compared = self.config, known
        if config.similarity == "pearson-baseline":
            compared = residuals(known, self.mean_, self.user_bias_, self.item_bias_)
        rows = compared.transpose()
        if not config.compares_as_is(compared.data):
            rows = comparable(config, rows, reference(config, rows))
            compared = rows.transpose()
        measure, itself = config.measure(), np.arange(known.n_cols, dtype=np.int32)
        lengths = norms(measure, rows)
        found = nearest(measure, rows, compared, (lengths, lengths), itself, config.neighbours)
        by_voter = found.transpose() if config.lists == "candidate" else found
        self.similarity_indptr_, self.similarity_indices_, self.similarity_data_, _ = by_voter

    @property
    def _similarity(self) -> CSR:
        columns = (self.similarity_indptr_, self.similarity_indices_, self.similarity_data_)
        return CSR(*columns, len(self.item_counts_))

    def _poll(self, user_idx: Int32) -> Poll:
        config = self.config
        return Poll(self._votes(user_idx), self._similarity, False, config.k, config.damping)

    def explain(self, user_idx: int, item_idx: Int32, history: CSR) -> Explanation:
        """Return the baseline of each item (0 for implicit feedback), and what each neighbour adds.

        The parts of a rating are of the k nearest alone, and already divided by their weights.
        """
        user = np.array([user_idx], np.int32)
        poll, n = self._poll(user), len(item_idx)
        base = (self.mean_ + self.user_bias_[user_idx] + self.item_bias_)[item_idx]
        if not self.predicts_ratings:
            near = between(self._similarity, history.indices, item_idx)
            return Explanation(base, near.T * poll.rows.data)
        item, place, share = shares(poll, 0)
        parts = np.zeros((n, len(history.indices)), np.float32)
        for wanted, row in zip(item_idx, parts, strict=True):
            at = item == wanted
            row[place[at]] = share[at]
        return Explanation(base, parts)

    def similar_items(self, item_idx: Int32, k: int) -> tuple[Int32, Float32]:
        """Return the k most similar of each item's own neighbours, and s; -1, -inf beyond them."""
        own = self._similarity
        if self.config.lists == "candidate":
            own = of_columns(own, item_idx)
        return strongest(own, item_idx, k)
