"""Score recommendations made elsewhere, as a run that holds lists and no model."""

from recsys_cli.external._run import evaluate

__all__ = ["evaluate"]
