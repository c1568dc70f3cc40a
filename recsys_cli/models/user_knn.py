"""Neighbourhoods of users, for ratings or implicit feedback."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import CSR, Float32, Int32, Int64
from recsys_cli.models._comparable import NeighbourConfig, Reference, comparable, reference
from recsys_cli.models._neighbours import NeighbourModel
from recsys_cli.models._similarity import nearest, norms
from recsys_cli.models._size import Size
from recsys_cli.models._votes import Poll


class UserKNNConfig(NeighbourConfig):
    """Parameters of user-knn."""


class UserKNN(NeighbourModel[UserKNNConfig]):
    """Score an item by the users of most similar history who have it.

    With ``target: ratings``, ``r_ui = b_ui + Σ_v s_uv (r_vi - b_vi) / (damping + Σ_v s_uv)`` over
    the ``k`` nearest users v who rated i, out of the ``neighbours`` nearest of all; the baseline
    ``b_ui = mean + b_u + b_i`` is by regularised least squares. With ``target: implicit``,
    ``Σ_v s_uv w_vi`` over the ``neighbours`` nearest; w is the value as it is. Only positive
    similarities count. An item that no neighbour has gets the baseline, or 0.

    Similarities, shrinkage, amplification and weightings are those of ``item-knn`` with users and
    items exchanged: n counts the items of both users, and ``adjusted-cosine`` takes ratings less
    the item's mean. A smaller shrinkage than between items is usual, users having fewer ratings.

    Training only prepares the data; similarities are found when a user is scored, exactly, in one
    dense row of memory a thread. So users² is never stored, new users are scored from their history
    as trained ones are (a trained user, folded in as a new one, finds itself among the neighbours),
    and serving costs more than with ``item-knn``. Take it when users are few, or when the catalogue
    changes faster than people do. A score is a sum over other users: there are no reasons to show.

    Differences from peers: surprise and LensKit hold users × users, or the neighbours of every
    user, and have neither amplification nor damping.

    Attributes
    ----------
    trained_indptr_, trained_indices_, trained_data_ : CSR of the items × trained users
        The values that are compared; ``trained_norms_`` float32 (trained users, 2) with them.
    vote_indptr_, vote_indices_, vote_data_ : CSR of the trained users × items
        Residuals ``r_vi - b_vi``, or strengths.
    item_reference_, mean_length_ : float32 (n_items,) and scalar
        Mean or idf of each item, and the mean sum of a user's values.
    user_itself_ : int32 (n_users,)
        The trained user that each user is; -1 for a new one.

    References
    ----------
    J. Herlocker, J. Konstan, A. Borchers, J. Riedl (1999), "An algorithmic framework for performing
    collaborative filtering", SIGIR. Y. Koren (2010), "Factor in the neighbors: scalable and
    accurate collaborative filtering", TKDD 4.
    """

    trained_indptr_: Int64
    trained_indices_: Int32
    trained_data_: Float32
    trained_norms_: Float32
    vote_indptr_: Int64
    vote_indices_: Int32
    vote_data_: Float32
    item_reference_: Float32
    mean_length_: np.float32
    user_itself_: Int32

    def stored_bytes(self, size: Size) -> int:
        """Return what the histories, what is compared and the votes take."""
        return super().stored_bytes(size) + 16 * (size.users + size.pairs)

    def _learn(self, known: CSR) -> None:
        everyone = np.arange(known.n_rows, dtype=np.int32)
        self.user_itself_ = everyone
        of_item, mean_length = reference(self.config, known)
        self.item_reference_, self.mean_length_ = of_item, np.float32(mean_length)
        rows = self._compared(everyone)
        self.trained_norms_ = norms(self.config.measure(), rows)
        self.trained_indptr_, self.trained_indices_, self.trained_data_, _ = rows.transpose()
        self.vote_indptr_, self.vote_indices_, self.vote_data_, _ = self._votes(everyone)

    def _compared(self, user_idx: Int32) -> CSR:
        if self.config.similarity == "pearson-baseline":
            return self._votes(user_idx)
        to = Reference(self.item_reference_, float(self.mean_length_))
        return comparable(self.config, self._history(user_idx), to)

    def _poll(self, user_idx: Int32) -> Poll:
        config, n_trained = self.config, len(self.trained_norms_)
        trained = CSR(self.trained_indptr_, self.trained_indices_, self.trained_data_, n_trained)
        measure, rows = config.measure(), self._compared(user_idx)
        found = nearest(
            measure,
            rows,
            trained,
            (norms(measure, rows), self.trained_norms_),
            self.user_itself_[user_idx],
            config.neighbours,
        )
        n_items = len(self.item_counts_)
        votes = CSR(self.vote_indptr_, self.vote_indices_, self.vote_data_, n_items)
        return Poll(found, votes, True, config.k, config.damping)

    def _fold_in(self, history: CSR) -> None:
        super()._fold_in(history)
        self.user_itself_ = np.full(history.n_rows, -1, np.int32)
