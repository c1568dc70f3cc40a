"""A file of lists → the answers of a model that would have made them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from recsys_cli.answers import Answers
from recsys_cli.data import Bool, Float64, Int64
from recsys_cli.errors import DataError
from recsys_cli.evaluation import Evaluator
from recsys_cli.loaders._listed import Listed


class _Rows(NamedTuple):
    """What a file lists for users who are evaluated: position, item (-1: unknown) and score."""

    at: Int64
    item: Int64
    score: Float64

    def take(self, rows: Int64 | Bool) -> _Rows:
        return _Rows(self.at[rows], self.item[rows], self.score[rows])


def answered(listed: Listed, evaluator: Evaluator, depth: int) -> tuple[Answers, dict[str, int]]:
    """Return the lists of a file as a model would have answered them, and what is odd in them.

    An unknown item and one that the user has seen keep their places and are misses. With candidate
    lists, all that is not in the user's is left out before places are counted.
    """
    part, n_items = evaluator.part, evaluator.part.pairs.n_items
    _refuse_twice(listed)
    rows, unknown = _rows(listed, evaluator)
    outside = 0
    if evaluator.lists is not None:
        items = evaluator.lists.items
        inside = np.isin(rows.at * n_items + rows.item, items.row_of() * n_items + items.indices)
        rows, outside = rows.take(inside), int(np.count_nonzero(~inside))
    length = np.bincount(rows.at, minlength=len(part.users))
    place = np.arange(len(rows.at)) - (np.cumsum(length) - length)[rows.at]
    rows, place = rows.take(place < depth), place[place < depth]
    answers = Answers(
        items=np.full((len(part.users), depth), -1, np.int32),
        scores=np.full((len(part.users), depth), -np.inf),  # a file's own, in all their digits
        auc=np.zeros(len(part.users)),
        predicted=np.zeros(0, np.float32),
    )
    answers.items[rows.at, place] = rows.item
    answers.scores[rows.at, place] = 1 / (place + 1) if listed.by != "score" else rows.score
    seen = np.isin(rows.at * n_items + rows.item, part.seen.row_of() * n_items + part.seen.indices)
    own = length[part.ranked_at]
    return answers, {
        "unknown_users": unknown,
        "users_without_list": int(np.count_nonzero(own == 0)),
        "short_lists": int(np.count_nonzero((own > 0) & (own < depth))),
        "unknown_items": int(np.count_nonzero(rows.item < 0)),
        "seen_items": int(np.count_nonzero(seen & (rows.item >= 0))),
        "items_outside_candidates": outside,
    }


def _refuse_twice(listed: Listed) -> None:
    first: dict[tuple[str, str], int] = {}
    for row, pair in enumerate(zip(listed.user, listed.item, strict=True)):
        if first.setdefault(pair, row) != row:
            raise DataError(
                f'item "{pair[1]}" is listed twice for user "{pair[0]}", first in '
                f"{listed.place(first[pair])}",
                where=listed.where(row),
                hint="a list holds an item once: drop the repetition",
            )


def _rows(listed: Listed, evaluator: Evaluator) -> tuple[_Rows, int]:
    """Return the rows of users who are evaluated, best first, and how many users are unknown."""
    part, data = evaluator.part, evaluator.part.pairs
    position = np.full(data.n_users + 1, -1, np.int64)
    position[part.users[part.ranked_at]] = part.ranked_at
    user, item = data.users.index(listed.user), data.items.index(listed.item)
    unknown = len({id_ for id_, index in zip(listed.user, user, strict=True) if index < 0})
    value = np.zeros(len(user)) if listed.value is None else listed.value
    rows = _Rows(position[user], item.astype(np.int64), value)
    rows = rows.take(rows.at >= 0)
    if not len(rows.at):
        raise DataError(
            "lists nothing for any user of the test part with a relevant item",
            where=str(listed.path),
            hint=f"its ids must be those of the data, such as user {data.users[0]}",
        )
    best = -rows.score if listed.by == "score" else rows.score
    return rows.take(np.lexsort((best, rows.at))), unknown


def order(listed: Listed) -> str | None:
    """Return a sentence on what orders the lists, if that is not plain."""
    if listed.by is None:
        return "No rank or score: the first line of a user is its best."
    if listed.unread:
        return f"Ordered by {listed.by}, not by {', '.join(listed.unread)}."
    return None


def notes(counts: dict[str, int], depth: int) -> list[str]:
    """Return one sentence for each thing that is odd in lists, so that none is counted silently."""
    says = {
        "unknown_users": "users of the file are unknown to the data, and ignored",
        "users_without_list": "users of the test part have no list, and score 0",
        "short_lists": f"lists are shorter than {depth}, the largest cutoff",
        "unknown_items": "items listed are unknown to the data: each keeps its place, as a miss",
        "seen_items": "items listed are known to their user: each keeps its place, as a miss",
        "items_outside_candidates": "items listed are not among the user's candidates: left out",
    }
    return [f"{counts[key]:,} {text}." for key, text in says.items() if counts[key]]
