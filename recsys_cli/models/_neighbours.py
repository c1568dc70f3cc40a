"""What item-knn and user-knn share: the baseline of ratings, and scores that are votes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Generic, Literal, TypeVar

import numpy as np

from recsys_cli.data import CSR, Float32, Int32, Int64, Interactions, SideFeatures
from recsys_cli.models._baseline import fit_baseline, fold_baseline, residuals
from recsys_cli.models._comparable import NeighbourConfig, strengths
from recsys_cli.models._history import HistoryModel
from recsys_cli.models._size import Size
from recsys_cli.models._sparse import times_sparse
from recsys_cli.models._votes import Poll, add_votes

C = TypeVar("C", bound=NeighbourConfig)
#: Users whose neighbours are held at a time.
_USERS = 4096


class NeighbourModel(HistoryModel[C], Generic[C]):
    """A model of neighbours for ratings or for implicit feedback.

    Attributes
    ----------
    mean_, user_bias_, item_bias_ : float32 scalar, (n_users,) and (n_items,)
        The baseline b_ui; all 0 for implicit feedback.
    """

    # Of the default target, ratings.
    feedback: Literal["explicit", "implicit"] = "explicit"
    predicts_ratings = True

    mean_: np.float32
    user_bias_: Float32
    item_bias_: Float32

    def __init__(self, config: C | None = None, **parameters: object) -> None:
        super().__init__(config, **parameters)
        if self.config.target == "implicit":
            self.feedback, self.predicts_ratings = "implicit", False
        if self.config.similarity == "cosine":
            self.similarities_reach = 1.0

    def score_bytes(self, size: Size) -> int:
        """Return what the votes for a block of ratings take, and the ratings."""
        return (5 if self.predicts_ratings else 2) * size.block

    def _train(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> Iterator[float | None]:
        config, known = self.config, train.csr
        if self.predicts_ratings:
            baseline = fit_baseline(known, config.reg_user, config.reg_item)
            self.mean_, self.user_bias_, self.item_bias_ = baseline
        else:
            self.mean_ = np.float32(0)
            self.user_bias_ = np.zeros(train.n_users, np.float32)
            self.item_bias_ = np.zeros(train.n_items, np.float32)
        self._keep(known if self.predicts_ratings else strengths(known))
        self._learn(known)
        yield from ()

    @abstractmethod
    def _learn(self, known: CSR) -> None:
        """Learn from the histories of all users, which are kept, and the baseline."""

    @abstractmethod
    def _poll(self, user_idx: Int32) -> Poll:
        """Return who votes for what to the given users."""

    def _votes(self, user_idx: Int32) -> CSR:
        """Return the histories' residuals, or strengths of implicit feedback."""
        history = self._history(user_idx)
        if not self.predicts_ratings:
            return history
        return residuals(history, self.mean_, self.user_bias_[user_idx], self.item_bias_)

    def _score(self, user_idx: Int32) -> Float32:
        starts = range(0, max(1, len(user_idx)), _USERS)
        return np.concatenate([self._score_block(user_idx[at : at + _USERS]) for at in starts])

    def _score_block(self, user_idx: Int32) -> Float32:
        poll = self._poll(user_idx)
        if not self.predicts_ratings:
            return times_sparse(poll.rows, poll.votes)
        n, b = len(self.item_counts_), len(user_idx)
        base = (self.mean_ + self.user_bias_[user_idx])[:, None] + self.item_bias_
        items = np.tile(np.arange(n, dtype=np.int32), b)
        indptr = np.arange(b + 1, dtype=np.int64) * n
        return add_votes(poll, CSR(indptr, items, base.ravel(), n)).reshape(b, n)

    def predict(self, user_idx: Int32, item_idx: Int32, timestamp: Int64 | None = None) -> Float32:
        """Return b_ui + the weighted mean of the k nearest residuals of each pair, float32 (n,)."""
        if not self.predicts_ratings:
            return super().predict(user_idx, item_idx, timestamp)
        n = len(self.item_counts_)
        keys, back = np.unique(user_idx.astype(np.int64) * n + item_idx, return_inverse=True)
        pair_user, items = np.divmod(keys, n)
        users, first = np.unique(pair_user, return_index=True)
        base = self.mean_ + self.user_bias_[pair_user] + self.item_bias_[items]
        bounds = np.append(first, len(keys)).astype(np.int64)
        rating = np.empty(len(keys), np.float32)
        for start in range(0, len(users), _USERS):
            chosen = users[start : start + _USERS].astype(np.int32)
            ends = bounds[start : start + len(chosen) + 1]
            here = slice(ends[0], ends[-1])
            want = CSR(ends - ends[0], items[here].astype(np.int32), base[here], n)
            rating[here] = add_votes(self._poll(chosen), want)
        return rating[back]

    def _fold_in(self, history: CSR) -> None:
        if self.predicts_ratings:
            self._keep(history)
            self.user_bias_ = fold_baseline(
                history, self.mean_, self.item_bias_, self.config.reg_user
            )
        else:
            self._keep(strengths(history))
            self.user_bias_ = np.zeros(history.n_rows, np.float32)
