"""Search the hyperparameters of a spec: random, grid or TPE, in workers, pruned and resumed."""

from recsys_cli.tuning._bench import DATA
from recsys_cli.tuning._course import plan
from recsys_cli.tuning._search import UNBOUNDED, Budget, tune
from recsys_cli.tuning._trials import Planned, Trial, Tuned, counted, told, wrote

__all__ = [
    "DATA",
    "UNBOUNDED",
    "Budget",
    "Planned",
    "Trial",
    "Tuned",
    "counted",
    "plan",
    "told",
    "tune",
    "wrote",
]
