"""Models that score by factors and biases: mean + b_u + b_i + p_u · q_i."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

import numpy as np

from recsys_cli import threads
from recsys_cli.data import Float32, Int32, Int64
from recsys_cli.models._base import Model, ModelConfig
from recsys_cli.models._blocks import best_of_blocks, rows_at_once
from recsys_cli.models._size import Size
from recsys_cli.models._topk import top_k

C = TypeVar("C", bound=ModelConfig)
_PAIR_BLOCK = 1 << 16
#: Scores computed at a time: a MB of them.
_PART = 1 << 18
#: Fewest items of a part: of a few, BLAS takes a product with a vector, whose last bits differ.
_LEAST_ITEMS = 64
#: Lengths of rows between which float32 holds the squares that they are made of.
_SHORT, _LONG = 1e-13, 1e18
#: Users whose scores are computed together: many, but so few that all threads have some.
_LEAST_USERS, _USERS, _LEAST_BLOCKS = 32, 512, 32
#: Matrices of factors × factors that solving for a user takes: the Gramian, the user's own part,
#: their sum, and LAPACK's copy. So many bytes of them are held of several users at most.
_SQUARES, _SOLVED = 4, 8 << 20


class FactorModel(Model[C], Generic[C]):
    """A model of user and item factors, with or without biases.

    Attributes
    ----------
    user_factors_, item_factors_ : ndarray of float32, shape (n_users, f), (n_items, f)
        P and Q. Rows of cold users and items are zero.
    user_bias_, item_bias_ : ndarray of float32, shape (n_users,), (n_items,), optional
        Set by models that have biases.
    mean_ : float32 scalar, optional
        The mean rating, set by models that predict ratings.
    """

    users_are_rows = True
    similarities_reach = 1.0

    user_factors_: Float32
    item_factors_: Float32
    user_bias_: Float32 | None = None
    item_bias_: Float32 | None = None
    mean_: np.float32 = np.float32(0)

    def stored_bytes(self, size: Size) -> int:
        """Return what the factors and one bias a row take."""
        width = getattr(self.config, "factors", 0) + 1
        return super().stored_bytes(size) + 4 * width * (size.users + size.items)

    def score_bytes(self, size: Size) -> int:
        """Return nothing to speak of where scores are made part by part."""
        return 0 if self._scores_in_parts else super().score_bytes(size)

    def fold_bytes(self, size: Size) -> int:
        """Return what new factors take, and in each thread the equations of one user or a few."""
        squares = _SQUARES * 8 * getattr(self.config, "factors", 0) ** 2
        return super().fold_bytes(size) + threads.count() * max(_SOLVED, squares)

    def _score(self, user_idx: Int32) -> Float32:
        return self._scorer(user_idx)(slice(None))

    def score_parts(self, user_idx: Int32) -> Iterator[Float32]:
        """Yield scores as :class:`Model` does, so few at once that they stay in the cache."""
        if not self._scores_in_parts:
            yield from super().score_parts(user_idx)
            return
        scores = self._scorer(np.maximum(user_idx, 0))
        for start, stop in _spans(len(self.item_counts_), _PART // max(1, len(user_idx))):
            part = scores(slice(start, stop))
            self._score_cold(part, user_idx, start)
            yield part

    def users_at_once(self, count: int) -> int:
        """Return how many of so many users one thread had best ask :meth:`score_parts` for."""
        if not self._scores_in_parts:
            return super().users_at_once(count)
        return min(_USERS, max(_LEAST_USERS, -(-count // _LEAST_BLOCKS)))

    @property
    def _scores_in_parts(self) -> bool:
        """Whether :meth:`_scorer` is all that scores; a subclass may have its own ``_score``."""
        return type(self)._score is FactorModel._score

    def _scorer(self, user_idx: Int32) -> Callable[[slice], Float32]:
        """Return what scores a run of items, float32 (b, m), for these users."""
        users = self.user_factors_[user_idx]
        shift = None
        if self.user_bias_ is not None:
            shift = (self.user_bias_[user_idx] + self.mean_)[:, None]

        def scores(items: slice) -> Float32:
            found: Float32 = users @ self.item_factors_[items].T
            if self.item_bias_ is not None:
                found += self.item_bias_[items]
            if shift is not None:
                found += shift
            return found

        return scores

    def predict(self, user_idx: Int32, item_idx: Int32, timestamp: Int64 | None = None) -> Float32:
        """Return mean + b_u + b_i + p_u · q_i of each pair, float32 (n,)."""
        if not self.predicts_ratings:
            return super().predict(user_idx, item_idx, timestamp)

        def block(start: int, stop: int) -> Float32:
            users, items = user_idx[start:stop], item_idx[start:stop]
            rating: Float32 = np.einsum(
                "nf,nf->n", self.user_factors_[users], self.item_factors_[items]
            )
            rating += self.mean_
            if self.user_bias_ is not None:
                rating += self.user_bias_[users]
            if self.item_bias_ is not None:
                rating += self.item_bias_[items]
            return rating

        parts = threads.map_blocks(block, len(user_idx), _PAIR_BLOCK)
        return np.concatenate(parts) if parts else np.empty(0, np.float32)

    def similar_items(self, item_idx: Int32, k: int) -> tuple[Int32, Float32]:
        """Return the k nearest other items by the cosine of their factors, and the cosines.

        Unless the model scores new items, those without training interactions are never returned,
        and have no neighbours: -1, -inf.
        """
        unit = _unit(self.item_factors_)
        warm = (self.item_counts_ > 0) | self.scores_new_items

        def best(start: int, stop: int) -> tuple[Int32, Float32]:
            items = item_idx[start:stop]
            cosine = unit[items] @ unit.T
            cosine[np.arange(len(items)), items] = -np.inf
            cosine[~warm[items]] = -np.inf
            return top_k(cosine, k, candidates=warm)

        return best_of_blocks(best, len(item_idx), rows_at_once(len(warm)))


def _unit(rows: Float32) -> Float32:
    """Return rows scaled to length 1, whatever their scale; rows of zeros stay so."""
    lengths = np.linalg.norm(rows, axis=1)
    unit: Float32 = rows / np.maximum(lengths, _SHORT)[:, None]
    odd = np.flatnonzero(~((lengths > _SHORT) & (lengths < _LONG)))
    odd = odd[rows[odd].any(axis=1)]
    if len(odd):
        own = rows[odd] / np.abs(rows[odd]).max(axis=1, keepdims=True)
        unit[odd] = own / np.linalg.norm(own, axis=1, keepdims=True)
    return unit


def _spans(n: int, width: int) -> Iterator[tuple[int, int]]:
    """Yield where each part of n items begins and ends; what is left over goes with the last."""
    width = max(width, _LEAST_ITEMS)
    count = max(1, n // width)
    for at in range(count):
        yield at * width, n if at + 1 == count else (at + 1) * width
