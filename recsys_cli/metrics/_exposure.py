"""Groups of items, scored by the exposure that lists give them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from recsys_cli.data import Float64
from recsys_cli.metrics._context import Context, Labels
from recsys_cli.metrics._groups import GroupMetric
from recsys_cli.metrics._ranked import Ranked, discounts


class ItemGroups(GroupMetric):
    """The exposure of each group of items, in proportion to its share of the candidates.

    A group's sum is its exposure over its share and its weight is all exposure, so that a score of
    1 is parity.
    """

    features_of = "items"
    score = "exposure"

    def width(self, ranked: Ranked) -> int:
        """Return the number of groups."""
        return ranked.context.labels("items", self.column).n_labels

    def parts(self, ranked: Ranked, k: int, rows: slice) -> tuple[Float64, Float64]:
        """Return the exposure that lists give to each group, over its share, and to all groups."""
        groups = self._groups(ranked)
        given = ranked.label_sum(groups.labels, groups.open, k, rows, discounts(k))
        there = groups.share > 0
        scores = np.divide(
            given[:, :-1], groups.share, where=there, out=np.zeros_like(given[:, 1:])
        )
        return scores, there * given[:, -1:]

    def most(self, ranked: Ranked) -> Float64:
        """Return the score of a group that has all exposure."""
        share = self._groups(ranked).share
        return np.divide(1, share, where=share > 0, out=np.ones(len(share)))

    def _groups(self, ranked: Ranked) -> _Groups:
        context, labels = ranked.context, ranked.context.labels("items", self.column)
        return context.once((ItemGroups, self.column), lambda: _groups(context, labels))


class _Groups(NamedTuple):
    """The groups of items: which items count (1 or 0), their labels, the share of each group.

    The last label is one that all have.
    """

    open: Float64
    labels: Labels
    share: Float64


def _groups(context: Context, labels: Labels) -> _Groups:
    """Return the groups of the candidates with a label."""
    counts, n = labels.counts, labels.n_labels
    is_open = context.candidates & (counts > 0)
    members = np.bincount(labels.indices, np.repeat(is_open, counts), n)
    indptr = labels.indptr + np.arange(len(labels.indptr))
    indices = np.insert(labels.indices, labels.indptr[1:], n).astype(np.int32)
    share = members / max(1, int(np.count_nonzero(is_open)))
    return _Groups(is_open.astype(np.float64), Labels(indptr, indices, n + 1), share)
