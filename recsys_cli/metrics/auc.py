"""Area under the ROC curve over all candidates."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import Float64
from recsys_cli.metrics._base import RankingMetric
from recsys_cli.metrics._ranked import Ranked


class AUC(RankingMetric):
    """Area under the ROC curve: how often a relevant item scores above one that is not.

    For each user, ``mean over relevant items of (irrelevant candidates scored lower + half of those
    scored equal) / irrelevant candidates``; then the mean over users. From 0 to 1; 0.5 is chance
    where every relevant item is a candidate. A relevant item that is no candidate (a cold one)
    counts as scored below all and adds 0, as it does in recall; a user for whom every candidate is
    relevant has 0.5 for each. A user without relevant items is not evaluated. There is no cutoff:
    every candidate counts, wherever it ranks.

    Peers report other numbers: RecBole's ``GAUC`` weighs users by their relevant items and its
    ``AUC`` pools all pairs; implicit's ``auc`` looks at a list of k and takes the rest at chance.

    References
    ----------
    Rendle et al., "BPR: Bayesian personalized ranking from implicit feedback", UAI 2009, section 3.
    """

    has_cutoff = False
    needs_auc = True

    def definition(self, k: int | None) -> str:
        """Return what the number is."""
        return (
            "share of (relevant, irrelevant) pairs of candidates in the right order, ties half, "
            "mean over users"
        )

    def per_user(self, ranked: Ranked, k: int) -> Float64:
        """Return the value of each user, which the evaluator found while scoring."""
        return np.zeros(len(ranked.n_relevant)) if ranked.auc is None else ranked.auc
