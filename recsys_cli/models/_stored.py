"""A saved model read by parts: what serves every user, and the rows of some users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

#: What the names of arrays begin with that have a row for each user.
_USERS = "user_"
#: The matrix users × items of a model that scores from histories.
_HISTORY = ("history_indptr", "history_indices", "history_data")


class Stored(Protocol):
    """An array that is not read yet."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape."""

    def whole(self) -> NDArray[Any]:
        """Return the array."""

    def rows(self, start: int, stop: int) -> NDArray[Any]:
        """Return some rows, reading no others."""


def of_everyone(arrays: Mapping[str, Stored]) -> dict[str, NDArray[Any]]:
    """Return the arrays that are not by user."""
    return {name: array.whole() for name, array in arrays.items() if not _by_user(name)}


def of_users(arrays: Mapping[str, Stored], users: Sequence[int]) -> dict[str, NDArray[Any]]:
    """Return the arrays by user, with the rows of the given users in their order."""
    found = {
        name: np.concatenate([array.rows(0, 0), *(array.rows(u, u + 1) for u in users)])
        for name, array in arrays.items()
        if name.startswith(_USERS)
    }
    if _HISTORY[0] in arrays:
        ends, *parts = (arrays[name] for name in _HISTORY)
        spans = [ends.rows(user, user + 2).tolist() for user in users]
        lengths = [stop - start for start, stop in spans]
        found[_HISTORY[0]] = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
        for name, part in zip(_HISTORY[1:], parts, strict=True):
            found[name] = np.concatenate([part.rows(0, 0), *(part.rows(*span) for span in spans)])
    return found


def of_all_users(arrays: Mapping[str, Stored]) -> dict[str, NDArray[Any]]:
    """Return the arrays by user."""
    return {name: array.whole() for name, array in arrays.items() if _by_user(name)}


def _by_user(name: str) -> bool:
    return name.startswith(_USERS) or name in _HISTORY
