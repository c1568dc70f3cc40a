"""RecBole: recbole.evaluator.metrics."""

from __future__ import annotations

import numpy as np

from recsys_cli.conventions._base import Convention, Evidence, Term
from recsys_cli.conventions._values import Ours, mae, over_users, rmse
from recsys_cli.data import CSR, Bool, Float64, Int64
from recsys_cli.metrics._ranked import Ranked

#: RecBole's ``tail_ratio`` unless its configuration sets another.
_TAIL = 0.1


def _places(ranked: Ranked, k: int) -> Int64:
    """Return how many places to k each item has, and last those left to the padding item."""
    lists = ranked.item_lists(k)
    return np.append(lists, len(ranked.items) * k - lists.sum())


def _coverage(evidence: Evidence, k: int) -> float:
    places = _places(evidence.ranked, k)
    return np.count_nonzero(places) / len(places)


def _entropy(evidence: Evidence, k: int) -> float:
    places = _places(evidence.ranked, k)
    share = places[places > 0] / max(1, places.sum())
    return float(-(share * np.log(share)).sum() / max(1, len(share)))


def _gini(evidence: Evidence, k: int) -> float:
    places = np.sort(_places(evidence.ranked, k))
    n = len(places)
    return float(((2 * np.arange(1, n + 1) - n - 1) * places).sum() / (n * places.sum()))


def _popularity(ranked: Ranked, k: int) -> Float64:
    return ranked.list_sum(ranked.context.item_counts.astype(np.float64), k) / k


def _tail(ranked: Ranked, k: int) -> Float64:
    counts = ranked.context.item_counts
    trained = np.flatnonzero(counts)
    rarest = trained[np.argsort(counts[trained], kind="stable")]
    tail = np.zeros(len(counts))
    tail[rarest[: max(int(len(trained) * _TAIL), 1)]] = 1
    return ranked.list_sum(tail, k) / k


def _gauc(evidence: Evidence, k: int) -> float:
    ranked, context = evidence.ranked, evidence.ranked.context
    assert ranked.auc is not None
    known = _within(context.seen, context.candidates)[context.seen_at]
    others = context.n_candidates - known - _within(context.relevant, context.candidates)
    weight = np.where(others > 0, ranked.n_relevant, 0)
    return float((weight * ranked.auc).sum() / weight.sum()) if weight.any() else np.nan


def _within(matrix: CSR, items: Bool) -> Int64:
    """Return how many of some items each row has."""
    return np.bincount(matrix.row_of()[items[matrix.indices]], minlength=matrix.n_rows)


_CLIPPED = ", of predictions clipped to the scale, which RecBole leaves as they are"
_RECALL = [Term("recall@{k}", "hits among the first {k} / relevant items", Ours("recall"))]
_MAP = [
    Term(
        "map@{k}",
        "sum of the precision at each hit to {k} / min({k}, relevant)",
        Ours("map-capped"),
    )
]


class RecBole(Convention):
    """RecBole 1.2.1, whose users are those with a test item.

    Its item numbers begin with a padding item, which counts as one of the items of the data set,
    and its lists are always full: where candidates run out, what is not to be recommended fills
    them, which here is the padding item. It rounds to four decimals, which is left out here.
    """

    peer = "RecBole 1.2.1"
    terms = {
        "hit": [Term("hit@{k}", "share of users with a hit among the first {k}", Ours("hit"))],
        "mrr": [Term("mrr@{k}", "1 / rank of the first hit to {k}, 0 without one", Ours("mrr"))],
        "precision": [Term("precision@{k}", "hits among the first {k} / {k}", Ours("precision"))],
        "ndcg": [
            Term(
                "ndcg@{k}",
                "binary gain, 1 / log2(rank + 1), ideal of min({k}, relevant) hits",
                Ours("ndcg"),
            )
        ],
        "recall": _RECALL,
        "recall-capped": _RECALL,
        "map": _MAP,
        "map-capped": _MAP,
        "auc": [
            Term(
                "gauc",
                "area under the ROC curve of each user, mean weighted by the relevant items, "
                "users without irrelevant candidates left out",
                _gauc,
            )
        ],
        "coverage": [
            Term(
                "itemcoverage@{k}",
                "distinct items among the first {k} of all users / (items of the data set + 1)",
                _coverage,
            )
        ],
        "entropy": [
            Term(
                "shannonentropy@{k}",
                "entropy in nats of the items in the first {k} places of all lists / distinct "
                "items in them",
                _entropy,
            )
        ],
        "gini": [
            Term(
                "giniindex@{k}",
                "Gini index of the number of lists that have each item to {k}, over the items of "
                "the data set + 1",
                _gini,
            )
        ],
        "popularity": [
            Term(
                "averagepopularity@{k}",
                "training interactions of the first {k} items / {k}",
                over_users(_popularity),
            )
        ],
        "long-tail": [
            Term(
                "tailpercentage@{k}",
                "items to {k} among the least popular tenth of the training items / {k}",
                over_users(_tail),
            )
        ],
        "rmse": [Term("rmse", "root mean squared error over all test pairs" + _CLIPPED, rmse)],
        "mae": [Term("mae", "mean absolute error over all test pairs" + _CLIPPED, mae)],
    }
