"""95% intervals in closed form, and the rule that says which one a value gets.

A value that averages numbers between two bounds has Wilson's score interval, its users weighed as
so many draws of 0 or 1 as have the same variance: near a bound it is lopsided, as the truth is, and
it is not empty where all users score 0. One that averages numbers from 0 up has a t interval of its
logarithm, the degrees of freedom being those of its variance (Satterthwaite). All others have
Student's t. Bootstraps over users cover less than these three do at few users; docs/statistics.md
has the comparison.

References
----------
Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927. Korn
and Graubard, "Confidence intervals for proportions with small expected number of positive counts
estimated from survey data", Survey Methodology 24, 1998 (the effective number of users). Brown, Cai
and DasGupta, "Interval estimation for a binomial proportion", Statistical Science 16, 2001.
Satterthwaite, "An approximate distribution of estimates of variance components", Biometrics
Bulletin 2, 1946.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from recsys_cli.data import Float64

CONFIDENCE = 0.95
Method = Literal["wilson", "log-t", "t", "mover", "bootstrap-t"]
#: Differences below this share of the range, or of the value, are rounding errors.
ROUNDING = 1e-12


def method(value: float, low: float, high: float) -> Method:
    """Return how the interval of an average of numbers within these bounds is made."""
    if np.isfinite(low) and np.isfinite(high):
        return "wilson"
    return "log-t" if low == 0 and value > 0 else "t"


def student(value: float, error: float, degrees: float) -> tuple[float, float]:
    """Return Student's interval."""
    half = t_quantile(degrees) * error
    return value - half, value + half


def logarithmic(value: float, error: float, influence: Float64) -> tuple[float, float]:
    """Return the t interval of the logarithm of a positive value, taken back."""
    half = t_quantile(_satterthwaite(influence)) * error / value
    return value * float(np.exp(-half)), value * float(np.exp(half))


def wilson(value: float, error: float, users: int, low: float, high: float) -> tuple[float, float]:
    """Return the score interval of an average of numbers between two finite bounds.

    The number of draws is that of 0s and 1s with the same standard error. Without any spread it is
    the number of users if the value is at a bound; within, nothing speaks for a width.
    """
    width = high - low
    share, error = (value - low) / width, error / width
    if error < ROUNDING:
        if ROUNDING < share < 1 - ROUNDING:
            return value, value
        share, draws = float(round(share)), float(users)
    else:
        draws = max(share * (1 - share), ROUNDING) / error**2
    squared = t_quantile(users - 1) ** 2 / draws
    centre = (share + squared / 2) / (1 + squared)
    half = np.sqrt(squared * (share * (1 - share) + squared / 4)) / (1 + squared)
    ends = max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half))
    return low + width * float(ends[0]), low + width * float(ends[1])


def t_quantile(degrees: float) -> float:
    """Return the upper end of the middle 95% of Student's distribution."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, 0.5 + CONFIDENCE / 2))


def _satterthwaite(influence: Float64) -> float:
    """Return the degrees of freedom of the variance: fewer where few users make most of it."""
    squares = np.square(influence)
    kurtosis = float(np.mean(np.square(squares)) / np.mean(squares) ** 2)
    users = len(influence)
    return min(users - 1.0, 2 * users / max(kurtosis - 1, ROUNDING))
