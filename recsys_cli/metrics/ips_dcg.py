"""Discounted cumulative gain over all pairs, by inverse propensity scoring."""

from __future__ import annotations

from recsys_cli.data import Float64, Int64
from recsys_cli.metrics._ips import IPS
from recsys_cli.metrics._ranked import discounts


class IPSDCG(IPS):
    """DCG if all pairs were known: ``Σ 1 / (p · log2(rank + 1))`` over hits, the mean.

    p is the chance that the pair was held out (``evaluation.propensity``), gains are binary, and
    hits are those among the first k. It is not divided by the ideal, which hangs on how many
    relevant items a user has in all: no sample tells. Without bias if the propensities are right
    and none is clipped. From 0 up; 10 relevant items in 10 places would have 4.54.

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
            f"discounted hits among the first {k} (1 / log2(rank + 1) each), each divided by the "
            "chance that it was held out, mean over users: DCG if all pairs were known"
        )

    def gain(self, place: Int64, k: int) -> Float64:
        """Return 1 / log2(place + 1)."""
        return discounts(k)[place - 1]
