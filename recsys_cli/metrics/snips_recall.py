"""Recall over all pairs, by self-normalised inverse propensity scoring."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import Float64, Int64
from recsys_cli.metrics._context import Context
from recsys_cli.metrics._ips import SNIPS
from recsys_cli.metrics._ranked import Ranked


class SNIPSRecall(SNIPS):
    """Recall if all pairs were known: ``Σ 1 / p over hits / Σ 1 / p over relevant pairs``.

    p is the chance that the pair was held out (``evaluation.propensity``), up to a factor. Both
    sums are over all users: it is the share of all relevant pairs that are among the first k. From
    0 to 1. Divided user by user, as in Yang et al., a user with one relevant held-out item would
    have 0 or 1 whatever its propensity, and the bias would stay. There is no ``ips-recall``: the
    relevant items that a user has in all, its divisor, are not known.

    It needs no pair that is known not to be relevant, and suits implicit feedback as well. There
    popularity is exposure and liking in one, and a ``power`` of 0.5 is customary.

    A user without a relevant held-out item adds nothing. A held-out item that is no candidate is
    left out. A list shorter than k counts what it has, none gives 0. Equal scores rank by the lower
    item index.

    It is no mean over users. A user's own value is by how much the total would fall without that
    user, exactly; the interval is the jackknife's.

    RecBole, implicit, LensKit and RecTools have none; they take held-out pairs as they are.

    References
    ----------
    Yang et al., "Unbiased offline recommender evaluation for missing-not-at-random implicit
    feedback", RecSys 2018.
    """

    counts_all_users = False
    bounds = (0.0, 1.0)

    def definition(self, k: int | None) -> str:
        """Return what the number is."""
        return (
            f"sum of 1 / p of the hits among the first {k}, p the chance that a pair was held out, "
            "divided by that of all relevant pairs: recall if all pairs were known"
        )

    def gain(self, place: Int64, k: int) -> Float64:
        """Return 1."""
        return np.ones(len(place))

    def pair_weights(self, context: Context) -> Float64:
        """Return the weights of the relevant pairs."""
        relevant = context.weights.relevant
        return relevant[relevant > 0]

    def parts(self, ranked: Ranked, k: int) -> tuple[Float64, Float64, Float64, Float64]:
        """Return what each user adds to gains and weights; nothing is due but the weights."""
        weight = ranked.context.weights.relevant
        row = ranked.context.relevant.row_of()
        sums = np.bincount(row, weight, len(ranked.items)).astype(np.float64)
        ones = np.ones(len(sums))
        return self.gained(ranked, k), sums, ones, ones
