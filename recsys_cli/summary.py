"""An evaluation as a run folder keeps it: tables with ids, and what several folds say together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from recsys_cli.data import IdMap
from recsys_cli.evaluation import Evaluation, Lists
from recsys_cli.runs import EvaluatedFold


def stored(found: Evaluation, users: IdMap, items: IdMap, *, lists: bool) -> EvaluatedFold:
    """Return what one fold's folder keeps, indices written as ids.

    Parameters
    ----------
    found : Evaluation
    users, items : IdMap
    lists : bool
        Whether to keep the recommended lists.
    """
    columns = {name: column for name, column in found.per_user.items() if name != "user_idx"}
    ids = [users[i] for i in found.per_user["user_idx"].tolist()]
    kept = _table(found.lists, users, items) if lists and found.lists is not None else None
    return EvaluatedFold(found.document(), {"user": ids, **columns}, kept)


def _table(lists: Lists, users: IdMap, items: IdMap) -> dict[str, Any]:
    row, place = np.nonzero(lists.items >= 0)
    return {
        "user": [users[i] for i in lists.user_idx[row].tolist()],
        "rank": (place + 1).astype(np.int32),
        "item": [items[i] for i in lists.items[row, place].tolist()],
        "score": lists.scores[row, place],
    }


def over_folds(found: Mapping[str, Evaluation]) -> dict[str, Any] | None:
    """Return mean and sample standard deviation of each metric over folds; None for one fold."""
    if len(found) == 1:
        return None
    first = next(iter(found.values()))
    metrics = {}
    for name, entry in first.metrics.items():
        values = [one.metrics[name].value for one in found.values()]
        metrics[name] = {
            "value": float(np.mean(values)),
            "std": float(np.std(values, ddof=1)),
            "ci95": None,
            "users": sum(one.metrics[name].users for one in found.values()),
            "definition": f"mean over {len(found)} folds: {entry.definition}",
        }
    return {"metrics": metrics}
