"""Fit one model on one split, watched: history, validation, early stopping, best epoch, refit."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from recsys_cli.data import Bool, Dataset, Interactions, SideFeatures, Split, concatenate
from recsys_cli.evaluation import Evaluator
from recsys_cli.keeper import Keeper, Watched
from recsys_cli.listener import Listener
from recsys_cli.metrics import parse
from recsys_cli.models import MODELS
from recsys_cli.models._base import Model, OnEpoch
from recsys_cli.models._course import Checkpoint
from recsys_cli.pruning import Bar
from recsys_cli.runs import FoldRecorder
from recsys_cli.seeding import generator
from recsys_cli.spec import ExperimentSpec

#: Seconds between two words to the listener, so that many short epochs do not wait for it.
_EVERY = 0.05


@dataclass(frozen=True)
class Best:
    """The epoch that was kept, and what the monitored metric was on the validation part."""

    epoch: int
    monitor: str
    value: float


@dataclass(frozen=True, eq=False)
class Fitted:
    """A model ready to save.

    ``best`` is None where nothing was monitored; ``stopped`` is the epoch at which the bar of a
    search ended the fit, None where it did not.
    """

    model: Model[Any]
    best: Best | None
    stopped: int | None = None


class Monitor:
    """The ``on_epoch`` of every fit: it records epochs, validates, keeps the best and stops.

    Parameters
    ----------
    spec : ExperimentSpec
    split : Split
        Its validation part is what the monitored metric is computed on.
    fold : FoldRecorder
        Takes one line an epoch, and checkpoints.
    listener : Listener
    features : SideFeatures, optional
        Of the dataset, which the monitored metric may read.
    bar : Bar, optional
        Below which the fit stops, if it is one of the monitored metric.
    """

    def __init__(
        self,
        spec: ExperimentSpec,
        split: Split,
        fold: FoldRecorder,
        listener: Listener,
        features: SideFeatures | None = None,
        bar: Bar | None = None,
    ) -> None:
        self.config = spec.train
        self.total: int | None = getattr(spec.model, "epochs", None)
        self.record, self.listener = fold.epoch, listener
        self.fold = split.fold
        self.keeper = Keeper(fold, listener)
        self.best: Best | None = None
        self.best_arrays: dict[str, Any] = {}
        self.stopped: int | None = None
        self._bar = bar
        self._validations = self._stale = 0
        if (known := self.keeper.watched) is not None:
            self._recall(known)
        self._interactions = len(split.train)
        listener.progress(f"fit, fold {self.fold}", 0, self.total)
        if self.config.monitor is not None:
            self._sign = 1.0 if parse(self.config.monitor).metric.higher_is_better else -1.0
            self._evaluator = Evaluator(
                split, spec.evaluation, part="validation", features=features
            )
        self._trained = self._told = 0.0
        self._started = self._resumed = time.perf_counter()

    def __call__(self, model: Model[Any], epoch: int, loss: float | None) -> bool:
        """Take in one epoch; return whether training should stop."""
        self._trained += time.perf_counter() - self._resumed
        line: dict[str, Any] = {"epoch": epoch, "loss": loss}
        stop = False
        worth_it = epoch >= model.first_epoch and epoch % self.config.every == 0
        if self.config.monitor is not None and worth_it:
            value = self._evaluator.value(model, self.config.monitor)
            line[self.config.monitor] = value
            stop = self._remember(model, Best(epoch, self.config.monitor, value))
        line["seconds"] = round(time.perf_counter() - self._started, 4)
        self.record(line)
        now = time.perf_counter()
        if now - self._told >= _EVERY:
            self.listener.progress(self._label(line), epoch, self.total)
            self._told = now
        if not stop:
            self.keeper.keep("fit", model, epoch, self.watched())
        self._resumed = time.perf_counter()
        return stop

    def watched(self) -> Watched:
        """Return what the epochs so far leave for those to come."""
        best = None if self.best is None else asdict(self.best)
        known = {"best": best, "stale": self._stale, "validations": self._validations}
        return Watched(known, self.best_arrays)

    def _recall(self, known: Watched) -> None:
        best = known.document["best"]
        self.best = None if best is None else Best(**best)
        self.best_arrays = known.arrays
        self._stale, self._validations = known.document["stale"], known.document["validations"]

    def _remember(self, model: Model[Any], now: Best) -> bool:
        best = self.best
        if best is None or self._sign * (now.value - best.value) > self.config.min_delta:
            self.best, self._stale = now, 0
            self.best_arrays = {name: array.copy() for name, array in model.arrays().items()}
        else:
            self._stale += 1
        return self._stale >= self.config.patience or self._behind(now.epoch)

    def _behind(self, epoch: int) -> bool:
        """Note whether the bar is missed; return it."""
        assert self.best is not None
        self._validations += 1
        if self._bar is None:
            return False
        if self._bar.stops(self.fold, self._validations, epoch, self.best.value):
            self.stopped = epoch
        return self.stopped is not None

    def _label(self, line: dict[str, Any]) -> str:
        shown = [f"fit, fold {self.fold}"]
        shown += [
            f"{name} {line[name]:.5g}"
            for name in ("loss", self.config.monitor)
            if name is not None and line.get(name) is not None
        ]
        pace = line["epoch"] * self._interactions / max(self._trained, 1e-9)
        return " · ".join([*shown, f"{pace:,.0f} interactions/s"])


def fit(
    spec: ExperimentSpec,
    dataset: Dataset,
    split: Split,
    fold: FoldRecorder,
    listener: Listener,
    bar: Bar | None = None,
) -> Fitted:
    """Return the model of one split: trained, set back to its best epoch, refitted if asked.

    A refit without a monitor has no epoch to find first: it trains once, on both parts. Where the
    fold has a checkpoint, training goes on from there.

    Parameters
    ----------
    fold : FoldRecorder
        Takes one line an epoch, and checkpoints.
    bar : Bar, optional
        Of the monitored metric: below it the fit stops.

    Raises
    ------
    Diverged
        If training does not stay finite.
    """
    for note in doubts(MODELS.create(spec.model), dataset, split.train):
        listener.note(note)
    if spec.train.refit and spec.train.monitor is None:
        split = refitted(split)
    monitor = Monitor(spec, split, fold, listener, dataset.features, bar)
    model = MODELS.create(spec.model)
    if monitor.keeper.stage == "fit":
        model = _fit(spec, dataset, split, monitor, monitor.keeper.begins("fit"))
    listener.progress(f"fit, fold {split.fold}", 1, 1)
    best = monitor.best
    if best is not None:
        listener.note(f"Best epoch {best.epoch}: validation {best.monitor} {best.value:.4f}.")
        if spec.train.refit:
            model = _refit(spec, dataset, refitted(split), best, monitor)
        else:
            model = type(model).from_arrays(model.config, monitor.best_arrays)
    return Fitted(model, best, monitor.stopped)


def _refit(
    spec: ExperimentSpec, dataset: Dataset, split: Split, best: Best, monitor: Monitor
) -> Model[Any]:
    """Return the model trained on both parts, for as long as was best on the first."""
    keeper, known = monitor.keeper, Watched(monitor.watched().document)

    def until(model: Model[Any], epoch: int, _loss: float | None) -> bool:
        monitor.listener.progress(f"refit, fold {split.fold}", epoch, best.epoch)
        if epoch < best.epoch:
            keeper.keep("refit", model, epoch, known)
        return epoch == best.epoch

    return _fit(spec, dataset, split, until, keeper.begins("refit"))


def doubts(model: Model[Any], dataset: Dataset, train: Interactions) -> Iterator[str]:
    """Yield what may keep a model from learning what its user expects of these data."""
    name = model.spec_name()
    if train.weight is not None and not model.uses_weights:
        yield f"{name} learns without the weights of interactions, at least in part."
    if model.feedback == "explicit" and train.scale is None and np.ptp(train.value) == 0:
        yield (
            f"{name} learns from ratings, and all values are {train.value[0]:g}: "
            "a model of implicit feedback, such as als, fits better."
        )
    if not model.scores_new_items:
        return
    counts = {"users": train.user_counts, "items": train.item_counts}
    for (kind, count), features in zip(counts.items(), dataset.features, strict=True):
        if features is not None and not features.known.all():
            yield _described(features.known, count > 0, kind)


def _described(known: Bool, warm: Bool, kind: str) -> str:
    """Return how many ids have features, those with training interactions and those without."""
    told = f"{known[warm].sum():,} of the {warm.sum():,} {kind} with training interactions"
    if not warm.all():
        told += f" and of {known[~warm].sum():,} of the {(~warm).sum():,} without"
    return f"Features are known of {told}."


def validated(
    fitted: Fitted, spec: ExperimentSpec, split: Split, metric: str, features: SideFeatures
) -> float:
    """Return a metric of the fitted model on the validation part, which it was not refitted on.

    Raises
    ------
    SpecError, DataError, Diverged
        As evaluation does.
    """
    if fitted.best is not None and fitted.best.monitor == metric:
        return fitted.best.value
    evaluator = Evaluator(split, spec.evaluation, part="validation", features=features)
    return evaluator.value(fitted.model, metric)


def _fit(
    spec: ExperimentSpec,
    dataset: Dataset,
    split: Split,
    on_epoch: OnEpoch,
    begins: Checkpoint | None,
) -> Model[Any]:
    seed = spec.seed if split.seed is None else split.seed
    rng = generator(seed, f"model/{split.origin or split.fold}")
    return MODELS.create(spec.model).fit(
        split.train, features=dataset.features, rng=rng, on_epoch=on_epoch, begins=begins
    )


def refitted(split: Split) -> Split:
    """Return the split with its validation part, and the history behind it, moved into training."""
    if split.validation is None:
        return split
    parts = [split.train, split.validation]
    history = split.history
    if history is not None:
        known = split.validation.user_counts[history.user_idx] > 0
        parts.append(history.take(known))
        history = history.take(~known)
    return replace(split, train=concatenate(parts), validation=None, history=history)
