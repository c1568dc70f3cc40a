"""implicit: implicit.evaluation.ranking_metrics_at_k."""

from __future__ import annotations

import numpy as np

from recsys_cli.conventions._base import Convention, Evidence, Term
from recsys_cli.conventions._values import Ours, over_users
from recsys_cli.data import Float64
from recsys_cli.metrics._ranked import Ranked


def _precision(evidence: Evidence, k: int) -> float:
    ranked = evidence.ranked
    return float(ranked.n_hits(k).sum() / ranked.attainable(k).sum())


def _auc(ranked: Ranked, k: int) -> Float64:
    """Return the area of each user; NaN without a list, or if all items are relevant."""
    hits, found, relevant = ranked.hits, ranked.n_hits(k), ranked.n_relevant
    others = len(ranked.context.candidates) - relevant
    # Of the k - place items below a hit, as many are hits as the user has after it.
    misses_below = k - hits.place - (found[hits.row] - hits.nth)
    ordered = ranked.hit_sum(misses_below.astype(np.float64), k)
    ordered += (found + relevant) / 2 * (others - (k - found))
    pairs = relevant * others
    out = np.full(len(pairs), np.nan)
    np.divide(ordered, pairs, out=out, where=(pairs > 0) & (k > 0))
    return out


_MAP = [
    Term(
        "map (K={k})",
        "sum of the precision at each hit to {k} / min({k}, relevant)",
        Ours("map-capped"),
    )
]


class Implicit(Convention):
    """implicit 0.7.3, whose users are those with a test item, and whose items are all of the data.

    A place that no candidate is left for counts as a miss.
    """

    peer = "implicit 0.7.3"
    terms = {
        "precision": [
            Term(
                "precision (K={k})",
                "hits among the first {k} of all users / their sum of min({k}, relevant)",
                _precision,
            )
        ],
        "map": _MAP,
        "map-capped": _MAP,
        "ndcg": [
            Term(
                "ndcg (K={k})",
                "binary gain, 1 / log2(rank + 1), ideal of min({k}, relevant) hits",
                Ours("ndcg"),
            )
        ],
        "auc": [
            Term(
                "auc (K={k})",
                "area under the ROC curve where the first {k} have their order and all other items "
                "of the data, known ones included, are a tie",
                over_users(_auc),
            )
        ],
    }
