"""The lists of a run's users by index: of those trained on, those folded in, and those unknown."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Self

import numpy as np

from recsys_cli.data import CSR, Bool, Float32, Int32
from recsys_cli.models._base import Model
from recsys_cli.runs import StoredCatalog

#: What a :class:`Ranker` asks for the model that serves users.
Serving = Callable[[Int32], tuple[Model[Any], Int32]]
_NOBODY = np.empty(0, np.int32)


class Lists(NamedTuple):
    """The lists of b users, best first; each array but the last is (b, k).

    Attributes
    ----------
    items : ndarray of int32
        -1 past the end.
    scores : ndarray of float32
        What is ranked by; of a user without a history, popularity.
    ratings : ndarray of float32
        What a model of ratings expects, clipped to their scale; NaN of other models.
    stds : ndarray of float32
        Predictive standard deviations of the ratings; NaN of a model that knows none.
    cold : ndarray of bool, shape (b,)
        Whose list is of popular items, since the model has nothing to score the user from.
    """

    items: Int32
    scores: Float32
    ratings: Float32
    stds: Float32
    cold: Bool

    @classmethod
    def blank(cls, users: int, k: int) -> Self:
        """Return empty lists."""
        scores, ratings, stds = (
            np.full((users, k), value, np.float32) for value in (-np.inf, np.nan, np.nan)
        )
        items = np.full((users, k), -1, np.int32)
        return cls(items, scores, ratings, stds, np.zeros(users, np.bool_))

    def row(self, user: int) -> Iterator[tuple[int, float, float | None, float | None]]:
        """Yield item, score, rating and deviation (None: not told) of each place of one list."""
        arrays = (array[user].tolist() for array in self[:4])
        for item, score, *said in zip(*arrays, strict=True):
            if item >= 0:
                rating, std = (None if math.isnan(number) else number for number in said)
                yield item, score, rating, std


class Ranker:
    """A fitted model, asked for lists.

    Parameters
    ----------
    serving : callable
        Given users by index, returns the model that serves them and its indices of them; -1, a user
        never seen, stays -1. Of no users it may return a model that has none.
    catalog : StoredCatalog
    candidates : ndarray of bool, shape (n_items,)
        What may be recommended at all.
    exclude_seen : bool
        Leave out what a user is known to have interacted with.
    """

    def __init__(
        self, serving: Serving, catalog: StoredCatalog, candidates: Bool, exclude_seen: bool
    ) -> None:
        self.serving, self._catalog = serving, catalog
        self._candidates, self._exclude_seen = candidates, exclude_seen

    def top(self, user_idx: Int32, k: int) -> Lists:
        """Return the k best items of users by index; -1 is a user never seen.

        A user with a history that was never trained on is folded in. No list is longer than there
        are items, whatever k.
        """
        found = Lists.blank(len(user_idx), min(k, self._catalog.n_items))
        whole, local = self.serving(user_idx)
        trained = _trained(whole, local)
        for rows, folded in ((np.flatnonzero(trained), False), (np.flatnonzero(~trained), True)):
            if not len(rows):
                continue
            users = user_idx[rows]
            model, index = whole, local[rows]
            if folded:
                model = model.fold_in(self._rows(self._catalog.history, users))
                index = np.arange(len(users), dtype=np.int32)
            seen = self._rows(self._catalog.seen, users) if self._exclude_seen else None
            for all_, part in zip(found, self._lists(model, index, k, seen), strict=True):
                all_[rows] = part
        return found

    def for_history(self, history: CSR, named: CSR, k: int) -> Lists:
        """Return the list of one user folded in; ``named`` is all that this user has seen."""
        seen = named if self._exclude_seen else None
        model, _ = self.serving(_NOBODY)
        return self._lists(model.fold_in(history), np.zeros(1, np.int32), k, seen)

    def served(self, user_idx: int) -> tuple[Model[Any], int, CSR]:
        """Return the model that serves a user, its index of the user, and the user's history."""
        users = np.array([user_idx], np.int32)
        history = self._rows(self._catalog.history, users)
        model, local = self.serving(users)
        if _trained(model, local)[0]:
            return model, int(local[0]), history
        return model.fold_in(history), 0, history

    def _lists(self, model: Model[Any], users: Int32, k: int, seen: CSR | None) -> Lists:
        k = min(k, self._catalog.n_items)
        found = Lists.blank(len(users), k)
        found.cold[:] = model.is_cold(users)
        found.items[:], found.scores[:] = model.recommend(
            users, k, exclude=seen, candidates=self._candidates
        )
        if model.predicts_ratings:
            there = found.items >= 0
            pairs = (np.repeat(users, there.sum(axis=1)), found.items[there])
            low, high = self._catalog.scale or (-np.inf, np.inf)
            found.ratings[there] = np.clip(model.predict(*pairs), low, high)
            if hasattr(model, "predict_std"):
                found.stds[there] = model.predict_std(*pairs)
        return found

    def _rows(self, read: Callable[[Int32], CSR], users: Int32) -> CSR:
        """Return what ``read`` knows of each user, and an empty row for -1."""
        known = users >= 0
        rows = read(users[known])
        counts = np.zeros(len(users), np.int64)
        counts[known] = np.diff(rows.indptr)
        indptr = np.concatenate(([0], np.cumsum(counts)))
        return CSR(indptr, rows.indices, rows.data, rows.n_cols)


def _trained(model: Model[Any], users: Int32) -> Bool:
    """Return which users the model has training interactions of."""
    trained: Bool = users >= 0
    trained[trained] = model.user_counts_[users[trained]] > 0
    return trained
