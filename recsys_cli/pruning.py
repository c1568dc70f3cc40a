"""What a trial of a search is judged by, and the bar that it must reach to go on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import accumulate
from statistics import fmean, median
from typing import Any

from recsys_cli.metrics import parse
from recsys_cli.runs import Run

#: Trials to the end that a bar is made of, at least.
ENOUGH = 4
#: Validations before the first at which a trial may be stopped: slow learners begin low.
GRACE = 2
#: The best value so far of one fold, at each epoch that was validated, ascending.
Curve = Sequence[tuple[int, float]]


@dataclass(frozen=True)
class Bar:
    """The medians of earlier trials, which were trained to the end.

    Attributes
    ----------
    higher : bool
        Whether a higher value is better.
    epochs : dict of str to list of (int, float)
        By fold: from each epoch on, the median of the best values so far.
    folds : dict of str to float
        By fold: the median of the mean over the folds up to it.
    """

    higher: bool
    epochs: Mapping[str, Curve]
    folds: Mapping[str, float]

    def stops(self, fold: str, validations: int, epoch: int, best: float) -> bool:
        """Return whether a trial that has come no further by this epoch should stop."""
        curve = self.epochs.get(fold)
        if not curve or epoch < curve[0][0] or validations <= GRACE:
            return False
        return self._misses(best, _by(curve, epoch))

    def ends(self, values: Mapping[str, float]) -> bool:
        """Return whether a trial with these values of its folds should train on no more of them."""
        last = list(values)[-1]
        return last in self.folds and self._misses(fmean(values.values()), self.folds[last])

    def _misses(self, value: float, wanted: float) -> bool:
        return value < wanted if self.higher else value > wanted


@dataclass(frozen=True)
class Objective:
    """What a trial is judged by.

    Attributes
    ----------
    metric : str
        Whose value on each validation part goes into the record, under ``validation``.
    mark : dict
        What tells the trial from others; the record has it, under ``search``.
    bar : Bar, optional
    """

    metric: str
    mark: dict[str, Any] = field(default_factory=dict)
    bar: Bar | None = None

    def judge(self, record: dict[str, Any], fold: str, value: float, stopped: int | None) -> bool:
        """Write down what a fold is worth; return whether the trial ends with it.

        Parameters
        ----------
        record : dict
            Of the run.
        fold : str
        value : float
        stopped : int, optional
            The epoch at which the bar stopped the fit.
        """
        values = record.setdefault("validation", {})
        values[fold] = {self.metric: value}
        so_far = {name: one[self.metric] for name, one in values.items()}
        ends = stopped is not None or (self.bar is not None and self.bar.ends(so_far))
        if ends:
            record["search"]["pruned"] = {"fold": fold, "epoch": stopped}
        return ends

    def document(self) -> dict[str, Any]:
        """Return it as plain values, which :func:`objective` takes."""
        return asdict(self)


def objective(document: dict[str, Any]) -> Objective:
    """Return the objective of a document."""
    bar = document["bar"]
    return Objective(document["metric"], document["mark"], None if bar is None else Bar(**bar))


def repeated(record: Mapping[str, Any]) -> Objective | None:
    """Return what ends a trial where it was pruned; None for a run that went to its end."""
    pruned = record.get("search", {}).get("pruned")
    if pruned is None:
        return None
    fold, epoch = pruned["fold"], pruned["epoch"]
    (metric,) = record["validation"][fold]
    higher = parse(metric).metric.higher_is_better
    missed = math.inf if higher else -math.inf
    if epoch is None:
        return Objective(metric, bar=Bar(higher, {}, {fold: missed}))
    return Objective(metric, bar=Bar(higher, {fold: [(epoch, missed)]}, {}))


@dataclass(frozen=True)
class Progress:
    """How a trial that was trained to the end went, by fold.

    ``curves`` are empty where the metric was not monitored; ``values`` are those of the folds.
    """

    curves: Mapping[str, Curve]
    values: Mapping[str, float]


def progress(run: Run, metric: str) -> Progress:
    """Return how the run of a trial went."""
    sign = 1 if parse(metric).metric.higher_is_better else -1
    values = {fold: one[metric] for fold, one in run.record["validation"].items()}
    curves = {}
    for name, fold in zip(run.fold_names, values, strict=True):
        told = [(at["epoch"], sign * at[metric]) for at in run.fold(name).history if metric in at]
        best = accumulate((value for _, value in told), max)
        curves[fold] = [(epoch, sign * value) for (epoch, _), value in zip(told, best, strict=True)]
    return Progress(curves, values)


def bar(metric: str, trials: Sequence[Progress]) -> Bar:
    """Return the bar that trials trained to the end make."""
    folds = list(trials[0].values)
    epochs = {fold: _medians([one.curves[fold] for one in trials]) for fold in folds}
    means = {
        fold: median(fmean(list(one.values.values())[:count]) for one in trials)
        for count, fold in enumerate(folds[:-1], 1)
    }
    higher = parse(metric).metric.higher_is_better
    return Bar(higher, {fold: curve for fold, curve in epochs.items() if curve}, means)


def _medians(curves: Sequence[Curve]) -> list[tuple[int, float]]:
    """Return the medians at every epoch by which all curves have begun; ended ones stay."""
    if not all(curves):
        return []
    begin = max(curve[0][0] for curve in curves)
    epochs = sorted({epoch for curve in curves for epoch, _ in curve if epoch >= begin})
    return [(epoch, median(_by(curve, epoch) for curve in curves)) for epoch in epochs]


def _by(curve: Curve, epoch: int) -> float:
    """Return the value that a curve has come to by an epoch that it reached."""
    return [value for at, value in curve if at <= epoch][-1]
