"""Ask a model for its lists, its AUC and its ratings of a held-out part, users in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from recsys_cli import threads
from recsys_cli.among import rank_among
from recsys_cli.candidates import CandidateLists
from recsys_cli.data import CSR, Float32, Float64, Int32, Int64
from recsys_cli.heldout import HeldOut
from recsys_cli.listener import Listener
from recsys_cli.models._base import Model
from recsys_cli.models._blocks import rows_at_once
from recsys_cli.models._guard import require_finite, require_lists, sound
from recsys_cli.models._topk import LARGE, TopK

#: Users asked for, or folded in, at a time; progress is told between.
BLOCK = 8192


class Answers(NamedTuple):
    """What a model said, by position of the user; for ratings, by row of the part.

    ``items`` int32 (u, K), -1 past the end, with ``scores`` (u, K), float32 of a model and float64
    of a file, ``auc`` float64 (u,) and ``predicted`` float32 (n,), clipped to the scale. Users
    without a relevant item are not asked for lists: theirs are empty. ``place`` int64 (u,), only
    among candidate lists: the rank of the first relevant item by index, 0 where none is a
    candidate. ``next`` float32 (u,), only of a full ranking: the score of the best item that the
    list leaves out, -inf for none.
    """

    items: Int32
    scores: Float32 | Float64
    auc: Float64
    predicted: Float32
    place: Int64 | None = None
    next: Float32 | None = None


def ask(
    model: Model[Any],
    part: HeldOut,
    listener: Listener,
    *,
    depth: int,
    auc: bool,
    ratings: bool,
    lists: CandidateLists | None = None,
) -> Answers:
    """Return lists of ``depth`` (0: none), AUCs and predicted ratings, those that are wanted.

    With candidate ``lists``, a user's list and AUC are about his candidates alone.

    Raises
    ------
    Diverged
        If a score or a predicted rating is not finite.
    SpecError
        If ratings are wanted of a model that only ranks.
    """
    u = len(part.users)
    answers = Answers(
        items=np.full((u, depth), -1, np.int32),
        scores=np.full((u, depth), -np.inf, np.float32),
        auc=np.zeros(u),
        predicted=np.zeros(len(part.pairs) if ratings else 0, np.float32),
        place=None if lists is None else np.zeros(u, np.int64),
        next=None if lists is not None else np.full(u, -np.inf, np.float32),
    )
    with threads.single_blas(), sound(model):
        for start, stop, served, users in _served(model, part):
            listener.progress("evaluate", start, u)
            rows = start + np.flatnonzero(part.n_relevant[start:stop])
            if lists is not None and (depth or auc):
                _fill(answers, served, users[rows - start], rows, part, lists)
            elif depth or auc:
                _rank(answers, served, users[rows - start], rows, part, auc=auc)
            if ratings:
                low, high = np.searchsorted(part.pair_at, (start, stop))
                local = users[part.pair_at[low:high] - start]
                answers.predicted[low:high] = _predict(served, local, slice(low, high), part)
    listener.progress("evaluate", u, u)
    return answers


def _served(model: Model[Any], part: HeldOut) -> Iterator[tuple[int, int, Model[Any], Int32]]:
    """Yield ranges of positions with the model that serves them and its indices of them."""
    for start in range(0, part.n_trained, BLOCK):
        stop = min(start + BLOCK, part.n_trained)
        yield start, stop, model, part.users[start:stop]
    for start in range(part.n_trained, len(part.users), BLOCK):
        stop = min(start + BLOCK, len(part.users))
        folded = model.fold_in(part.history(start, stop))
        yield start, stop, folded, np.arange(stop - start, dtype=np.int32)


def _fill(
    answers: Answers,
    model: Model[Any],
    users: Int32,
    rows: Int64,
    part: HeldOut,
    lists: CandidateLists,
) -> None:
    found = rank_among(model, users, rows, part, lists, depth=answers.items.shape[1])
    require_finite(model, found.finite.all(), "score")
    assert answers.place is not None
    answers.items[rows], answers.scores[rows] = found.items, found.scores
    answers.auc[rows], answers.place[rows] = found.auc, found.place


def _rank(
    answers: Answers, model: Model[Any], users: Int32, rows: Int64, part: HeldOut, *, auc: bool
) -> None:
    """Score all items once, and fill in what is made of the scores, block by block."""
    depth, n_items = answers.items.shape[1], part.pairs.n_items
    candidates = None if part.candidates.all() else part.candidates
    # An AUC is of all scores of a user; a short list can be made of one part after the other.
    whole = auc or depth >= LARGE

    def block(start: int, stop: int) -> None:
        at, asked = rows[start:stop], users[start:stop]
        seen = part.seen.rows(at)
        # One more than is shown: whether its score is the last one's tells what cut the list.
        top = TopK((len(at), n_items), depth + 1, seen, candidates) if depth else None
        for scores in [model.score(asked)] if whole else model.score_parts(asked):
            if auc:
                answers.auc[at] = _auc(scores, seen, part.relevant.rows(at), part)
                require_finite(model, np.isfinite(answers.auc[at]).all(), "score")
            if top is not None:
                top.add(scores)
        if top is not None:
            items, best = top.result()
            require_lists(model, items, best, seen, part.candidates)
            answers.items[at], answers.scores[at] = items[:, :depth], best[:, :depth]
            assert answers.next is not None
            answers.next[at] = best[:, depth]

    size = rows_at_once(n_items) if whole else model.users_at_once(len(rows))
    threads.map_blocks(block, len(rows), size)


def _auc(scores: Float32, seen: CSR, relevant: CSR, part: HeldOut) -> Float64:
    from recsys_cli.kernels.ranks import auc_rows

    out = np.empty(len(scores))
    auc_rows(scores, part.candidates, *seen[:2], *relevant[:2], out)
    return out


def _predict(model: Model[Any], users: Int32, rows: slice, part: HeldOut) -> Float32:
    time = part.pairs.timestamp
    rating = model.predict(users, part.pairs.item_idx[rows], None if time is None else time[rows])
    scale = part.split.train.scale
    return rating if scale is None else np.clip(rating, *scale)
