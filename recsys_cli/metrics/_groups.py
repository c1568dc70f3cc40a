"""How far apart groups of users or items are: the gap, or the ratio, of the last to the first."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, NamedTuple

import numpy as np

from recsys_cli.data import Float64
from recsys_cli.metrics import METRICS
from recsys_cli.metrics._base import CatalogueMetric, ColumnConfig, RankingMetric
from recsys_cli.metrics._context import Context, Labels
from recsys_cli.metrics._ranked import Ranked, by_blocks, discounts

#: Exposure left below this is a rounding error of none.
_NONE = 1e-9
#: Lowest and highest score.
Ends = tuple[Float64, Float64]


class GroupMetric(CatalogueMetric):
    """A score for each group, ``Σ sums / Σ weights`` over users, of which two are compared.

    Groups without weight, such as those of users whom nobody evaluates, are left out.
    """

    Config = ColumnConfig
    #: What is scored; metrics of one score share its computation.
    score: ClassVar[str]

    @abstractmethod
    def spread(self, low: Float64, high: Float64) -> Float64:
        """Return how far the lowest and the highest score of a group are apart, elementwise."""

    @abstractmethod
    def width(self, ranked: Ranked) -> int:
        """Return the number of groups."""

    @abstractmethod
    def parts(self, ranked: Ranked, k: int, rows: slice) -> tuple[Float64, Float64]:
        """Return what each of some users adds to the groups' sums and weights, float64 (b, g)."""

    def total(self, ranked: Ranked, k: int) -> float:
        """Return the value over all users."""
        return float(self.spread(*self._ends(ranked, k)[0])[0])

    def per_user(self, ranked: Ranked, k: int) -> Float64:
        """Return by how much the value would fall without each user."""
        whole, without = self._ends(ranked, k)
        return self.spread(*whole) - self.spread(*without)

    def _ends(self, ranked: Ranked, k: int) -> tuple[Ends, Ends]:
        """Return the lowest and highest score over all users, and without each of them.

        Gap and ratio share them.
        """

        def find() -> tuple[Ends, Ends]:
            width = self.width(ranked)
            parts = by_blocks(lambda rows: self._summed(ranked, k, rows), len(ranked.items), width)
            sums, weights = np.asarray(np.sum(parts, axis=0))

            def without(rows: slice) -> Float64:
                lost, lost_weights = self.parts(ranked, k, rows)
                return np.stack(_ends(sums - lost, weights - lost_weights))

            low, high = np.hstack(by_blocks(without, len(ranked.items), width))
            return _ends(sums, weights), (low, high)

        return ranked.once((self.score, self.column, k), find)

    def _summed(self, ranked: Ranked, k: int, rows: slice) -> Float64:
        parts = np.stack(self.parts(ranked, k, rows))
        return np.asarray(parts.sum(axis=1, keepdims=True))


def _ends(sums: Float64, weights: Float64) -> Ends:
    """Return the lowest and the highest ``sum / weight`` of each row; 0 where no group has any."""
    there = weights > _NONE
    scores = np.divide(np.maximum(sums, 0), weights, where=there, out=np.zeros(sums.shape))
    low = np.where(there, scores, np.inf).min(axis=1, initial=np.inf)
    return np.where(np.isfinite(low), low, 0), scores.max(axis=1, initial=0)


class Gap(GroupMetric):
    """The highest score less the lowest."""

    higher_is_better = False

    def spread(self, low: Float64, high: Float64) -> Float64:
        """Return high - low."""
        return high - low


class Ratio(GroupMetric):
    """The lowest score over the highest; 1 where all groups have 0."""

    def spread(self, low: Float64, high: Float64) -> Float64:
        """Return low / high."""
        return np.divide(low, high, where=high > 0, out=np.ones(np.shape(high)))


class UserGroups(GroupMetric):
    """The mean of a ranking metric, named by ``score``, over the users of each group."""

    features_of = "users"

    def width(self, ranked: Ranked) -> int:
        """Return the number of groups."""
        return self._groups(ranked).n_labels

    def parts(self, ranked: Ranked, k: int, rows: slice) -> tuple[Float64, Float64]:
        """Return the users' values and their number, in the groups that each belongs to."""
        values = ranked.once((self.score, k), lambda: self._values(ranked, k))
        groups, users = self._groups(ranked), ranked.context.users[rows]
        counts = groups.counts[users]
        row = np.repeat(np.arange(len(users)), counts)
        first = np.cumsum(counts) - counts
        at = np.arange(len(row)) - first[row] + groups.indptr[users][row]
        member = np.zeros((len(users), groups.n_labels))
        member[row, groups.indices[at]] = 1
        return member * values[rows, None], member

    def _groups(self, ranked: Ranked) -> Labels:
        return ranked.context.labels("users", self.column)

    def _values(self, ranked: Ranked, k: int) -> Float64:
        metric = METRICS.get(self.score)()
        assert isinstance(metric, RankingMetric)
        return metric.per_user(ranked, k)


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
        context = ranked.context
        labels = context.labels("items", self.column)
        groups = context.once((ItemGroups, self.column), lambda: _groups(context, labels))
        given = ranked.label_sum(groups.labels, groups.open, k, rows, discounts(k))
        there = groups.share > 0
        scores = np.divide(
            given[:, :-1], groups.share, where=there, out=np.zeros_like(given[:, 1:])
        )
        return scores, there * given[:, -1:]


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
