"""The run folder: make runs, commit them, evaluate them, list them, find one and read it."""

from recsys_cli.runs._atomic import atomic_write, replacing
from recsys_cli.runs._catalog import Catalog, StoredCatalog
from recsys_cli.runs._evaluation import EvaluatedFold
from recsys_cli.runs._fold import FoldRun
from recsys_cli.runs._fold_recorder import FoldRecorder
from recsys_cli.runs._left import Left
from recsys_cli.runs._lock import alone
from recsys_cli.runs._recorder import Recorder
from recsys_cli.runs._run import Run
from recsys_cli.runs._state import State
from recsys_cli.runs._store import Store
from recsys_cli.runs._summary import RunSummary
from recsys_cli.runs._tags import add_tag, mark, remove_tag, unmark
from recsys_cli.runs._trash import remove
from recsys_cli.runs._waste import Dead, Waste, collect, find_waste

__all__ = [
    "Catalog",
    "Dead",
    "EvaluatedFold",
    "FoldRecorder",
    "FoldRun",
    "Left",
    "Recorder",
    "Run",
    "RunSummary",
    "State",
    "Store",
    "StoredCatalog",
    "Waste",
    "add_tag",
    "alone",
    "atomic_write",
    "replacing",
    "collect",
    "find_waste",
    "mark",
    "remove",
    "remove_tag",
    "unmark",
]
