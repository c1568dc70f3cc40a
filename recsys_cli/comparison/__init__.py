"""Compare runs on the same test set: every metric, its difference and a paired test over users."""

from recsys_cli.comparison._compare import Comparison, compare, not_shared

__all__ = ["Comparison", "compare", "not_shared"]
