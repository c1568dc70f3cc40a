"""Run a run again from its record, and say whether it comes to the same and what has changed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from recsys_cli import experiment, temporary
from recsys_cli.circumstances import Difference, differences
from recsys_cli.data import Split
from recsys_cli.errors import SpecError, SplitMismatch
from recsys_cli.experiment import Prepared
from recsys_cli.fingerprint import digest
from recsys_cli.listener import Listener
from recsys_cli.models import MODELS
from recsys_cli.pruning import repeated
from recsys_cli.runs import FoldRun, Run, Store
from recsys_cli.runs._environment import environment
from recsys_cli.saved import EXTERNAL
from recsys_cli.spec import ExperimentSpec
from recsys_cli.specfile import from_document

#: Relative difference that another machine's or library's floating point may make.
TOLERANCE = 0.01


@dataclass(frozen=True)
class Change:
    """An array of the model, or a metric, that did not come out with the same bits.

    Attributes
    ----------
    kind : {"array", "metric"}
    fold, name : str
    then, now : str
        Shape and type of an array, value of a metric; ``"none"`` where there is none.
    relative : float, optional
        The norm of the difference by the norm of the first; None where there is no such number,
        for the shape is another or the first is 0.
    """

    kind: Literal["array", "metric"]
    fold: str
    name: str
    then: str
    now: str
    relative: float | None

    def within(self, tolerance: float) -> bool:
        """Return whether the difference is small."""
        return self.relative is not None and self.relative <= tolerance


@dataclass(frozen=True)
class Reproduction:
    """What running a run again came to.

    Attributes
    ----------
    run : str
    verdict : {"identical", "within tolerance", "different"}
        Every array and metric has the same bits; all that differ do so by no more than
        ``tolerance``; at least one differs by more.
    tolerance : float
        Relative.
    arrays, metrics : int
        How many were compared, over all folds; no metric where the run is not evaluated.
    changes : list of Change
    differences : list of Difference
        Of the circumstances, whatever the verdict.
    deterministic : bool
        Whether the model promises the same bits at all.
    kept : str, optional
        The id of the new run; None where it was dropped.
    """

    run: str
    verdict: Literal["identical", "within tolerance", "different"]
    tolerance: float
    arrays: int
    metrics: int
    changes: list[Change]
    differences: list[Difference]
    deterministic: bool
    kept: str | None


def reproduce(
    run: Run,
    listener: Listener,
    *,
    argv: list[str],
    store: Store | None = None,
    tolerance: float = TOLERANCE,
) -> Reproduction:
    """Train, and where the run is evaluated evaluate, its spec again; compare the two.

    Parameters
    ----------
    run : Run
        Only read.
    store : Store, optional
        Where to keep the new run; None drops it.
    tolerance : float
        Relative difference up to which arrays and metrics count as the same but for rounding.

    Raises
    ------
    DamagedRun
        If a file of the run has changed.
    SpecError
        If this recsys does not know a part of its spec.
    SplitMismatch
        If the data, or their split, are not those of the run: nothing is trained then.
    NotFound
        If the data are not there.
    """
    run.verify()
    _check_model(run)
    spec = from_document(run.spec_document, where=str(run.path / "spec.yaml"))
    prepared = experiment.prepare(spec, listener)
    _check_data(run, prepared)
    folds = _same_splits(run, spec, prepared, listener)
    with _place(store) as place:
        again = experiment.train(
            spec,
            place,
            listener,
            argv=argv,
            prepared=prepared,
            folds=folds,
            objective=repeated(run.record),
        )
        if run.metrics is not None:
            experiment.evaluate(
                again, listener, prepared=prepared, metrics=[*run.metrics["metrics"]]
            )
        changes, arrays, metrics = _compared(run, again)
        specs = (run.spec_document, spec.document())
        return Reproduction(
            run=run.id,
            verdict=_verdict(changes, tolerance),
            tolerance=tolerance,
            arrays=arrays,
            metrics=metrics,
            changes=changes,
            differences=differences(run.record, again.record, specs),
            deterministic=MODELS.create(spec.model).deterministic,
            kept=None if store is None else again.id,
        )


def _check_model(run: Run) -> None:
    if run.record["model"] == EXTERNAL:
        raise SpecError(
            "the run holds recommendations made elsewhere, and no model to train again",
            where=run.id,
            hint="score their file again: recsys evaluate --recommendations FILE SPEC",
        )


@contextmanager
def _place(store: Store | None) -> Iterator[Store]:
    if store is not None:
        yield store
    else:
        with temporary.scratch("reproduce") as folder:
            yield Store(folder)


def _check_data(run: Run, prepared: Prepared) -> None:
    """Raise SplitMismatch, before hours are spent, unless the data are those of the run."""
    then = run.record["fingerprints"].get("data")
    if prepared.dataset.interactions.fingerprint == then:
        return
    source = str(run.record["dataset"].get("source_hash", ""))
    now = prepared.dataset.info.source_hash
    if source != now:
        why = f"the source files are others (sha256 {source[:12]} then, {now[:12]} now)"
        hint = "put the original files back, or train the spec anew on these"
    else:
        why = "the source files are the same, so what reads or prepares them has changed"
        hint = _since(run)
    raise SplitMismatch(f"the data differ from the run's: {why}", where=run.id, hint=hint)


def _same_splits(
    run: Run, spec: ExperimentSpec, prepared: Prepared, listener: Listener
) -> list[Split] | None:
    """Return the folds to train on, None for all of them: a trial of a search may have had fewer.

    Raises
    ------
    SplitMismatch
        If one of them is not what the run was trained on.
    """
    then = run.record["fingerprints"]["split"]
    for count, split in enumerate(experiment.splits(spec, prepared.dataset, listener)):
        if count == len(run.fold_names):
            made = experiment.splits(spec, prepared.dataset, listener)
            return list(itertools.islice(made, count))
        if split.fingerprint != then.get(split.fold):
            raise SplitMismatch(
                f"the data are the run's, but fold {split.fold} is split otherwise",
                where=run.id,
                hint=_since(run),
            )
    return None


def _since(run: Run) -> str:
    """Return one line: what may have changed how the same data come out."""
    found = differences(run.record, {**run.record, "environment": environment()})
    told = [str(one) for one in found if one.kind in ("code", "versions")]
    return f"since then: {'; '.join(told) or 'no version or commit has changed'}"


def _compared(run: Run, again: Run) -> tuple[list[Change], int, int]:
    """Return what differs, and how many arrays and metrics were compared."""
    changes, arrays, metrics = [], 0, 0
    for name, other in zip(run.fold_names, again.fold_names, strict=True):
        then, now = run.fold(name), again.fold(other)
        before, after = then.model_arrays(), now.model_arrays()
        found = [_array(name, key, before.get(key), after.get(key)) for key in _keys(before, after)]
        arrays += len(found)
        old, new = _values(then), _values(now)
        values = [_metric(name, key, old.get(key), new.get(key)) for key in _keys(old, new)]
        metrics += len(values)
        changes += [change for change in found + values if change is not None]
    return changes, arrays, metrics


def _keys(then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    return list(dict.fromkeys([*then, *now]))


def _values(fold: FoldRun) -> dict[str, float]:
    return {
        name: float(entry["value"])
        for name, entry in (fold.metrics or {}).get("metrics", {}).items()
    }


def _array(fold: str, name: str, then: Any, now: Any) -> Change | None:
    shown = ["none" if one is None else f"{one.dtype} {one.shape}" for one in (then, now)]
    if then is None or now is None or shown[0] != shown[1]:
        return Change("array", fold, name, shown[0], shown[1], None)
    if digest(then) == digest(now):
        return None
    size = float(np.linalg.norm(np.ravel(then).astype(float)))
    change = float(np.linalg.norm(np.ravel(now).astype(float) - np.ravel(then)))
    return Change("array", fold, name, shown[0], shown[1], _relative(change, size))


def _metric(fold: str, name: str, then: float | None, now: float | None) -> Change | None:
    if then == now:
        return None
    shown = ["none" if one is None else repr(one) for one in (then, now)]
    relative = None if then is None or now is None else _relative(abs(now - then), abs(then))
    return Change("metric", fold, name, shown[0], shown[1], relative)


def _relative(change: float, size: float) -> float | None:
    return change / size if size > 0 and np.isfinite(change) else None


def _verdict(
    changes: list[Change], tolerance: float
) -> Literal["identical", "within tolerance", "different"]:
    if not changes:
        return "identical"
    small = all(change.within(tolerance) for change in changes)
    return "within tolerance" if small else "different"
