"""Seeded random search: every trial is a run; the best by a validation metric becomes a spec.

The test part is never looked at. A trial trains on the training part of its folds, keeps its best
epoch where the model stops between epochs, and is worth the mean over its folds of the searched
metric on their validation parts.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from recsys_cli import experiment
from recsys_cli.data import Split
from recsys_cli.errors import Diverged, RecsysError, SpecError
from recsys_cli.experiment import Prepared
from recsys_cli.listener import Listener
from recsys_cli.metrics import parse
from recsys_cli.models import MODELS
from recsys_cli.runs import Run, Store
from recsys_cli.search import RangeSpec, draws, kind_of
from recsys_cli.spec import ExperimentSpec, SearchSpec
from recsys_cli.specfile import dump, varied

_SUFFIX = "-trial"
_LONGEST_NAME = 64


@dataclass(frozen=True)
class Trial:
    """One point of the space and what came of it.

    Attributes
    ----------
    number : int
        From 1.
    settings : dict of str to object
        What was drawn, by key.
    run : str, optional
        Its run; None where it diverged before there was one.
    value : float, optional
        Mean over the folds of the metric on the validation part; None where training diverged.
    epochs : list of int
        The best epoch of each fold; empty where none was chosen.
    seconds : float
    """

    number: int
    settings: dict[str, Any]
    run: str | None
    value: float | None
    epochs: list[int]
    seconds: float


@dataclass(frozen=True)
class Tuned:
    """A finished search: its trials, best first, and the spec of the best."""

    search: SearchSpec
    seed: int
    trials: list[Trial]
    spec: ExperimentSpec

    def written(self) -> str:
        """Return the best spec as YAML, complete, under a comment that says how it was chosen."""
        best = self.trials[0]
        return (
            f"# The best of {len(self.trials)} trials of recsys tune (seed {self.seed}) by "
            f"{self.search.metric} on the validation part:\n"
            f"# {best.value:.6g}, of {best.run}. Searched:\n{_ranges(self.search.space)}"
        ) + dump(self.spec)


class Planned(NamedTuple):
    """A trial to be: what was drawn, and the spec that it makes, in full and under its own name."""

    settings: dict[str, Any]
    spec: ExperimentSpec


class _Trials(Listener):
    """Passes progress on, under the number of the trial, and drops the notes on its run."""

    def __init__(self, listener: Listener, head: str) -> None:
        self._listener, self._head = listener, head

    def progress(self, label: str, done: int, total: int | None) -> None:
        self._listener.progress(f"{self._head}, {label}", done, total)


def tune(
    spec: ExperimentSpec,
    store: Store,
    listener: Listener,
    *,
    argv: list[str],
    trials: int | None = None,
    seed: int | None = None,
) -> Tuned:
    """Search the space of a spec; the spec of the best trial trains exactly what that trial did.

    Parameters
    ----------
    trials : int, optional
        Instead of what the spec says.
    seed : int, optional
        Of the draws, by default the spec's. Splits and models keep the spec's own seed.

    Raises
    ------
    SpecError
        If the spec has no ``search``, or a point drawn makes no sound spec; none has run then.
    Diverged
        If every trial diverged.
    RecsysError
        If a trial fails otherwise; ``where`` names its run.
    """
    if spec.search is None:
        raise SpecError(
            "says nothing to search",
            where="search",
            hint="search: {metric: ndcg@10, space: {model.reg: {log: [0.001, 1]}}}",
        )
    experiment.check(spec)
    search, seed = spec.search, spec.seed if seed is None else seed
    planned = plan(spec, trials or search.trials, seed)
    listener.note(f"{len(planned)} trials, by {search.metric} on the validation part.")
    prepared: Prepared | None = None
    folds: list[Split] = []
    done: list[Trial] = []
    for number, one in enumerate(planned, 1):
        heard = _Trials(listener, f"trial {number} of {len(planned)}")
        if prepared is None or any(key.startswith("dataset.") for key in search.space):
            prepared = experiment.prepare(one.spec, listener)
            made = experiment.splits(one.spec, prepared.dataset, heard)
            folds = list(itertools.islice(made, search.folds))
        train = partial(
            experiment.train,
            store=store,
            listener=heard,
            argv=argv,
            prepared=prepared,
            folds=folds,
            objective=search.metric,
        )
        done.append(_run(number, one, search.metric, train))
        listener.note(told(done[-1], search.metric))
    return _best(search, seed, done, planned)


def plan(spec: ExperimentSpec, trials: int, seed: int) -> list[Planned]:
    """Return the trials of a search, each checked; fewer where the space has fewer points.

    Where the spec says nothing of ``train.monitor``, a model that stops between epochs is monitored
    by the searched metric.

    Raises
    ------
    SpecError
        For the first that is no sound spec.
    """
    assert spec.search is not None
    planned = []
    for settings in itertools.islice(draws(spec.search.space, seed), trials):
        where = ", ".join(f"{key}={json.dumps(value)}" for key, value in settings.items())
        made = varied(spec, settings, where)
        monitored = made.train.monitor or "monitor" in spec.train.model_fields_set
        if not monitored and MODELS.create(made.model).stops_between_epochs:
            train = made.train.model_copy(update={"monitor": spec.search.metric})
            made = made.model_copy(update={"train": train})
        try:
            experiment.check(made)
        except SpecError as error:
            raise error.within(where) from None
        planned.append(Planned(settings, made.model_copy(update={"search": None})))
    return planned


def told(trial: Trial, metric: str) -> str:
    """Return one line: the number of a trial, what it was worth and what was drawn."""
    worth = "diverged" if trial.value is None else f"{metric} {trial.value:.5g}"
    drawn = ", ".join(f"{key}={json.dumps(value)}" for key, value in trial.settings.items())
    return f"Trial {trial.number} ({trial.run}): {worth}, {trial.seconds:.1f} s. {drawn}"


def _run(number: int, planned: Planned, metric: str, train: Callable[..., Run]) -> Trial:
    started = time.perf_counter()
    try:
        run = train(spec=_of_trial(planned.spec))
    except Diverged as error:
        seconds = time.perf_counter() - started
        return Trial(number, planned.settings, error.run, None, [], seconds)
    except RecsysError as error:
        error.within(error.run)
        raise
    values = [value[metric] for value in run.record["validation"].values()]
    epochs = [best["epoch"] for best in run.record["best_epochs"].values()]
    mean, seconds = sum(values) / len(values), time.perf_counter() - started
    return Trial(number, planned.settings, run.id, mean, epochs, seconds)


def _of_trial(spec: ExperimentSpec) -> ExperimentSpec:
    """Return the spec under a trial's name; refitted, it would know what it is judged by."""
    name = spec.name[: _LONGEST_NAME - len(_SUFFIX)] + _SUFFIX
    train = spec.train.model_copy(update={"refit": False})
    return spec.model_copy(update={"name": name, "train": train})


def _best(search: SearchSpec, seed: int, done: list[Trial], planned: list[Planned]) -> Tuned:
    sign = -1.0 if parse(search.metric).metric.higher_is_better else 1.0

    def rank(trial: Trial) -> tuple[bool, float]:
        return trial.value is None, sign * (trial.value or 0.0)

    ranked = sorted(done, key=rank)
    if ranked[0].value is None:
        raise Diverged("every trial diverged", hint="narrow the ranges of search.space")
    return Tuned(search, seed, ranked, planned[ranked[0].number - 1].spec)


def _ranges(space: Mapping[str, RangeSpec]) -> str:
    of_keys = {key: kind_of(range_) for key, range_ in space.items()}
    return "".join(
        f"#   {key}: {kind} {json.dumps(list(given))}\n" for key, (kind, given) in of_keys.items()
    )
