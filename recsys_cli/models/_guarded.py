"""Where the guard stands: around the public methods of every model."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from recsys_cli.data import CSR, Bool, Int32
from recsys_cli.errors import DataError
from recsys_cli.models._guard import (
    fits,
    largest,
    numbers,
    require_finite,
    require_history,
    require_index,
    require_length,
    require_lists,
    require_similar,
    sound,
)

F = TypeVar("F", bound=Callable[..., Any])
#: What a method has that is guarded already.
_MARK = "_guarded"


class Guarded:
    """Stands around the public methods of each subclass, whatever class it has them from."""

    #: The largest magnitude that a similarity of items can have: 1 of cosines.
    similarities_reach: float = np.inf

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name, around in _AROUND.items():
            method = getattr(cls, name, None)
            if callable(method) and not hasattr(method, _MARK):
                setattr(cls, name, around(method))


def _scoring(method: F) -> F:
    def guarded(self: Any, user_idx: Int32, **more: Any) -> Any:
        require_index(user_idx, len(self.user_counts_), "user_idx", least=-1)
        with sound(self):
            scores = method(self, user_idx, **more)
        require_finite(self, np.isfinite(largest(scores)), "score")
        return scores

    return _like(method, guarded)


def _scoring_parts(method: F) -> F:
    """Of the parts, what is listed is looked at, which costs no pass over all of them."""

    def guarded(self: Any, user_idx: Int32, **more: Any) -> Any:
        require_index(user_idx, len(self.user_counts_), "user_idx", least=-1)
        with sound(self):
            return method(self, user_idx, **more)

    return _like(method, guarded)


def _recommending(method: F) -> F:
    def guarded(
        self: Any,
        user_idx: Int32,
        k: int,
        *,
        exclude: CSR | None = None,
        candidates: Bool | None = None,
        **more: Any,
    ) -> Any:
        shape = (len(user_idx), len(self.item_counts_))
        require_index(user_idx, len(self.user_counts_), "user_idx", least=-1)
        require_length(k)
        if exclude is not None and not fits(exclude, shape):
            raise DataError("the items to exclude do not fit the users and the model's items")
        if candidates is not None and candidates.shape != shape[1:]:
            raise DataError(f"candidates are not one of each of the model's {shape[1]:,} items")
        with sound(self):
            named = {"exclude": exclude, "candidates": candidates, **more}
            items, scores = method(self, user_idx, k, **named)
        require_lists(self, items, scores, exclude, candidates)
        return items, scores

    return _like(method, guarded)


def _folding(method: F) -> F:
    def guarded(self: Any, history: CSR) -> Any:
        require_history(history, len(self.item_counts_))
        with sound(self):
            folded = method(self, history)
        before = self.arrays()
        for name, array in numbers(folded):
            new = array is not before.get(name)
            require_finite(folded, not new or np.isfinite(largest(array)), f"value of {name}")
        return folded

    return _like(method, guarded)


def _predicting(method: F) -> F:
    def guarded(self: Any, user_idx: Int32, item_idx: Int32, *more: Any, **named: Any) -> Any:
        require_index(user_idx, len(self.user_counts_), "user_idx")
        require_index(item_idx, len(self.item_counts_), "item_idx")
        beside = (item_idx, *more, *named.values())
        if any(part is not None and len(part) != len(user_idx) for part in beside):
            raise DataError("user_idx, item_idx and timestamp must be of one length")
        with sound(self):
            found = method(self, user_idx, item_idx, *more, **named)
        require_finite(self, np.isfinite(found).all(), "predicted rating")
        return found

    return _like(method, guarded)


def _finding_similar(method: F) -> F:
    def guarded(self: Any, item_idx: Int32, k: int, **more: Any) -> Any:
        require_index(item_idx, len(self.item_counts_), "item_idx")
        require_length(k)
        with sound(self):
            items, scores = method(self, item_idx, k, **more)
        require_similar(self, scores[items >= 0])
        return items, scores

    return _like(method, guarded)


def _explaining(method: F) -> F:
    def guarded(self: Any, user_idx: int, item_idx: Int32, history: CSR, **more: Any) -> Any:
        require_index([user_idx], len(self.user_counts_), "user_idx")
        require_index(item_idx, len(self.item_counts_), "item_idx")
        require_history(history, len(self.item_counts_))
        with sound(self):
            found = method(self, user_idx, item_idx, history, **more)
        require_finite(self, all(np.isfinite(part).all() for part in found), "reason")
        return found

    return _like(method, guarded)


def _like(method: F, guarded: Callable[..., Any]) -> F:
    setattr(guarded, _MARK, True)
    return functools.wraps(method)(guarded)  # type: ignore[return-value]


_AROUND = {
    "score": _scoring,
    "score_parts": _scoring_parts,
    "recommend": _recommending,
    "fold_in": _folding,
    "predict": _predicting,
    "predict_std": _predicting,
    "similar_items": _finding_similar,
    "explain": _explaining,
    "_explain": _explaining,
}
