"""Precision over all pairs, by self-normalised inverse propensity scoring."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import Float64, Int64
from recsys_cli.metrics._ips import SNIPS


class SNIPSPrecision(SNIPS):
    """Precision if all pairs were known: ``ips-precision``, self-normalised.

    ``ips-precision`` times the number of pairs that could have been held out, over the sum of 1 / p
    of those that were: equal but for chance and errors in p. So p need be known up to a factor
    only; the price is a bias that falls with the number of pairs. From 0 up.

    How rare relevant pairs are is learned from those that are known not to be relevant: ratings
    below ``relevant.min_value``. Data in which all held-out pairs are relevant are refused.

    A user without a relevant held-out item scores 0 and counts: that none was held out is chance. A
    held-out item that is no candidate is left out, and so is a user with no other. A list shorter
    than k counts what it has, none gives 0. Equal scores rank by the lower item index.

    It is no mean over users: the weights of all are normalised together. A user's own value is by
    how much the total would fall without that user, exactly; the interval is the jackknife's.

    RecBole, implicit, LensKit and RecTools have none; they take held-out pairs as they are.

    References
    ----------
    Schnabel et al., "Recommendations as treatments: debiasing learning and evaluation", ICML 2016.
    Swaminathan and Joachims, "The self-normalized estimator for counterfactual learning", NeurIPS
    2015.
    """

    def definition(self, k: int | None) -> str:
        """Return what the number is."""
        return (
            f"ips-precision@{k} times the pairs that could be held out, divided by the sum of "
            "1 / p of those that were: precision if all pairs were known"
        )

    def gain(self, place: Int64, k: int) -> Float64:
        """Return 1 / k."""
        return np.full(len(place), 1 / k)
