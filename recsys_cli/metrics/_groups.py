"""How far apart groups of users or items are: the gap, or the ratio, of the last to the first."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, NamedTuple

import numpy as np

from recsys_cli.data import Float64, Int64
from recsys_cli.metrics import METRICS
from recsys_cli.metrics._base import CatalogueMetric, ColumnConfig, RankingMetric
from recsys_cli.metrics._context import Labels
from recsys_cli.metrics._ranked import Ranked, by_blocks

#: Exposure left below this is a rounding error of none.
_NONE = 1e-9
#: Users times groups whose parts are kept for the second look at them: 64 MB.
_KEPT = 1 << 22
#: Lowest and highest score.
Ends = tuple[Float64, Float64]


class Scores(NamedTuple):
    """The scores of g groups: float64 (g,) each, and what an interval of them needs.

    ``most`` is the largest score that a group can have, ``users`` int64 (g,) how many it rests on,
    and ``covariance`` float64 (g, g) that of the scores over samples of users.
    """

    score: Float64
    most: Float64
    users: Int64
    covariance: Float64


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

    @abstractmethod
    def most(self, ranked: Ranked) -> Float64:
        """Return the largest score that each group can have."""

    def total(self, ranked: Ranked, k: int) -> float:
        """Return the value over all users."""
        return float(self.spread(*self._found(ranked, k)[0])[0])

    def scores(self, ranked: Ranked, k: int) -> Scores:
        """Return the scores of the groups with weight."""
        return self._found(ranked, k)[2]

    def per_user(self, ranked: Ranked, k: int) -> Float64:
        """Return by how much the value would fall without each user."""
        whole, without, _ = self._found(ranked, k)
        return self.spread(*whole) - self.spread(*without)

    def _found(self, ranked: Ranked, k: int) -> tuple[Ends, Ends, Scores]:
        """Return the lowest and highest score over all users and without each, and all scores.

        Gap and ratio share them.
        """

        def find() -> tuple[Ends, Ends, Scores]:
            kept: dict[int, tuple[Float64, Float64]] = {}
            sums, weights, counts = self._whole(ranked, k, kept)
            there = weights > _NONE
            score, users = sums[there] / weights[there], counts[there]

            def without(rows: slice) -> tuple[Float64, Float64]:
                known = kept.pop(rows.start, None)
                lost, lost_weights = self.parts(ranked, k, rows) if known is None else known
                moved = (lost[:, there] - score * lost_weights[:, there]) / weights[there]
                ends = _ends(sums - lost, weights - lost_weights)
                return np.stack(ends), np.asarray(moved.T @ moved)

            ends, products = zip(*by_blocks(without, len(ranked.items), len(sums)), strict=True)
            low, high = np.hstack(ends)
            grown = np.sqrt(users / np.maximum(users - 1, 1))
            covariance = np.sum(products, axis=0) * grown * grown[:, None]
            found = Scores(score, self.most(ranked)[there], users.astype(np.int64), covariance)
            return _ends(sums[None], weights[None]), (low, high), found

        return ranked.once((self.score, self.column, k), find)

    def _whole(self, ranked: Ranked, k: int, kept: dict[int, tuple[Float64, Float64]]) -> Float64:
        """Return the sums and weights of the groups, and how many users have any in each.

        What users add is ``kept`` by the first of each block, unless it is too much.
        """
        users, width = len(ranked.items), self.width(ranked)

        def summed(rows: slice) -> Float64:
            sums, weights = found = self.parts(ranked, k, rows)
            if users * width <= _KEPT:
                kept[rows.start] = found
            return np.stack([part.sum(axis=0) for part in (sums, weights, weights > 0)])

        return np.asarray(np.sum(by_blocks(summed, users, width), axis=0))


def _ends(sums: Float64, weights: Float64) -> Ends:
    """Return the lowest and the highest ``sum / weight`` of each row; 0 where no group has any."""
    from recsys_cli.kernels.lists import end_rows

    low, high = np.zeros((2, len(sums)))
    end_rows(sums, weights, _NONE, low, high)
    return low, high


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

    def most(self, ranked: Ranked) -> Float64:
        """Return 1 for each group."""
        return np.ones(self.width(ranked))

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
