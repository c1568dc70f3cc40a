"""RecTools: rectools.metrics."""

from __future__ import annotations

import numpy as np

from recsys_cli.conventions._base import Convention, Evidence, Term
from recsys_cli.conventions._values import Ours, over_listed, over_users
from recsys_cli.data import Float64
from recsys_cli.metrics._ranked import Ranked, by_blocks, discounts


def _ndcg(ranked: Ranked, k: int) -> Float64:
    discount = discounts(max(k, ranked.items.shape[1]))
    gained = ranked.hit_sum(discount[ranked.hits.place - 1], k)
    return np.asarray(gained / discount[:k].sum())


def _map(ranked: Ranked, k: int) -> Float64:
    return ranked.precision_sum(k) / k


def _coverage(evidence: Evidence, k: int) -> float:
    return float(np.count_nonzero(evidence.ranked.item_lists(k)))


def _share(evidence: Evidence, k: int) -> float:
    return _coverage(evidence, k) / evidence.ranked.context.n_candidates


def _popularity(ranked: Ranked, k: int) -> Float64:
    return ranked.list_mean(ranked.context.item_counts.astype(np.float64), k)


def _popularity_share(ranked: Ranked, k: int) -> Float64:
    return _popularity(ranked, k) / max(1, int(ranked.context.item_counts.sum()))


def _novelty(ranked: Ranked, k: int) -> Float64:
    context = ranked.context
    return ranked.list_mean(np.log2(context.n_users / np.maximum(context.item_users, 1)), k)


def _serendipity(ranked: Ranked, k: int) -> Float64:
    """Return the mean over the list of how much likelier a hit is than by its popularity.

    Items of equal popularity have one rank, and the next less popular ones the next.
    """
    context, hits = ranked.context, ranked.hits
    n, counts = context.n_candidates, context.item_counts
    levels = np.unique(counts[counts > 0])
    rank = len(levels) - np.searchsorted(levels, counts)
    by_anyone = np.where(counts > 0, (n + 1 - rank) / n, 0.0)
    by_place = (n + 1 - hits.place) / n
    surprise = np.maximum(by_place - by_anyone[context.relevant.indices[hits.pair]], 0)
    return ranked.hit_sum(surprise, k) / np.maximum(ranked.listed(k), 1)


def _diversity(ranked: Ranked, k: int) -> Float64:
    """Return the mean number of labels that one of two items has, over the pairs of each list.

    With sets A of labels, the sum over pairs is ``n Σ |A| - |Σ A|²``: it costs no pairs.
    """
    labels, users = ranked.context.labels("items"), len(ranked.items)
    one = np.ones(len(ranked.context.candidates))

    def squares(rows: slice) -> Float64:
        found: Float64 = np.square(ranked.label_sum(labels, one, k, rows)).sum(axis=1)
        return found

    square = np.concatenate([np.zeros(0), *by_blocks(squares, users, labels.n_labels)])
    n = ranked.listed(k)
    apart = n * ranked.list_sum(labels.counts.astype(np.float64), k) - square
    return np.asarray(apart / np.maximum(n * (n - 1) / 2, 1))


def _full(ranked: Ranked, k: int) -> Float64:
    return np.asarray(ranked.listed(k) >= k, np.float64)


def _any(ranked: Ranked, k: int) -> Float64:
    return np.asarray(ranked.listed(k) > 0, np.float64)


_LISTED = "mean over the users with a recommendation"
_R_PRECISION = Term(
    "Precision(k={k}, r_precision=True)",
    "hits among the first {k} / min({k}, relevant)",
    Ours("recall-capped"),
)
_RECALL = Term("Recall(k={k})", "hits among the first {k} / relevant items", Ours("recall"))
_INVERSE = Term(
    "MeanInvUserFreq(k={k})",
    "log2(training users / training users of the item), mean over the first {k} items, " + _LISTED,
    over_listed(_novelty),
)


_MAP = [
    Term(
        "MAP(k={k})",
        "sum of the precision at each hit to {k} / relevant items",
        Ours("map"),
    ),
    Term(
        "MAP(k={k}, divide_by_k=True)",
        "sum of the precision at each hit to {k} / {k}",
        over_users(_map),
    ),
]


class RecTools(Convention):
    """RecTools 0.19.0, whose users are those with a test item in metrics of relevance.

    In all others they are those with a recommendation. The catalogue that it is given is here the
    candidate items. Its ``PartialAUC`` and ``PAP`` look below the list and are not computed.
    """

    peer = "RecTools 0.19.0"
    terms = {
        "hit": [
            Term("HitRate(k={k})", "share of users with a hit among the first {k}", Ours("hit"))
        ],
        "mrr": [Term("MRR(k={k})", "1 / rank of the first hit to {k}, 0 without one", Ours("mrr"))],
        "precision": [
            Term("Precision(k={k})", "hits among the first {k} / {k}", Ours("precision")),
            _R_PRECISION,
        ],
        "recall": [_RECALL],
        "recall-capped": [_RECALL, _R_PRECISION],
        "ndcg": [
            Term(
                "NDCG(k={k})",
                "binary gain, 1 / log2(rank + 1), ideal of {k} hits whatever is relevant",
                over_users(_ndcg),
            ),
            Term(
                "NDCG(k={k}, divide_by_achievable=True)",
                "binary gain, 1 / log2(rank + 1), ideal of min({k}, relevant) hits",
                Ours("ndcg"),
            ),
        ],
        "map": _MAP,
        "map-capped": _MAP,
        "coverage": [
            Term("CatalogCoverage(k={k})", "distinct items among the first {k}", _coverage),
            Term(
                "CatalogCoverage(k={k}, normalize=True)",
                "distinct items among the first {k} / candidate items",
                _share,
            ),
        ],
        "user-coverage": [
            Term(
                "SufficientReco(k={k})",
                "share of the users with a recommendation who have {k} of them",
                over_listed(_full),
            ),
            Term("CoveredUsers(k={k})", "share of users with a recommendation", over_users(_any)),
        ],
        "popularity": [
            Term(
                "AvgRecPopularity(k={k})",
                "training interactions, mean over the first {k} items, " + _LISTED,
                over_listed(_popularity),
            ),
            Term(
                "AvgRecPopularity(k={k}, normalize=True)",
                "share of the training interactions, mean over the first {k} items, " + _LISTED,
                over_listed(_popularity_share),
            ),
        ],
        "iuf": [_INVERSE],
        "novelty": [_INVERSE],
        "serendipity": [
            Term(
                "Serendipity(k={k})",
                "(popularity rank - rank) / candidates of a hit, 0 if less, mean over the first "
                "{k} items; equally popular items share a rank, " + _LISTED,
                over_listed(_serendipity),
            )
        ],
        "diversity": [
            Term(
                "IntraListDiversity(k={k}), Hamming",
                "labels that only one of two items has, mean over the pairs to {k}, " + _LISTED,
                over_listed(_diversity),
            )
        ],
    }
