"""Intervals of how far groups are apart: the gap, or the ratio, of the lowest to the highest mean.

Of many groups alike, chance alone drives the first and the last apart, so their own difference is
no guide to that of the means. Each group has Wilson's limits, those of two groups are put together
as Zou and Donner do, and then:

- the groups are as far apart as any two of them: of the ends that say so, the farthest counts, at
  the level of one comparison;
- that they are apart at all is said at the level of all comparisons together (Games and Howell),
  made of those pairs alone that may be the first and the last (Andrews and Soares).

References
----------
Zou and Donner, "Construction of confidence limits about effect measures: a general approach",
Statistics in Medicine 27, 2008. Donner and Zou, "Closed-form confidence intervals for functions of
the normal mean and standard deviation", Statistical Methods in Medical Research 21, 2012 (ratios).
Newcombe, "Interval estimation for the difference between independent proportions", Statistics in
Medicine 17, 1998. Games and Howell, "Pairwise multiple comparison procedures with unequal n's
and/or variances", Journal of Educational Statistics 1, 1976. Andrews and Soares, "Inference for
parameters defined by moment inequalities using generalized moment selection", Econometrica 78,
2010.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from recsys_cli.data import Float64, Int64
from recsys_cli.seeding import generator
from recsys_cli.statistics._intervals import CONFIDENCE, ROUNDING

#: Draws have a seed of their own: the same evaluation always has the same interval.
_SEED = 0
_DRAWS = 1_999
#: Where the interval of one comparison ends, as a probability.
_END = 0.5 + CONFIDENCE / 2


class Groups(NamedTuple):
    """Means of g groups of users, each between 0 and a largest value.

    ``mean`` and ``most`` float64 (g,) are the mean and the largest possible one, ``users`` int64
    (g,) is at least 1, and ``covariance`` float64 (g, g) is that of the means.
    """

    mean: Float64
    most: Float64
    users: Int64
    covariance: Float64


def gap_interval(groups: Groups) -> tuple[float, float]:
    """Return the 95% interval of the largest mean less the smallest; (0, 0) of one group."""
    if len(groups.mean) < 2:
        return 0.0, 0.0
    pairs = _pairs(groups)
    first, last = _sides(groups, pairs, pairs.together)
    low = _apart(first, last) - _joined(last.mean - last.low, first.high - first.mean, pairs)
    first, last = _sides(groups, pairs, _END)
    high = _apart(first, last) + _joined(last.high - last.mean, first.mean - first.low, pairs)
    return max(0.0, float(low.max())), float(high.max())


def ratio_interval(groups: Groups) -> tuple[float, float]:
    """Return the 95% interval of the smallest mean over the largest; (1, 1) of one group."""
    if len(groups.mean) < 2:
        return 1.0, 1.0
    pairs = _pairs(groups)
    low = _least_ratio(*_sides(groups, pairs, _END), pairs)
    high = _largest_ratio(*_sides(groups, pairs, pairs.together), pairs)
    return float(low.min()), min(1.0, float(high.min()))


class _Pairs(NamedTuple):
    """Two groups that may be the first and the last, p such pairs: indices int64 (p,) of both.

    ``correlation`` and ``degrees`` of freedom float64 (p,) are those of their difference, and
    ``together`` is the probability at which the limits of all pairs hold at once.
    """

    first: Int64
    last: Int64
    correlation: Float64
    degrees: Float64
    together: float


class _Side(NamedTuple):
    """One group of each pair, float64 (p,) each: its mean and the limits of that."""

    mean: Float64
    low: Float64
    high: Float64


def _pairs(groups: Groups) -> _Pairs:
    """Return the pairs whose difference is not surely below the largest one."""
    mean, users = groups.mean, np.maximum(groups.users - 1, 1)
    variance = _variance(groups)
    covariance = groups.covariance + np.diag(variance - np.diag(groups.covariance))
    of_gap = np.maximum(variance[:, None] + variance - 2 * covariance, ROUNDING**2)
    slack = np.sqrt(np.log(groups.users.sum()) * of_gap)
    near = mean - mean[:, None] + slack >= np.ptp(mean)
    np.fill_diagonal(near, False)
    first, last = np.nonzero(near)
    spread = np.sqrt(variance[first] * variance[last])
    parts = np.square(variance) / users
    return _Pairs(
        first,
        last,
        covariance[first, last] / spread,
        np.square(variance[first] + variance[last]) / (parts[first] + parts[last]),
        _together(covariance, near | near.T, np.sqrt(of_gap)),
    )


def _variance(groups: Groups) -> Float64:
    """Return the variance of each mean; where all users are alike, what their limits stand for."""
    from scipy.special import stdtrit

    found = np.diag(groups.covariance)
    t = stdtrit(np.maximum(groups.users - 1, 1), _END)
    low, high = _wilson(groups, np.arange(len(found)), t)
    known = found > np.square(ROUNDING * groups.most)
    return np.where(known, found, np.square((high - low) / (2 * t)))


def _together(covariance: Float64, wanted: np.ndarray, error: Float64) -> float:
    """Return the probability at which no limit of the wanted pairs is wrong in 95% of samples."""
    from scipy.special import ndtr

    if np.count_nonzero(wanted) == 2:
        return _END
    size, axes = np.linalg.eigh(covariance)
    draws = generator(_SEED, "groups").standard_normal((_DRAWS, len(size)))
    draws = draws * np.sqrt(np.maximum(size, 0)) @ axes.T
    farthest = np.zeros(_DRAWS)
    for group, others in enumerate(wanted):
        apart = np.abs(draws[:, others] - draws[:, [group]]) / error[group, others]
        np.maximum(farthest, apart.max(axis=1, initial=0), out=farthest)
    at = int(np.ceil(CONFIDENCE * (_DRAWS + 1))) - 1
    return max(_END, float(ndtr(np.sort(farthest)[at])))


def _sides(groups: Groups, pairs: _Pairs, probability: float) -> tuple[_Side, _Side]:
    """Return both groups of each pair with limits that hold with this probability each."""
    from scipy.special import stdtrit

    t = stdtrit(pairs.degrees, probability)
    first, last = (
        _Side(groups.mean[at], *_wilson(groups, at, t)) for at in (pairs.first, pairs.last)
    )
    return first, last


def _wilson(groups: Groups, at: Int64, t: Float64) -> tuple[Float64, Float64]:
    """Return Wilson's limits of some means, the users weighed as in ``wilson``."""
    share, most = groups.mean[at] / groups.most[at], groups.most[at]
    variance = np.diag(groups.covariance)[at] / np.square(most)
    spread = share * (1 - share)
    counts = (variance > ROUNDING**2) & (spread > 0)
    draws = np.divide(spread, variance, where=counts, out=groups.users[at].astype(np.float64))
    squared = np.square(t) / draws
    centre = (share + squared / 2) / (1 + squared)
    half = np.sqrt(squared * (spread + squared / 4)) / (1 + squared)
    low = np.clip(centre - half, 0, share)
    high = np.clip(centre + half, share, 1)
    return most * low, most * high


def _apart(first: _Side, last: _Side) -> Float64:
    return last.mean - first.mean


def _joined(one: Float64, other: Float64, pairs: _Pairs) -> Float64:
    """Return how far a difference may be off, from how far both of its sides may be."""
    square = np.square(one) + np.square(other) - 2 * pairs.correlation * one * other
    return np.asarray(np.sqrt(np.maximum(square, 0)))


def _least_ratio(first: _Side, last: _Side, pairs: _Pairs) -> Float64:
    """Return the lower limit of first / last."""
    off = pairs.correlation * (first.mean - first.low) * (last.high - last.mean)
    middle = first.mean * last.mean - off
    one, other = first.low * (2 * first.mean - first.low), last.high * (2 * last.mean - last.high)
    divisor = middle + np.sqrt(np.maximum(np.square(middle) - one * other, 0))
    return np.divide(one, divisor, where=divisor > 0, out=np.zeros(len(one)))


def _largest_ratio(first: _Side, last: _Side, pairs: _Pairs) -> Float64:
    """Return the upper limit of first / last; infinite where last may be 0."""
    off = pairs.correlation * (first.high - first.mean) * (last.mean - last.low)
    middle = first.mean * last.mean - off
    one, other = first.high * (2 * first.mean - first.high), last.low * (2 * last.mean - last.low)
    above = middle + np.sqrt(np.maximum(np.square(middle) - one * other, 0))
    found: Float64 = np.divide(above, other, where=other > 0, out=np.full(len(above), np.inf))
    return found
