"""Recommend from a run folder alone: raw ids in, titles out, for users known and unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from recsys_cli.data import CSR, Float32, Int32
from recsys_cli.errors import NotFound, SpecError
from recsys_cli.models._base import Model
from recsys_cli.models._topk import top_k
from recsys_cli.ranking import Lists, Ranker
from recsys_cli.runs import FoldRun
from recsys_cli.saved import Served
from recsys_cli.visible import quoted

if TYPE_CHECKING:
    from recsys_cli.byhand import ByHand, Given, History


@dataclass(frozen=True)
class Scored:
    """One item: its id, its title (None where the data have none) and its score."""

    item: str
    title: str | None
    score: float


@dataclass(frozen=True)
class Recommended(Scored):
    """One recommended item, ranked by its score.

    ``rating`` is what a model of ratings expects, clipped to their scale as in evaluation, where a
    score may lie beyond; ``std`` is its standard deviation, of a model that knows it. Else None.
    """

    rating: float | None
    std: float | None


@dataclass(frozen=True)
class Recommendations:
    """The list of one user (None: a history given by hand), best first, and what to know of it."""

    user: str | None
    items: Sequence[Recommended]
    note: str | None = None


class Recommender:
    """The model and the catalogue of one fold of a run.

    Parameters
    ----------
    fold : FoldRun
    exclude_seen : bool
        Leave out what a user is known to have interacted with.

    Attributes
    ----------
    model : Model
        What it knows of items; the users that it was trained on may be left on disk.
    catalog : StoredCatalog
    ranker : Ranker
    """

    def __init__(self, fold: FoldRun, *, exclude_seen: bool = True) -> None:
        served = Served(fold)
        self.model, self.catalog = served.model, fold.catalog
        self._fold = fold
        self._candidates = (self.model.item_counts_ > 0) | (fold.candidates == "all")
        self.ranker = Ranker(served.of, self.catalog, self._candidates, exclude_seen)

    def require(self, users: Sequence[str]) -> None:
        """Raise NotFound, with the nearest ids, for the first user that the run does not know."""
        index = self.catalog.user_idx(users)
        if (index < 0).any():
            missing = users[int(np.argmax(index < 0))]
            near = self.catalog.nearest_users(missing)
            raise _unknown("user", missing, near, self.catalog.users.ids)

    def for_users(self, ids: Sequence[str], k: int) -> list[Recommendations]:
        """Return the lists of users by id; one who is unknown gets popular items and a note."""
        index = self.catalog.user_idx(ids)
        lists = self.ranker.top(index, k)
        return [
            Recommendations(
                user, self._recommended(lists, row), self._note(user, index[row], lists.cold[row])
            )
            for row, user in enumerate(ids)
        ]

    def for_history(self, history: History, k: int) -> Recommendations:
        """Return the list of a user never seen, known only by the items and values of a history.

        A value of None is what liking an item means: the largest rating, or 1 without a scale. A
        model of ratings needs every value. What the run's own data would not hold is left out; with
        nothing left, or nothing given, the list is of popular items. The note says so.

        Raises
        ------
        NotFound
            If an item is not in the catalogue; the hint names the nearest ids.
        SpecError
            If a value is missing where it is needed, outside the scale of the ratings, or not above
            0 where values are counts or strengths.
        """
        given = self.read(history)
        lists = self.ranker.for_history(given.row, given.named, k)
        return Recommendations(None, self._recommended(lists, 0), given.note)

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
        items, values = top_k(loadings.T.copy(), self._at_most(k), candidates=self._candidates)
        return [self._titled(row, scores) for row, scores in zip(items, values, strict=True)]

    def served(self, user: str) -> tuple[Model[Any], int, CSR]:
        """Return the model that serves a user, its index of the user, and the user's history."""
        return self.ranker.served(int(self.catalog.user_idx([user])[0]))

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
        from recsys_cli.byhand import ByHand, load_filters

        return ByHand(self.model, self.catalog.scale, load_filters(self._fold))

    def _items(self, ids: list[str]) -> Int32:
        index = self.catalog.item_idx(ids)
        if (index < 0).any():
            missing = ids[int(np.argmax(index < 0))]
            near = self.catalog.nearest_items(missing)
            raise _unknown("item", missing, near, self.catalog.items.ids)
        return index

    def _at_most(self, k: int) -> int:
        return min(k, self.catalog.n_items)

    def _recommended(self, lists: Lists, row: int) -> list[Recommended]:
        return [
            Recommended(*self._named(item), score, rating, std)
            for item, score, rating, std in lists.row(row)
        ]

    def _titled(self, items: Int32, scores: Float32) -> list[Scored]:
        pairs = zip(items.tolist(), scores.tolist(), strict=True)
        return [Scored(*self._named(item), score) for item, score in pairs if item >= 0]

    def _named(self, item: int) -> tuple[str, str | None]:
        titles = self.catalog.titles
        return self.catalog.items[item], titles[item] if titles else None

    def _note(self, user: str, index: int, cold: bool) -> str | None:
        if index < 0:
            return f"user {quoted(user)} is unknown to this run: these are its most popular items"
        if not cold:
            return None
        if len(self.catalog.history(np.array([index], np.int32)).indices):
            lack = f"has a history of which {self.model.spec_name()} can make nothing"
        else:
            lack = "has no training history"
        return f"user {quoted(user)} {lack}: these are the most popular items"


def _unknown(kind: str, id_: str, near: list[str], known: Sequence[str]) -> NotFound:
    hint = f"nearest ids: {', '.join(near)}" if near else f"ids are such as {', '.join(known[:3])}"
    return NotFound(f"no {kind} {quoted(id_)} in this run", hint=hint)
