"""Uncertainty over users: 95% intervals, paired tests of two estimates, and Holm's correction.

Users are the unit that was sampled, so every estimate carries the influence of each user, the
first-order change of the value when the user gains weight. Means, ratios, functions of ratios and
the jackknife then share one variance, ``Σ influence² / (u (u - 1))``, and the same paired tests.
How often the intervals hold the truth, and how often the tests are wrong, is simulated in
docs/statistics.md.
"""

from recsys_cli.statistics._estimate import Estimate, average, jackknife, mean, ratio
from recsys_cli.statistics._groups import Groups, gap_interval, ratio_interval
from recsys_cli.statistics._holm import holm
from recsys_cli.statistics._intervals import CONFIDENCE, Method
from recsys_cli.statistics._paired import PairedTest, Test, paired_test

__all__ = [
    "CONFIDENCE",
    "Estimate",
    "Groups",
    "Method",
    "PairedTest",
    "Test",
    "average",
    "gap_interval",
    "holm",
    "jackknife",
    "mean",
    "paired_test",
    "ratio",
    "ratio_interval",
]
