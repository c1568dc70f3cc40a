"""A run's metrics group by group, and the users whom it serves worst."""

from recsys_cli.breakdown._groups import BUILT_IN
from recsys_cli.breakdown._values import Breakdown, Part, breakdown
from recsys_cli.breakdown._worst import Worst, worst

__all__ = ["BUILT_IN", "Breakdown", "Part", "Worst", "breakdown", "worst"]
