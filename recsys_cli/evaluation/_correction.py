"""What ranks among few candidates say of a full ranking: the correction of Krichene and Rendle.

The relevant item of a user has rank r among his n candidates and rank s in a list of it and m
others, drawn uniformly without replacement: ``s - 1`` is hypergeometric. A metric f of the full
rank is estimated by a function g of s. The bias–variance estimator BV is the g that minimises

    mean over r = 1 … n of  (E[g(s) | r] - f(r))² + gamma Var[g(s) | r]

With P[r, s] the chance of s given r, ``g = ((1 - gamma) PᵀP / n + gamma C)⁻¹ Pᵀ f / n``, where C
holds the mean over r of P[r, s], which is ``1 / (m + 1)`` for each s. Where the list holds all n,
g is f.

References
----------
Krichene and Rendle, "On sampled metrics for item recommendation", KDD 2020: the bias–variance
trade-off, with a uniform prior of the rank. They draw with replacement, and so have binomials.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recsys_cli import threads
from recsys_cli.data import Float64, Int64
from recsys_cli.metrics import ParsedMetric
from recsys_cli.metrics._base import RankingMetric
from recsys_cli.metrics._hits import HitsOnly, follows_from_hits

#: How much variance counts against bias; Krichene and Rendle report 0.1 and 0.01.
GAMMA = 0.1
#: How far apart, by their logarithm, the numbers of irrelevant items are that are told apart.
_STEP = 0.02
#: Ranks looked at together.
_RANKS = 1 << 14


def can_correct(parsed: ParsedMetric) -> bool:
    """Return whether a metric is a function of the rank of the relevant item, 0 beyond a cutoff."""
    metric = parsed.metric
    if not isinstance(metric, RankingMetric) or parsed.k is None:
        return False
    return follows_from_hits(metric)


def corrected(
    metrics: Sequence[ParsedMetric], place: Int64, n_others: Int64, n_irrelevant: Int64
) -> dict[str, Float64]:
    """Return the estimate of each metric's full value, one a user, float64 (u,).

    Parameters
    ----------
    metrics : sequence of ParsedMetric
        Such that :func:`can_correct` holds.
    place : ndarray of int64, shape (u,)
        The rank of each user's one relevant item in the list; 0 where it is a candidate nowhere.
    n_others, n_irrelevant : ndarray of int64, shape (u,)
        Other items in the list, and in the full ranking; the latter is heeded within 1%.
    """
    out = np.zeros((len(place), len(metrics)))
    sizes = np.stack([n_others, _rounded(n_irrelevant, n_others)], axis=1)
    kinds, at = np.unique(sizes, axis=0, return_inverse=True)
    with threads.single_blas():
        for kind, (m, n) in enumerate(kinds.tolist()):
            users = np.flatnonzero((at.ravel() == kind) & (place > 0))
            out[users] = _estimator(metrics, m, n)[place[users] - 1]
    return {parsed.name: out[:, column] for column, parsed in enumerate(metrics)}


def _rounded(n: Int64, m: Int64) -> Int64:
    """Return n within 1%, so that few estimators serve all users; itself up to 100 and where all
    are listed.
    """
    near = np.rint(np.exp(np.rint(np.log(np.maximum(n, 1)) / _STEP) * _STEP)).astype(np.int64)
    return np.where((n <= 100) | (n <= m), n, np.maximum(near, m + 1))


def _estimator(metrics: Sequence[ParsedMetric], m: int, n: int) -> Float64:
    """Return g for each rank among m others of n, float64 (m + 1, metrics)."""
    values = _by_rank(metrics, n + 1)
    square, product = np.zeros((m + 1, m + 1)), np.zeros((m + 1, len(metrics)))
    for start in range(0, n + 1, _RANKS):
        chances = _chances(np.arange(start, min(start + _RANKS, n + 1)), m, n)
        square += chances.T @ chances
        product += chances.T @ values[start : start + len(chances)]
    left = (1 - GAMMA) * square / (n + 1) + GAMMA / (m + 1) * np.eye(m + 1)
    return np.asarray(np.linalg.solve(left, product / (n + 1)))


def _by_rank(metrics: Sequence[ParsedMetric], ranks: int) -> Float64:
    """Return each metric of a relevant item at the ranks 1, 2 …, float64 (ranks, metrics)."""
    values = np.zeros((ranks, len(metrics)))
    for column, (_, metric, k) in enumerate(metrics):
        assert isinstance(metric, RankingMetric)
        rank = np.arange(1, min(k or 0, ranks) + 1)
        pairs = {
            "item_idx": np.zeros(len(rank), np.int32),
            "rank": rank,
            "value": np.ones(len(rank), np.float32),
        }
        lists = HitsOnly.of(np.arange(len(rank)), pairs, k or 0)
        values[: len(rank), column] = metric.per_user(lists, k or 0)
    return values


def _chances(better: Int64, m: int, n: int) -> Float64:
    """Return the chance of 0 … m of the better items among m drawn of n, float64 (b, m + 1)."""
    logs = np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, n + 1)))))
    # At the negative numbers, that is at the end: the chance of what cannot be is exp(-inf).
    padded = np.concatenate((logs, np.full(m, np.inf)))
    drawn, rest = np.arange(m + 1), n - better
    of_better = logs[better][:, None] - logs[drawn] - padded[better[:, None] - drawn]
    of_rest = logs[rest][:, None] - logs[m - drawn] - padded[rest[:, None] - (m - drawn)]
    return np.asarray(np.exp(of_better + of_rest - (logs[n] - logs[m] - logs[n - m])))
