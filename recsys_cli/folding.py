"""Training fold by fold: fit, save the model and what serving needs, note what was found."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from recsys_cli.data import Dataset, Split, concatenate
from recsys_cli.listener import Listener
from recsys_cli.models._base import Model
from recsys_cli.prints import require_same, require_same_candidates, tested
from recsys_cli.pruning import Objective
from recsys_cli.runs import Catalog, FoldRecorder, Recorder
from recsys_cli.spec import ExperimentSpec
from recsys_cli.training import Fitted, fit, refitted, validated


def train_folds(
    spec: ExperimentSpec,
    dataset: Dataset,
    made: Iterable[Split],
    recorder: Recorder,
    listener: Listener,
    objective: Objective | None,
    checkpoint: float | None,
) -> None:
    """Train the model of every fold into a run; those that are whole already stay.

    Parameters
    ----------
    objective : Objective, optional
        May end it before the last fold.
    checkpoint : float, optional
        Seconds between two checkpoints.

    Raises
    ------
    SplitMismatch
        If a fold that is whole is of another split, or the file of candidates has changed since the
        run was begun.
    """
    # Of several, a search may have handed over the first alone.
    single = isinstance(made, Sequence) and len(made) == 1
    for split in made:
        name = None if single or split.alone else split.fold
        if name is not None and recorder.has_fold(name):
            require_same(recorder.record, spec, split)
            listener.note(f"Fold {name} is whole.")
            continue
        # A trial is its search's to take up, not resume's.
        fold = recorder.fold(name, checkpoint if objective is None else math.inf)
        fitted = _train_fold(spec, dataset, split, recorder.record, fold, listener, objective)
        if name is not None:
            recorder.finish_fold(name)
        if objective is not None:
            value = validated(fitted, spec, split, objective.metric, dataset.features)
            if objective.judge(recorder.record, split.fold, value, fitted.stopped):
                break
        del split, fitted  # before the next are made


def _train_fold(
    spec: ExperimentSpec,
    dataset: Dataset,
    split: Split,
    record: dict[str, Any],
    fold: FoldRecorder,
    listener: Listener,
    objective: Objective | None,
) -> Fitted:
    started = time.perf_counter()
    watched = objective is not None and objective.metric == spec.train.monitor
    bar = objective.bar if objective is not None and watched else None
    fitted = fit(spec, dataset, split, fold, listener, bar)
    # Each fold reads it anew: hours may lie between.
    require_same_candidates(record, spec)
    final = final_part(spec, split)
    fold.save_model(spec.model.describe(), fitted.model.arrays())
    fold.save_catalog(catalog(dataset, final))
    listener.note(_sizes(fitted.model, final))
    findings = fitted.model.findings()
    if findings:
        record.setdefault("findings", {})[split.fold] = findings
        told = ", ".join(f"{what} {value:.3g}" for what, value in findings.items())
        listener.note(f"Fold {split.fold}: {told}.")
    if fitted.best is not None:
        record["best_epochs"][split.fold] = asdict(fitted.best)
    record["fingerprints"]["split"][split.fold] = split.fingerprint
    record["fingerprints"]["test"][split.fold] = tested(spec, split)
    record["stages"][f"fit/{split.fold}"] = round(time.perf_counter() - started, 4)
    return fitted


def final_part(spec: ExperimentSpec, split: Split) -> Split:
    """Return the split as the model that is kept meets it."""
    return refitted(split) if spec.train.refit else split


def catalog(dataset: Dataset, split: Split) -> Catalog:
    """Return what ``recommend`` needs of one fold: ids, titles, and what each user is known for."""
    known = split.train if split.history is None else concatenate([split.train, split.history])
    return Catalog(
        users=known.users,
        items=known.items,
        titles=dataset.titles,
        scale=known.scale,
        known=known.csr,
        validation=None if split.validation is None else split.validation.csr,
    )


def _sizes(model: Model[Any], split: Split) -> str:
    size = sum(array.size for name, array in model.arrays().items() if not _is_data(name))
    return f"Fold {split.fold}: {size:,} parameters learned from {len(split.train):,} interactions."


def _is_data(name: str) -> bool:
    """Return whether an array is the data themselves, kept to score from, and was not learned."""
    return name.endswith(("user_counts", "item_counts")) or "history_" in name
