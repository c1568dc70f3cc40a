"""Precision over all pairs, by inverse propensity scoring."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import Float64, Int64
from recsys_cli.metrics._ips import IPS


class IPSPrecision(IPS):
    """Precision if all pairs were known: ``Σ 1 / p over hits among the first k / k``, the mean.

    p is the chance that the pair was held out (``evaluation.propensity``), so that each hit stands
    for 1 / p relevant pairs, most of them unseen. It is the share of the first k that a user would
    find relevant, whatever decided which pairs have a rating; without bias if the propensities are
    right and none is clipped. From 0 up: chance can take it above 1, where no precision is.

    How rare relevant pairs are is learned from those that are known not to be relevant: ratings
    below ``relevant.min_value``. Data in which all held-out pairs are relevant are refused.

    A user without a relevant held-out item scores 0 and counts: that none was held out is chance. A
    held-out item that is no candidate is left out, and so is a user with no other. A list shorter
    than k counts what it has, none gives 0. Equal scores rank by the lower item index.

    RecBole, implicit, LensKit and RecTools have none; they take held-out pairs as they are.

    References
    ----------
    Schnabel et al., "Recommendations as treatments: debiasing learning and evaluation", ICML 2016.
    """

    def definition(self, k: int | None) -> str:
        """Return what the number is."""
        return (
            f"hits among the first {k}, each divided by the chance that it was held out, divided "
            f"by {k}, mean over users: precision if all pairs were known"
        )

    def gain(self, place: Int64, k: int) -> Float64:
        """Return 1 / k."""
        return np.full(len(place), 1 / k)
