"""Recommend from a run folder alone: raw ids in, titles out, for users known and unknown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from recsys_cli.byhand import ByHand, Given, History, load_filters
from recsys_cli.data import CSR, Int32
from recsys_cli.errors import NotFound, SpecError
from recsys_cli.models import MODELS
from recsys_cli.models._base import Model
from recsys_cli.models._topk import top_k
from recsys_cli.runs import FoldRun


@dataclass(frozen=True)
class Scored:
    """One recommended item: its id, its title (None where the data have none) and its score."""

    item: str
    title: str | None
    score: float


@dataclass(frozen=True)
class Recommendations:
    """The list of one user (None: a history given by hand), best first, and what to know of it."""

    user: str | None
    items: Sequence[Scored]
    note: str | None = None


class Recommender:
    """The model and the catalogue of one fold of a run.

    Parameters
    ----------
    fold : FoldRun
    exclude_seen : bool
        Leave out what a user is known to have interacted with.
    """

    def __init__(self, fold: FoldRun, *, exclude_seen: bool = True) -> None:
        self.model: Model[Any] = load_model(fold)
        self.catalog = fold.catalog
        self.exclude_seen = exclude_seen
        self._fold = fold
        self.candidates = (self.model.item_counts_ > 0) | (fold.candidates == "all")

    def require(self, users: Sequence[str]) -> None:
        """Raise NotFound, with the nearest ids, for the first user that the run does not know."""
        known = self.catalog.users
        for user in users:
            if user not in known:
                raise _unknown("user", user, self.catalog.nearest_users(user), known.ids)

    def for_users(self, ids: Sequence[str], k: int) -> list[Recommendations]:
        """Return the lists of users by id; one who is unknown gets popular items and a note."""
        index = self.catalog.users.index(ids)
        items, scores = self.top(index, k)
        return [
            Recommendations(
                user, self._titled(items[row], scores[row]), self._note(user, index[row])
            )
            for row, user in enumerate(ids)
        ]

    def for_history(self, history: History, k: int) -> Recommendations:
        """Return the list of a user never seen, known only by the items and values of a history.

        A value of None is what liking an item means: the largest rating, or 1 without a scale. A
        model of ratings needs every value. What the run's own data would not hold is left out; with
        nothing left, the list is of popular items. The note says so.

        Raises
        ------
        NotFound
            If an item is not in the catalogue; the hint names the nearest ids.
        SpecError
            If a value is missing where it is needed, outside the scale of the ratings, or not above
            0 where values are counts or strengths.
        """
        given = self.read(history)
        exclude = given.named if self.exclude_seen else None
        found = self.model.fold_in(given.row).recommend(
            np.zeros(1, np.int32), self._at_most(k), exclude=exclude, candidates=self.candidates
        )
        return Recommendations(None, self._titled(found[0][0], found[1][0]), given.note)

    def read(self, history: History) -> Given:
        """Return what a history given by hand comes to.

        Raises
        ------
        NotFound, SpecError
            As :meth:`for_history`.
        """
        return self._by_hand.read(history, self._items(list(history)))

    def similar(self, item: str, k: int) -> list[Scored]:
        """Return the k nearest other items of an item, with their similarity, which is never 0.

        Raises
        ------
        NotFound
            If the item is not in the catalogue.
        SpecError
            If the model has no notion of similar items.
        """
        if not hasattr(self.model, "similar_items"):
            raise SpecError(
                f"{self.model.spec_name()} has no similar items",
                hint="recsys list models says which models have them",
            )
        items, scores = self.model.similar_items(self._items([item]), self._at_most(k))
        return [one for one in self._titled(items[0], scores[0]) if one.score]

    def knows(self, item: str) -> bool:
        """Whether the model can tell an item from others: by its training data, or its features.

        Raises
        ------
        NotFound
            If the item is not in the catalogue.
        """
        index = self._items([item])[0]
        return self.model.scores_new_items or bool(self.model.item_counts_[index])

    def factors(self, k: int) -> list[list[Scored]]:
        """Return, for each factor, the k items with the largest loading on it.

        Raises
        ------
        SpecError
            If the model has no factors.
        """
        loadings = getattr(self.model, "item_factors_", None)
        if loadings is None:
            raise SpecError(
                f"{self.model.spec_name()} has no factors", hint="ask a run of a factor model"
            )
        items, values = top_k(loadings.T.copy(), self._at_most(k), candidates=self.candidates)
        return [self._titled(row, scores) for row, scores in zip(items, values, strict=True)]

    def top(self, user_idx: Int32, k: int) -> tuple[Int32, np.ndarray[Any, Any]]:
        """Return the best items (b, k) and scores of users by index; -1 is a user never seen.

        A user with a history that was never trained on is folded in. No row is longer than there
        are items, whatever k.
        """
        k = self._at_most(k)
        known = np.maximum(user_idx, 0)
        trained = (user_idx >= 0) & (self.model.user_counts_[known] > 0)
        items = np.full((len(user_idx), k), -1, np.int32)
        scores = np.full((len(user_idx), k), -np.inf, np.float32)
        for rows, folded in ((np.flatnonzero(trained), False), (np.flatnonzero(~trained), True)):
            if not len(rows):
                continue
            users = user_idx[rows]
            model, index = self.model, users
            if folded:
                model = self.model.fold_in(self._rows(self.catalog.history, users))
                index = np.arange(len(users), dtype=np.int32)
            exclude = self._rows(self.catalog.seen, users) if self.exclude_seen else None
            items[rows], scores[rows] = model.recommend(
                index, k, exclude=exclude, candidates=self.candidates
            )
        return items, scores

    def served(self, user: str) -> tuple[Model[Any], int, CSR]:
        """Return the model that serves a user, its index of the user, and the user's history."""
        index = self.catalog.users.index([user])
        history = self._rows(self.catalog.history, index)
        if index[0] >= 0 and self.model.user_counts_[index[0]] > 0:
            return self.model, int(index[0]), history
        return self.model.fold_in(history), 0, history

    def title(self, item: str) -> str:
        """Return the title of an item, or its id where it has none.

        Raises
        ------
        NotFound
            If the item is not in the catalogue.
        """
        index = int(self._items([item])[0])
        return self.catalog.titles[index] if self.catalog.titles else item

    @cached_property
    def _by_hand(self) -> ByHand:
        return ByHand(self.model, self.catalog.scale, load_filters(self._fold))

    def _rows(self, read: Callable[[Int32], CSR], users: Int32) -> CSR:
        """Return what ``read`` knows of each user, and an empty row for -1."""
        known = users >= 0
        rows = read(users[known])
        counts = np.zeros(len(users), np.int64)
        counts[known] = np.diff(rows.indptr)
        indptr = np.concatenate(([0], np.cumsum(counts)))
        return CSR(indptr, rows.indices, rows.data, rows.n_cols)

    def _items(self, ids: list[str]) -> Int32:
        index = self.catalog.items.index(ids)
        if (index < 0).any():
            missing = ids[int(np.argmax(index < 0))]
            near = self.catalog.nearest_items(missing)
            raise _unknown("item", missing, near, self.catalog.items.ids)
        return index

    def _at_most(self, k: int) -> int:
        return min(k, self.catalog.n_items)

    def _titled(self, items: Int32, scores: np.ndarray[Any, Any]) -> list[Scored]:
        titles = self.catalog.titles
        return [
            Scored(self.catalog.items[i], titles[i] if titles else None, float(score))
            for i, score in zip(items.tolist(), scores, strict=True)
            if i >= 0
        ]

    def _note(self, user: str, index: int) -> str | None:
        if index < 0:
            return f'user "{user}" is unknown to this run: these are its most popular items'
        trained = self.model.user_counts_[index] > 0
        if not trained and not len(self.catalog.history(np.array([index], np.int32)).indices):
            return f'user "{user}" has no training history: these are the most popular items'
        return None


def _unknown(kind: str, id_: str, near: list[str], known: Sequence[str]) -> NotFound:
    hint = f"nearest ids: {', '.join(near)}" if near else f"ids are such as {', '.join(known[:3])}"
    return NotFound(f'no {kind} "{id_}" in this run', hint=hint)


def load_model(fold: FoldRun) -> Model[Any]:
    """Return the fitted model of one fold; the library that trained it is not needed."""
    document = dict(fold.model_config)
    cls = MODELS.get(document.pop("name"))
    return cls.from_arrays(cls.Config.model_validate(document), fold.model_arrays())
