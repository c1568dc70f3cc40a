"""LensKit: lenskit.metrics."""

from __future__ import annotations

import numpy as np

from recsys_cli.conventions._base import Convention, Evidence, Term
from recsys_cli.conventions._values import Ours, errors, mean, over_users
from recsys_cli.data import Float64
from recsys_cli.metrics._ranked import Ranked


def _weights(depth: int) -> Float64:
    """Return what a hit at each rank counts: the first two alike, then 1 / log2(rank)."""
    return np.asarray(1 / np.maximum(np.log2(np.arange(1, depth + 1)), 1))


def _ndcg(ranked: Ranked, k: int) -> Float64:
    weights = _weights(max(k, ranked.items.shape[1]))
    gained = ranked.hit_sum(weights[ranked.hits.place - 1], k)
    return np.asarray(gained / np.cumsum(weights)[ranked.attainable(k) - 1])


def _graded(ranked: Ranked, k: int) -> Float64:
    weights, pairs = _weights(max(k, ranked.items.shape[1])), ranked.context.relevant
    gains = pairs.data.astype(np.float64)
    gained = ranked.hit_sum(gains[ranked.hits.pair] * weights[ranked.hits.place - 1], k)
    row = pairs.row_of()
    place = np.arange(len(row)) - pairs.indptr[row]
    among = place < k
    best = gains[ranked.context.ideal[among]] * weights[place[among]]
    ideal = np.bincount(row[among], best, len(gained))
    return np.divide(gained, ideal, out=np.zeros(len(gained)), where=ideal != 0)


def _precision(ranked: Ranked, k: int) -> Float64:
    return np.asarray(ranked.n_hits(k) / np.maximum(ranked.listed(k), 1))


def _average_precision(ranked: Ranked, k: int) -> Float64:
    attainable = np.minimum(ranked.n_relevant, ranked.listed(k))
    return np.asarray(ranked.precision_sum(k) / np.maximum(attainable, 1))


def _popularity_rank(ranked: Ranked, k: int) -> Float64:
    users = ranked.context.item_users
    _, level, ties = np.unique(users[users > 0], return_inverse=True, return_counts=True)
    quantile = np.zeros(len(users))
    quantile[users > 0] = (np.cumsum(ties) - (ties - 1) / 2)[level] / max(1, len(level))
    return ranked.list_mean(quantile, k)


def _gini(evidence: Evidence, k: int) -> float:
    lists = np.sort(evidence.ranked.item_lists(k))
    n, total = len(lists), lists.sum()
    differences = ((2 * np.arange(1, n + 1) - n - 1) * lists).sum()
    return float(differences / (n * total)) if total else np.nan


def _rmse(evidence: Evidence, k: int) -> float:
    return mean(np.sqrt(_user_means(evidence, np.square(errors(evidence)))))


def _mae(evidence: Evidence, k: int) -> float:
    return mean(_user_means(evidence, np.abs(errors(evidence))))


def _user_means(evidence: Evidence, loss: Float64) -> Float64:
    return np.asarray(np.bincount(evidence.pair_at, loss) / np.bincount(evidence.pair_at))


_CLIPPED = ", of predictions clipped to the scale, which LensKit leaves as they are"
_RECALL = [
    Term(
        "Recall@{k}",
        "hits among the first {k} / min({k}, relevant)",
        Ours("recall-capped"),
    )
]
_MAP = [
    Term(
        "AveragePrecision@{k}",
        "sum of the precision at each hit to {k} / min(length of the list to {k}, relevant)",
        over_users(_average_precision),
    )
]


class LensKit(Convention):
    """LensKit 2025.8.1, whose lists are those of the users with a test item.

    Its per-list metrics are averaged by ``RunAnalysis.list_summary``, where a list without a value,
    such as an empty one, counts 0.
    """

    peer = "LensKit 2025.8.1"
    terms = {
        "hit": [Term("Hit@{k}", "share of lists with a hit among the first {k}", Ours("hit"))],
        "mrr": [
            Term("RecipRank@{k}", "1 / rank of the first hit to {k}, 0 without one", Ours("mrr"))
        ],
        "precision": [
            Term(
                "Precision@{k}",
                "hits among the first {k} / length of the list to {k}",
                over_users(_precision),
            )
        ],
        "recall": _RECALL,
        "recall-capped": _RECALL,
        "map": _MAP,
        "map-capped": _MAP,
        "ndcg": [
            Term(
                "NDCG@{k}",
                "binary gain, 1 / max(log2(rank), 1), ideal of min({k}, relevant) hits",
                over_users(_ndcg),
            )
        ],
        "ndcg-linear": [
            Term(
                "NDCG@{k}, gain=rating",
                "gain of the value, 1 / max(log2(rank), 1), ideal of the {k} largest values",
                over_users(_graded),
            )
        ],
        "popularity": [
            Term(
                "MeanPopRank@{k}",
                "quantile of the item's training users (1: the most popular), mean over the first "
                "{k} items",
                over_users(_popularity_rank),
            )
        ],
        "gini": [
            Term(
                "ListGini@{k}",
                "Gini index of the number of lists that have each item to {k}, over all items of "
                "the data set",
                _gini,
            )
        ],
        "rmse": [
            Term("RMSE", "root mean squared error of a user's test pairs, mean" + _CLIPPED, _rmse)
        ],
        "mae": [Term("MAE", "mean absolute error of a user's test pairs, mean" + _CLIPPED, _mae)],
    }
