"""The run folder: make runs, commit them, evaluate them, list them, find one and read it."""

from recsys_cli.runs._atomic import atomic_write
from recsys_cli.runs._catalog import Catalog, StoredCatalog
from recsys_cli.runs._evaluation import EvaluatedFold
from recsys_cli.runs._fold import FoldRun
from recsys_cli.runs._recorder import FoldRecorder, Recorder
from recsys_cli.runs._run import Run
from recsys_cli.runs._state import State
from recsys_cli.runs._store import Store
from recsys_cli.runs._summary import RunSummary

__all__ = [
    "Catalog",
    "EvaluatedFold",
    "FoldRecorder",
    "FoldRun",
    "Recorder",
    "Run",
    "RunSummary",
    "State",
    "Store",
    "StoredCatalog",
    "atomic_write",
]
