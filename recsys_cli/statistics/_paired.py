"""Paired tests of two estimates on the same users.

Each test sees one number a user: by how much the user moves the difference. For a mean over users
it is the user's own difference, for ratios and catalogue metrics the linearised one (influence),
whose mean is the difference too.

References
----------
Smucker, Allan and Carterette, "A comparison of statistical significance tests for information
retrieval evaluation", CIKM 2007. Hall, "On symmetric bootstrap confidence intervals", JRSS B 50,
1988. Phipson and Smyth, "Permutation p-values should never be zero", SAGMB 9(1), 2010. Cohen,
"Statistical power analysis for the behavioral sciences", 2nd ed. 1988, section 2.3.5 (d_z).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from recsys_cli.data import Bool, Float64
from recsys_cli.errors import DataError
from recsys_cli.seeding import generator
from recsys_cli.statistics._estimate import Estimate
from recsys_cli.statistics._intervals import CONFIDENCE, ROUNDING, Method

Test = Literal["t", "wilcoxon", "permutation", "bootstrap"]
#: Stored runs have many seeds or none in common, so draws over their users have one of their own.
SEED = 0
FLIPS = 9_999
RESAMPLES = 1_999
#: Up to as many users that differ, every way of swapping them is counted instead of drawn.
EXACT = 16
#: Numbers in a block of draws × users.
_CELLS = 1 << 22


@dataclass(frozen=True)
class PairedTest:
    """The difference of two estimates on the same users, and how sure its sign is.

    Attributes
    ----------
    difference : float
        First less second.
    ci95 : (float, float), optional
        None for fewer than two users.
    interval : str, optional
        How it is made: ``t``, or ``bootstrap-t`` with the test of that kind.
    p_value : float, optional
        Two-sided, of no difference; None for fewer than two users.
    effect_size : float, optional
        Cohen's d_z, the mean difference in standard deviations of the users' differences; None
        where these do not vary, unless there is no difference at all.
    users : int
    test : str
    """

    difference: float
    ci95: tuple[float, float] | None
    interval: Method | None
    p_value: float | None
    effect_size: float | None
    users: int
    test: Test


def paired_test(
    first: Estimate, second: Estimate, test: Test = "t", differences: Float64 | None = None
) -> PairedTest:
    """Test whether two estimates on the same users, in the same order, differ.

    Two equal estimates have p = 1, whatever the test.

    Parameters
    ----------
    first, second : Estimate
    test : {"t", "wilcoxon", "permutation", "bootstrap"}
        ``t`` is Student's. ``wilcoxon`` is the signed-rank test, which leaves out users who do not
        differ and gives equal differences their mean rank; it asks whether differences lie evenly
        around 0, as only those of means over users do. ``permutation`` swaps the two sides of users
        at random. Both try every swap where few users differ. ``bootstrap`` draws users anew, as
        many as there are, and compares t statistics (symmetric bootstrap-t); its interval is of the
        same draws.
    differences : ndarray of float64, shape (u,), optional
        What Wilcoxon's test ranks, exactly; else what the influences say, up to rounding.

    Raises
    ------
    DataError
        If the numbers of users differ.
    """
    if len(first.influence) != len(second.influence):
        raise DataError("a paired test needs the same users on both sides")
    influence = first.influence - second.influence
    change = Estimate(first.value - second.value, influence)
    error, users = change.standard_error, len(influence)
    if error is None:
        return PairedTest(change.value, None, None, None, None, users, test)
    ci95, interval = change.interval(), change.method()
    if test == "bootstrap":
        p_value, half = _bootstrap(change, error)
        if np.isfinite(half):
            ci95, interval = (change.value - half, change.value + half), "bootstrap-t"
    elif test == "wilcoxon":
        p_value = _wilcoxon(change.value + influence if differences is None else differences)
    else:
        p_value = _student(change, error) if test == "t" else _permutation(change)
    effect = _effect_size(change.value, error, users)
    return PairedTest(change.value, ci95, interval, p_value, effect, users, test)


def _effect_size(value: float, error: float, users: int) -> float | None:
    if value == 0:
        return 0.0
    return float(value / (error * np.sqrt(users))) if error > 0 else None


def _student(change: Estimate, error: float) -> float:
    from scipy.special import stdtr

    return float(2 * stdtr(len(change.influence) - 1, -_t(change.value, error)))


def _t(value: float, error: float) -> float:
    """Return |t|: 0 where there is no difference, infinite where it is the same for all users."""
    return abs(value) / error if error > 0 else np.inf if value else 0.0


def _wilcoxon(differences: Float64) -> float:
    """Return the p-value of the signed ranks: exact for few users, else by a normal sum."""
    from scipy.special import ndtr

    differences = _rounded(differences)
    _, at, counts = np.unique(np.abs(differences), return_inverse=True, return_counts=True)
    ranks = np.sign(differences) * (np.cumsum(counts) - (counts - 1) / 2)[at]
    if len(ranks) <= EXACT:
        return _of_all_swaps(ranks)
    return float(2 * ndtr(-abs(ranks.sum()) / np.sqrt(np.square(ranks).sum())))


def _permutation(change: Estimate) -> float:
    """Return the share of swaps after which the difference is as large as it is, or larger."""
    moves = _rounded(change.value + change.influence)
    if len(moves) <= EXACT:
        return _of_all_swaps(moves)
    rng = generator(SEED, "permutation")
    drawn = (_coins(rng, size, len(moves)) for size in _blocks(FLIPS, len(moves)))
    return (sum(_as_large(moves, swapped) for swapped in drawn) + 1) / (FLIPS + 1)


def _of_all_swaps(moves: Float64) -> float:
    ways = np.arange(2 ** len(moves))
    swapped = (ways[:, None] >> np.arange(len(moves)) & 1).astype(bool)
    return _as_large(moves, swapped) / len(ways)


def _as_large(moves: Float64, swapped: Bool) -> int:
    """Return how many rows of swaps leave a sum as far from 0 as it is, or farther."""
    seen = abs(moves.sum()) - ROUNDING * np.abs(moves).sum()
    return int(np.count_nonzero(np.abs(moves.sum() - 2 * (swapped @ moves)) >= seen))


def _coins(rng: np.random.Generator, rows: int, columns: int) -> Bool:
    packed = np.frombuffer(rng.bytes(rows * -(-columns // 8)), np.uint8).reshape(rows, -1)
    return np.unpackbits(packed, axis=1, count=columns).astype(bool)


def _bootstrap(change: Estimate, error: float) -> tuple[float, float]:
    """Return the p-value and half the width of the symmetric interval, infinite at few users."""
    rng, users = generator(SEED, "bootstrap"), len(change.influence)
    drawn = np.concatenate([_t_of(change.influence, rng, n) for n in _blocks(RESAMPLES, users)])
    larger = np.count_nonzero(drawn >= _t(change.value, error) * (1 - ROUNDING))
    at = int(np.ceil(CONFIDENCE * (RESAMPLES + 1))) - 1
    return float((larger + 1) / (RESAMPLES + 1)), float(np.sort(drawn)[at]) * error


def _t_of(influence: Float64, rng: np.random.Generator, rows: int) -> Float64:
    """Return |t| of the mean in some samples of the users; infinite where a sample is constant."""
    users = len(influence)
    drawn = influence[rng.integers(0, users, (rows, users))]
    error = drawn.std(axis=1, ddof=1) / np.sqrt(users)
    size = np.abs(drawn.mean(axis=1))
    none = ROUNDING * np.abs(influence).max()
    same = error <= none
    certain = np.where(size > none, np.inf, 0.0)
    return np.where(same, certain, size / np.where(same, 1.0, error))


def _blocks(draws: int, users: int) -> Iterator[int]:
    """Yield sizes that add up to ``draws``, each small enough for a matrix of draws × users."""
    size = max(1, _CELLS // users)
    for start in range(0, draws, size):
        yield min(size, draws - start)


def _rounded(differences: Float64) -> Float64:
    """Return those that are not 0, in units of the largest, equal if they differ by rounding."""
    largest = np.abs(differences).max(initial=0.0)
    shares = np.round(differences / largest, 12) if largest > 0 else differences
    return np.asarray(shares[shares != 0], np.float64)
