"""An evaluation as a run folder keeps it: tables with ids, and what several folds say together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from recsys_cli.data import IdMap
from recsys_cli.evaluation import Evaluation, Lists, estimate
from recsys_cli.metrics import parse
from recsys_cli.runs import EvaluatedFold
from recsys_cli.statistics import average


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
    """Return what the folds say of each metric together; None for one fold.

    The mean, the sample standard deviation, the 95% interval of the mean over users (of these
    folds and these fitted models), and how many people are behind it.
    """
    if len(found) == 1:
        return None
    folds = list(found.values())
    return {"metrics": {name: _over_folds(name, folds) for name in folds[0].metrics}}


def _over_folds(name: str, folds: list[Evaluation]) -> dict[str, Any]:
    values = [fold.metrics[name].value for fold in folds]
    total = parse(name).metric.kind == "catalogue"
    whole = average(
        [estimate(name, f.per_user, f.metrics[name].value if total else None) for f in folds],
        [f.per_user["user_idx"][~np.isnan(f.per_user[name])] for f in folds],
    )
    return {
        "value": float(np.mean(values)),
        "std": float(np.std(values, ddof=1)),
        "ci95": whole.interval(*parse(name).metric.bounds),
        "users": len(whole.influence),
        "definition": f"mean over {len(folds)} folds: {folds[0].metrics[name].definition}",
    }
