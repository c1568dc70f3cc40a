"""Model + split → a value a user → summary. Users are streamed in blocks; memory stays bounded."""

from recsys_cli.evaluation._evaluator import Evaluator
from recsys_cli.evaluation._values import Beside, Evaluation, Lists, MetricValue, estimate

__all__ = ["Beside", "Evaluation", "Evaluator", "Lists", "MetricValue", "estimate"]
