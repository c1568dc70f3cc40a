"""Uncertainty over users: 95% intervals, and a paired test of two estimates on the same users.

Users are the unit that was sampled, so every estimate here carries the influence of each user, the
first-order change of the value when the user gains weight. Means, ratios, functions of ratios and
the jackknife then share one variance, ``Σ influence² / (u (u - 1))``, and one paired test.

References
----------
Cochran, "Sampling techniques", 3rd ed. 1977, chapter 6 (ratios). Efron and Stein, "The jackknife
estimate of variance", Annals of Statistics 9(3), 1981. Smucker, Allan and Carterette, "A comparison
of statistical significance tests for information retrieval evaluation", CIKM 2007 (the paired t
test agrees with the randomisation test). Deng, Knoblich and Lu, "Applying the delta method in
metric analytics", KDD 2018 (ratios whose rows come in clusters, such as users).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys_cli.data import Float64, Int64
from recsys_cli.errors import DataError

CONFIDENCE = 0.95


@dataclass(frozen=True, eq=False)
class Estimate:
    """A value and what each user does to it.

    Attributes
    ----------
    value : float
    influence : ndarray of float64, shape (u,)
        Sums to 0; in the units of the value.
    """

    value: float
    influence: Float64

    @property
    def standard_error(self) -> float | None:
        """The standard deviation of the value over samples of users; None for fewer than two."""
        users = len(self.influence)
        if users < 2:
            return None
        return float(np.sqrt(np.square(self.influence).sum() / (users * (users - 1))))

    def interval(self, low: float = -np.inf, high: float = np.inf) -> tuple[float, float] | None:
        """Return the 95% t interval of the value, cut off at the bounds; None below two users.

        The interval is symmetric and leans on the central limit theorem: for a few dozen users with
        mostly zero values it is too narrow on the side of the long tail.
        """
        error = self.standard_error
        if error is None:
            return None
        half = _t_quantile(len(self.influence) - 1) * error
        return max(low, self.value - half), min(high, self.value + half)


def mean(values: Float64) -> Estimate:
    """Return the mean of one value a user."""
    value = float(np.mean(values))
    return Estimate(value, values - value)


def ratio(sums: Float64, counts: Int64 | Float64) -> Estimate:
    """Return ``Σ sums / Σ counts``, a mean over rows that come in clusters, one cluster a user."""
    value = float(sums.sum() / counts.sum())
    return Estimate(value, (sums - value * counts) / np.mean(counts))


def jackknife(value: float, falls: Float64) -> Estimate:
    """Return a value of all users together, given by how much it falls without each of them."""
    return Estimate(value, (len(falls) - 1) * (falls - np.mean(falls)))


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
    return Estimate(value, summed.astype(np.float64) * len(ids))


@dataclass(frozen=True)
class PairedTest:
    """The difference of two estimates on the same users, and how sure its sign is.

    Attributes
    ----------
    difference : float
        First less second.
    ci95 : (float, float), optional
        None for fewer than two users.
    p_value : float, optional
        Two-sided, of no difference; None for fewer than two users.
    users : int
    test : str
    """

    difference: float
    ci95: tuple[float, float] | None
    p_value: float | None
    users: int
    test: str = "paired t"


def paired_test(first: Estimate, second: Estimate) -> PairedTest:
    """Test whether two estimates on the same users, in the same order, differ.

    For means it is Student's paired t test. Two equal estimates have p = 1.

    Raises
    ------
    DataError
        If the numbers of users differ.
    """
    if len(first.influence) != len(second.influence):
        raise DataError("a paired test needs the same users on both sides")
    change = Estimate(first.value - second.value, first.influence - second.influence)
    users = len(change.influence)
    return PairedTest(change.value, change.interval(), _p_value(change), users)


def _p_value(change: Estimate) -> float | None:
    from scipy.special import stdtr

    error = change.standard_error
    if error is None:
        return None
    if change.value == 0:
        return 1.0
    t = abs(change.value) / error if error > 0 else np.inf
    return float(2 * stdtr(len(change.influence) - 1, -t))


def _t_quantile(degrees: int) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(degrees, 0.5 + CONFIDENCE / 2))
