"""An evaluation as a run folder keeps it: tables with ids, and what several folds say together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from recsys_cli.data import IdMap, Interactions
from recsys_cli.evaluation import Evaluation, Lists, MetricValue, estimate
from recsys_cli.findings import Finding, documented
from recsys_cli.metrics import parse
from recsys_cli.runs import EvaluatedFold, Run
from recsys_cli.spec import ExperimentSpec
from recsys_cli.statistics import Estimate, average


def commit(
    run: Run,
    spec: ExperimentSpec,
    data: Interactions,
    found: Mapping[str, Evaluation],
    leaks: Mapping[str, Sequence[Finding]],
) -> None:
    """Store the evaluation of every fold in the run's folder, with what its audit found."""
    kept = {}
    for name, one in found.items():
        fold = stored(one, data.users, data.items, lists=spec.evaluation.save_lists)
        kept[name] = replace(fold, document={**fold.document, "leakage": documented(leaks[name])})
    run.commit_evaluation(kept, over_folds(found))


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
    return EvaluatedFold(found.document(), {"user": ids, **columns}, kept, found.pairs)


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
    metrics = {name: _over_folds(name, folds) for name in folds[0].metrics}
    asked = {
        name: _convention([f.conventions[name] for f in folds]) for name in folds[0].conventions
    }
    return {"metrics": metrics} | ({"conventions": asked} if asked else {})


def _over_folds(name: str, folds: list[Evaluation]) -> dict[str, Any]:
    values = [fold.metrics[name].value for fold in folds]
    metric = parse(name).metric
    whole = average(
        [_estimate(name, fold, total=metric.kind == "catalogue") for fold in folds],
        [f.per_user["user_idx"][~np.isnan(f.per_user[name])] for f in folds],
    )
    return {
        "value": float(np.mean(values)),
        "std": float(np.std(values, ddof=1)),
        "ci95": whole.interval(*metric.bounds),
        "interval": whole.method(*metric.bounds),
        **_mean_ends([fold.metrics[name] for fold in folds]),
        "users": len(whole.influence),
        "definition": f"mean over {len(folds)} folds: {folds[0].metrics[name].definition}",
        **_beside(name, folds),
    }


def _mean_ends(folds: Sequence[MetricValue]) -> dict[str, Any]:
    """Return the mean of the ends of intervals of groups; nothing of other metrics.

    What drives groups apart by chance does so in every fold, so the mean of gaps is no surer.
    """
    ends = [fold.ci95 for fold in folds if fold.ci95 is not None and fold.interval == "mover"]
    if len(ends) < len(folds):
        return {}
    low, high = np.mean(ends, axis=0).tolist()
    return {"ci95": (low, high), "interval": "mover"}


def _beside(name: str, folds: list[Evaluation]) -> dict[str, Any]:
    """Return the mean and deviation of what stands beside a value in every fold."""
    found = {}
    for kind in ("full", "corrected"):
        others = [getattr(fold.metrics[name], kind) for fold in folds]
        if all(other is not None for other in others):
            values = [other.value for other in others]
            found[kind] = {"value": float(np.mean(values)), "std": float(np.std(values, ddof=1))}
    return found


def _estimate(name: str, fold: Evaluation, *, total: bool) -> Estimate:
    found = fold.metrics[name]
    if not total:
        return estimate(name, fold.per_user)
    return estimate(name, fold.per_user, found.value, found.jackknife_scale)


def _convention(folds: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what one convention reports, its values averaged over the folds."""
    metrics = {
        name: [_term(terms) for terms in zip(*(f["metrics"][name] for f in folds), strict=True)]
        for name in folds[0]["metrics"]
    }
    return {**folds[0], "metrics": metrics}


def _term(folds: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    values = [one["value"] for one in folds]
    return {
        "name": folds[0]["name"],
        "value": None if None in values else float(np.mean(values)),
        "definition": f"mean over {len(folds)} folds: {folds[0]['definition']}",
    }
