"""Scores of several models made one: brought to one scale, weighted; and how weights are found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from recsys_cli import threads
from recsys_cli.data import CSR, Bool, Float32, Float64, Int32, Int64, Interactions
from recsys_cli.models._base import Model
from recsys_cli.models._blocks import BLOCK_SCORES
from recsys_cli.models._size import Size
from recsys_cli.models._topk import top_k

Blend = Literal["linear", "z-score", "rank"]
#: Added to every rank, so that the first few do not decide alone (Cormack et al. 2009).
_RANK_OFFSET = 60
#: Length of the lists, and the most users, by which weights are judged.
_DEPTH, _USERS = 10, 1000
#: What bringing scores to the common scale takes, in times of what they take: float64 and int64
#: are twice as wide, and ranks are there in rows, as one array, as quotients and rounded.
_ROOM: dict[Blend, int] = {"linear": 0, "z-score": 2, "rank": 6}
#: Part of the largest score below which a deviation is but rounding.
_ROUNDING = 1e-6


def voted(model: Model[Any], user_idx: Int32, blend: Blend) -> Float32:
    """Return a model's scores on the common scale, 0 for users who are cold to it.

    The popularity that would serve them is not what the model has to say.
    """
    votes = scaled(model.score(user_idx), blend)
    votes[model.is_cold(user_idx)] = 0
    return votes


def voting_bytes(blend: Blend, members: int, block: int) -> int:
    """Return what the votes of all members take, their sum, and bringing one to scale.

    Parameters
    ----------
    blend : Blend
    members : int
    block : int
        Bytes of the scores of one.
    """
    return (members + 1 + _ROOM[blend]) * block


def searching_bytes(blend: Blend, members: int, size: Size) -> int:
    """Return what :func:`ranking_weights` takes: the votes, and in each thread a sum of them."""
    block = 4 * size.items * _judging(size.users, size.items)
    return voting_bytes(blend, members, block) + 2 * threads.count() * block


def _judging(users: int, items: int) -> int:
    """Return how many of so many users are asked at most when weights are judged."""
    return min(_USERS, max(1, 8 * BLOCK_SCORES // items), users)


def scaled(scores: Float32, blend: Blend) -> Float32:
    """Return the rows of one model's scores on the scale on which they are added up."""
    if blend == "linear":
        return scores
    if blend == "rank":
        ranks = np.array([_ranks(row) for row in scores]).reshape(scores.shape)
        return (1 / (_RANK_OFFSET + ranks)).astype(np.float32)
    scale, shift = scaling(scores, blend)
    standard: Float32 = (scores * scale + shift).astype(np.float32)
    return standard


def scaling(scores: Float32, blend: Blend) -> tuple[Float64, Float64]:
    """Return the factor and the summand, both (b, 1), that bring each row to the common scale.

    A row of equal scores becomes 0.
    """
    if blend == "linear":
        return np.ones((len(scores), 1)), np.zeros((len(scores), 1))
    mean, deviation = moments(scores)
    scale = np.divide(1, deviation, out=np.zeros_like(deviation), where=deviation > 0)
    return scale, -mean * scale


def moments(scores: Float32, over: Bool | slice = slice(None)) -> tuple[Float64, Float64]:
    """Return the mean and the deviation of each row of scores, both float64 (b, 1).

    Only the columns ``over`` are read. A row of equal scores has deviation 0.
    """
    counted = scores[:, over]
    mean = counted.mean(axis=1, keepdims=True, dtype=np.float64)
    deviation = np.sqrt(np.mean((counted - mean) ** 2, axis=1, keepdims=True))
    least = _ROUNDING * np.abs(counted).max(axis=1, keepdims=True)
    return mean, np.where(deviation > least, deviation, 0)


def _ranks(row: Float32) -> Int64:
    """Return 1 + the number of higher scores; equal scores share a rank."""
    above: Int64 = len(row) - np.searchsorted(np.sort(row), row, side="right")
    return above + 1


def held_back(train: Interactions, share: float, rng: np.random.Generator) -> Bool:
    """Return a random share of the interactions; each user keeps one at least."""
    held = rng.random(len(train)) < share
    kept = np.bincount(train.user_idx[~held], minlength=train.n_users)
    return np.asarray(held & (kept[train.user_idx] > 0))


def rating_weights(members: Sequence[Model[Any]], held: Interactions) -> Float64:
    """Return the weights, at least 0, of the least squared error on ratings held back."""
    from scipy.optimize import nnls

    root = np.ones(len(held)) if held.weight is None else np.sqrt(held.weight)
    pairs = (held.user_idx, held.item_idx, held.timestamp)
    predicted = [member.predict(*pairs) * root for member in members]
    weights: Float64 = nnls(np.column_stack(predicted).astype(np.float64), held.value * root)[0]
    return weights


def ranking_weights(
    members: Sequence[Model[Any]],
    known: Interactions,
    held: Interactions,
    blend: Blend,
    trials: int,
    rng: np.random.Generator,
) -> Float64:
    """Return the weights of the best ndcg@10 on what was held back, by seeded random search.

    Tried are equal weights, each model alone, and ``trials`` points drawn uniformly from the
    simplex; the first of the best is taken. A thousand users at most are asked.
    """
    users = np.unique(held.user_idx)
    most = _judging(len(users), held.n_items)
    users = np.sort(rng.choice(users, most, replace=False))
    parts = [voted(member, users, blend) for member in members]
    seen, relevant = known.csr.rows(users), held.csr.rows(users)
    n = len(members)
    tried = np.vstack((np.full(n, 1 / n), np.eye(n), rng.dirichlet(np.ones(n), trials)))

    def value(at: int, _: int) -> float:
        return _ndcg(added(parts, tried[at]), seen, relevant, known.item_counts > 0)

    found = threads.map_blocks(value, len(tried), 1)
    best: Float64 = tried[int(np.argmax(found))]
    return best


def added(parts: Sequence[Float32], weights: Float64) -> Float32:
    """Return the weighted sum."""
    total = np.zeros_like(parts[0])
    for part, weight in zip(parts, weights, strict=True):
        total += np.float32(weight) * part
    return total


def _ndcg(scores: Float32, seen: CSR, relevant: CSR, candidates: Bool) -> float:
    """Return the mean ndcg@10 of the rows."""
    items, _ = top_k(scores, _DEPTH, seen, candidates)
    wanted = np.zeros(scores.shape, np.bool_)
    sizes = np.diff(relevant.indptr)
    wanted[relevant.row_of(), relevant.indices] = True
    hits = np.take_along_axis(wanted, np.maximum(items, 0), axis=1) & (items >= 0)
    discount = 1 / np.log2(np.arange(2, _DEPTH + 2))
    ideal = np.cumsum(discount)[np.minimum(sizes, _DEPTH) - 1]
    return float(np.mean(hits @ discount / ideal))
