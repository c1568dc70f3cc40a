"""A rating as the weighted mean of votes: for each item, of the k voters that weigh most."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from recsys_cli import threads
from recsys_cli.data import CSR, Float32, Float64, Int32, Int64
from recsys_cli.models._topk import SMALL

_ROWS = 64


class Poll(NamedTuple):
    """Who votes for what.

    ``rows`` × voters and ``votes``, voters × items: one holds positive weights and the other the
    values; ``rows_weigh`` says that it is ``rows`` that holds the weights. The mean of an item is
    ``sum(weight * value) / (damping + sum(weight))`` over the ``k`` voters of most weight; 0 where
    there are none.
    """

    rows: CSR
    votes: CSR
    rows_weigh: bool
    k: int
    damping: float


class Shares(NamedTuple):
    """The votes that count, of one row: item, the voter's place in the row, and what it adds."""

    item: Int32
    place: Int64
    share: Float64


def add_votes(poll: Poll, base: CSR) -> Float32:
    """Return base + mean of each (row, item) that ``base`` holds, parallel to ``base.data``."""
    if poll.rows.n_rows <= SMALL:
        out = base.data.copy()
        for row in range(poll.rows.n_rows):
            item, _, share = shares(poll, row)
            means = np.bincount(item, share, minlength=base.n_cols)
            here = slice(base.indptr[row], base.indptr[row + 1])
            out[here] += means[base.indices[here]]
        return out
    from recsys_cli.kernels.votes import mean_pairs, mean_rows

    means, by_item = np.empty_like(base.data), items_are_less(poll, base)
    votes, kernel = (poll.votes.transpose(), mean_pairs) if by_item else (poll.votes, mean_rows)

    def block(start: int, stop: int) -> None:
        matrices = (*poll.rows[:3], *votes, poll.rows_weigh, *base[:2])
        kernel(start, stop, *matrices, poll.k, poll.damping, means)

    threads.map_blocks(block, poll.rows.n_rows, _ROWS)
    return base.data + means


def items_are_less(poll: Poll, base: CSR) -> bool:
    """Say whether fewer votes are for the wanted items than are by the rows' voters."""
    for_items = np.bincount(poll.votes.indices, minlength=poll.votes.n_cols)[base.indices]
    by_voters = np.diff(poll.votes.indptr)[poll.rows.indices]
    return bool(len(poll.votes.indices) + for_items.sum() <= by_voters.sum())


def shares(poll: Poll, row: int) -> Shares:
    """Return what each counted voter of one row adds to the mean of each item."""
    here = slice(poll.rows.indptr[row], poll.rows.indptr[row + 1])
    votes = poll.votes.rows(poll.rows.indices[here])
    place = votes.row_of()
    own = poll.rows.data[here][place]
    weight, value = (own, votes.data) if poll.rows_weigh else (votes.data, own)
    order = np.argsort(-weight, kind="stable")
    order = order[np.argsort(votes.indices[order], kind="stable")]
    item = votes.indices[order]
    counts = np.bincount(item, minlength=votes.n_cols)
    rank = np.arange(len(item)) - np.repeat(np.cumsum(counts) - counts, counts)
    order = order[rank < poll.k]
    item, weight = votes.indices[order], weight[order].astype(np.float64)
    mass = poll.damping + np.bincount(item, weight, minlength=votes.n_cols)
    return Shares(item, place[order], weight * value[order] / mass[item])
