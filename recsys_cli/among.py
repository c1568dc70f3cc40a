"""Ask a model to rank candidate lists: only what is in them is sorted and counted."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from recsys_cli import threads
from recsys_cli.candidates import CandidateLists
from recsys_cli.data import CSR, Bool, Float32, Float64, Int32, Int64
from recsys_cli.heldout import HeldOut
from recsys_cli.models._base import Model
from recsys_cli.models._blocks import rows_at_once
from recsys_cli.models._topk import top_k


class Ranking(NamedTuple):
    """What became of the lists of some users.

    ``items`` int32 (b, K), -1 past the end, with ``scores`` float32 (b, K); ``auc`` float64 (b,);
    ``place`` int64 (b,), the rank of the first relevant item by index, 0 where none is a candidate;
    ``finite``, whether every score is.
    """

    items: Int32
    scores: Float32
    auc: Float64
    place: Int64
    finite: Bool


def rank_among(
    model: Model[Any],
    users: Int32,
    rows: Int64,
    part: HeldOut,
    lists: CandidateLists,
    *,
    depth: int,
) -> Ranking:
    """Return the best of the list of each user, and where relevant items rank in it.

    Parameters
    ----------
    users : ndarray of int32, shape (b,)
        The model's indices.
    rows : ndarray of int64, shape (b,)
        Their positions in the part; each has a relevant item.
    depth : int
        How long the lists returned are.
    """

    def block(start: int, stop: int) -> Ranking:
        listed = lists.items.rows(rows[start:stop])
        scores = model.score(users[start:stop])[listed.row_of(), listed.indices]
        return _Table.of(listed, scores).rank(part.relevant.rows(rows[start:stop]), depth)

    size = rows_at_once(part.pairs.n_items)
    found = threads.map_blocks(block, len(rows), size) or [block(0, 0)]
    return Ranking(*(np.concatenate(column) for column in zip(*found, strict=True)))


class _Table(NamedTuple):
    """Candidate lists side by side: scores float32 (b, w + 1), -inf where there is no item.

    ``items`` int32 (b, w + 1) holds -1 there. The last column is nobody's. Items ascend within a
    list, so equal scores go by the lower index, as they do elsewhere.
    """

    scores: Float32
    items: Int32

    @classmethod
    def of(cls, listed: CSR, scores: Float32) -> _Table:
        width = int(np.diff(listed.indptr).max(initial=0))
        shape, row = (listed.n_rows, width + 1), listed.row_of()
        table = cls(np.full(shape, -np.inf, np.float32), np.full(shape, -1, np.int32))
        column = np.arange(len(row)) - listed.indptr[row]
        table.scores[row, column], table.items[row, column] = scores, listed.indices
        return table

    def rank(self, relevant: CSR, depth: int) -> Ranking:
        column = self._columns(relevant)
        finite = (np.isfinite(self.scores) | (self.items < 0)).all(axis=1)
        best = self._best(depth)
        place = self._place(relevant, column)
        return Ranking(*best, self._auc(relevant, column), place, np.asarray(finite))

    def _columns(self, relevant: CSR) -> Int32:
        """Return the column of each relevant item; the last where the list has none."""
        row, nobody = relevant.row_of(), self.items.shape[1] - 1
        keys = np.arange(len(self.items))[:, None] * (relevant.n_cols + 1) + self.items
        # An item that is not there, -1, sorts after those that are.
        keys[self.items < 0] += relevant.n_cols + 1
        wanted = row * (relevant.n_cols + 1) + relevant.indices
        at = np.searchsorted(keys.ravel(), wanted)
        there = keys.ravel()[at] == wanted
        return np.asarray(np.where(there, at - row * (nobody + 1), nobody), np.int32)

    def _best(self, depth: int) -> tuple[Int32, Float32]:
        items = np.full((len(self.items), depth), -1, np.int32)
        scores = np.full(items.shape, -np.inf, np.float32)
        k = min(depth, self.items.shape[1])
        if k:
            picked, scores[:, :k] = top_k(self.scores.copy(), k)
            found = np.take_along_axis(self.items, np.maximum(picked, 0), axis=1)
            items[:, :k] = np.where(picked >= 0, found, -1)
        return items, scores

    def _auc(self, relevant: CSR, column: Int32) -> Float64:
        from recsys_cli.kernels.ranks import auc_rows

        empty = self.items < 0
        ends = np.concatenate(([0], np.cumsum(empty.sum(axis=1))))
        candidates = np.ones(self.items.shape[1], np.bool_)
        candidates[-1] = False
        out, columns = np.empty(len(self.items)), np.nonzero(empty)[1].astype(np.int32)
        scores = np.where(empty, np.float32(0), self.scores)
        auc_rows(scores, candidates, ends, columns, relevant.indptr, column, out)
        return out

    def _place(self, relevant: CSR, column: Int32) -> Int64:
        first = column[relevant.indptr[:-1]][:, None]
        own = np.take_along_axis(self.scores, first, axis=1)
        before = np.arange(self.items.shape[1]) < first
        place = 1 + ((self.scores > own) | ((self.scores == own) & before)).sum(axis=1)
        return np.where(first[:, 0] < self.items.shape[1] - 1, place, 0)
