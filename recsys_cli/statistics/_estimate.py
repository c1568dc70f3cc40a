"""Estimates: values that know what each user does to them.

References
----------
Cochran, "Sampling techniques", 3rd ed. 1977, chapter 6 (ratios). Efron and Stein, "The jackknife
estimate of variance", Annals of Statistics 9(3), 1981. Deng, Knoblich and Lu, "Applying the delta
method in metric analytics", KDD 2018 (ratios whose rows come in clusters, such as users).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys_cli.data import Float64, Int64
from recsys_cli.statistics import _intervals
from recsys_cli.statistics._intervals import Method


@dataclass(frozen=True, eq=False)
class Estimate:
    """A value and what each user does to it.

    Attributes
    ----------
    value : float
    influence : ndarray of float64, shape (u,)
        Sums to 0; in the units of the value.
    total : bool
        Whether it is a value of all users together, such as the number of distinct items, and no
        average over users or a function of one.
    """

    value: float
    influence: Float64
    total: bool = False

    @property
    def standard_error(self) -> float | None:
        """The standard deviation of the value over samples of users; None for fewer than two."""
        users = len(self.influence)
        if users < 2:
            return None
        return float(np.sqrt(np.square(self.influence).sum() / (users * (users - 1))))

    def method(self, low: float = -np.inf, high: float = np.inf) -> Method | None:
        """Return how :meth:`interval` is made between these bounds; None below two users."""
        if len(self.influence) < 2:
            return None
        return "t" if self.total else _intervals.method(self.value, low, high)

    def interval(self, low: float = -np.inf, high: float = np.inf) -> tuple[float, float] | None:
        """Return the 95% interval of the value; None below two users.

        Parameters
        ----------
        low, high : float
            The smallest and the largest number that a user can have, and so the value.
        """
        error, users = self.standard_error, len(self.influence)
        if error is None:
            return None
        how = self.method(low, high)
        if how == "wilson":
            return _intervals.wilson(self.value, error, users, low, high)
        if how == "log-t" and error > 0:
            return _intervals.logarithmic(self.value, error, self.influence)
        ends = _intervals.student(self.value, error, users - 1)
        return max(low, ends[0]), min(high, ends[1])


def mean(values: Float64) -> Estimate:
    """Return the mean of one value a user."""
    value = float(np.mean(values))
    return Estimate(value, values - value)


def ratio(sums: Float64, counts: Int64 | Float64) -> Estimate:
    """Return ``Σ sums / Σ counts``, a mean over rows that come in clusters, one cluster a user.

    A user's influence is that on the ratio of all the others, so that those with many rows do not
    hide their own: linearised ratios have too small a variance when clusters differ in size.
    """
    total = counts.sum()
    value = float(sums.sum() / total)
    rest = np.where(counts < total, total - counts, total)
    influence = (sums - value * counts) * (max(1, len(sums) - 1) / rest)
    return Estimate(value, influence - np.mean(influence))


def jackknife(value: float, falls: Float64, scale: float = 1.0) -> Estimate:
    """Return a value of all users together, given by how much it falls without each of them.

    Parameters
    ----------
    value : float
    falls : ndarray of float64, shape (u,)
    scale : float
        What the jackknife's standard error is multiplied by, where it is known to be off.
    """
    return Estimate(value, scale * (len(falls) - 1) * (falls - np.mean(falls)), total=True)


def average(estimates: Sequence[Estimate], users: Sequence[NDArray[Any]]) -> Estimate:
    """Return the mean of estimates over several folds, in which a user may come more than once.

    Parameters
    ----------
    estimates : sequence of Estimate
        One a fold.
    users : sequence of ndarray
        Who is behind each influence, fold by fold: any ids. A user's influences are added up, so
        folds that share users are not taken for independent samples.
    """
    shares = [found.influence / len(found.influence) for found in estimates]
    ids, at = np.unique(np.concatenate(list(users)), return_inverse=True)
    summed = np.bincount(at, weights=np.concatenate(shares)) / len(estimates)
    value = float(np.mean([found.value for found in estimates]))
    total = any(found.total for found in estimates)
    return Estimate(value, summed.astype(np.float64) * len(ids), total)
