"""Seeded random search: every trial is a run; the best by a validation metric becomes a spec.

The test part is never looked at. A trial trains on the training part of its folds, keeps its best
epoch where the model stops between epochs, and is worth the mean over its folds of the searched
metric on their validation parts.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable

from recsys_cli import experiment
from recsys_cli.data import Split
from recsys_cli.errors import DataError, Diverged, RecsysError, SpecError
from recsys_cli.experiment import Prepared
from recsys_cli.listener import Listener
from recsys_cli.models import MODELS
from recsys_cli.runs import Run, Store
from recsys_cli.search import draws
from recsys_cli.spec import ExperimentSpec, SearchSpec
from recsys_cli.specfile import varied
from recsys_cli.trials import Planned, Trial, Tuned, counted, ranked, told

#: What the keys begin with that change the data, and with them every fold.
_DATA = "dataset."
_SUFFIX = "-trial"
_LONGEST_NAME = 64


def tune(
    spec: ExperimentSpec,
    store: Store,
    listener: Listener,
    *,
    argv: list[str],
    trials: int | None = None,
    seed: int | None = None,
    keep: Callable[[Tuned], object] = lambda _: None,
) -> Tuned:
    """Search the space of a spec; the spec of the best trial trains exactly what that trial did.

    A trial that diverges, or whose point the data cannot serve, ranks last and the search goes on.

    Parameters
    ----------
    trials : int, optional
        Instead of what the spec says.
    seed : int, optional
        Of the draws, by default the spec's. Splits and models keep the spec's own seed.
    keep : callable, optional
        Takes what there is after each trial, from the first that succeeds: whatever stops the
        search later, the best so far need not be lost.

    Raises
    ------
    SpecError
        If the spec has no ``search``, or a point drawn makes no sound spec; none has run then.
    Diverged, DataError
        If every trial failed: the failure of the last.
    RecsysError
        If a trial fails otherwise; ``where`` names its run.
    """
    if spec.search is None:
        raise SpecError(
            "says nothing to search",
            where="search",
            hint="search: {metric: ndcg@10, space: {model.reg: {log: [0.001, 1]}}}",
        )
    experiment.check(spec, search=True)
    search, seed = spec.search, spec.seed if seed is None else seed
    planned = plan(spec, trials or search.trials, seed)
    listener.note(f"{counted(len(planned))}, by {search.metric} on the validation part.")
    of_data = [key for key in search.space if key.startswith(_DATA)]
    if of_data:
        listener.note(_caution(of_data, search.metric))
    bench = _Bench(search, store, argv)
    done: list[Trial] = []
    best: Tuned | None = None
    for number, one in enumerate(planned, 1):
        heard = _Trials(listener, f"trial {number} of {len(planned)}")
        done.append(bench.trial(number, one, listener, heard))
        listener.note(told(done[-1], search.metric))
        best = ranked(search, seed, done, planned)
        if best is not None:
            keep(best)
    if best is None:
        assert bench.failure is not None
        raise bench.failure.within(bench.failure.run).within("every trial failed, the last")
    return best


def plan(spec: ExperimentSpec, trials: int, seed: int) -> list[Planned]:
    """Return the trials of a search, each checked; fewer where the space has fewer points.

    Where the spec says nothing of ``train.monitor``, a model that stops between epochs, and may
    have passed its best one, is monitored by the searched metric.

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
        model = MODELS.create(made.model)
        if not monitored and model.stops_between_epochs and model.overtrains:
            train = made.train.model_copy(update={"monitor": spec.search.metric})
            made = made.model_copy(update={"train": train})
        try:
            experiment.check(made, search=True)
        except SpecError as error:
            raise error.within(where) from None
        planned.append(Planned(settings, made.model_copy(update={"search": None})))
    return planned


def _caution(keys: list[str], metric: str) -> str:
    """Return what to bear in mind where the data themselves are searched."""
    return (
        f"Searching {', '.join(keys)} may change the validation part too: trials that differ in it "
        f"are judged on different data, and a better {metric} may only mean easier data."
    )


class _Trials(Listener):
    """Passes progress on, under the number of the trial, and drops the notes on its run."""

    def __init__(self, listener: Listener, head: str) -> None:
        self._listener, self._head = listener, head

    def progress(self, label: str, done: int, total: int | None) -> None:
        self._listener.progress(f"{self._head}, {label}", done, total)


class _Bench:
    """Trains the trials; data and folds are made once, unless the search varies the data.

    ``failure`` is what the last failed trial failed by.
    """

    def __init__(self, search: SearchSpec, store: Store, argv: list[str]) -> None:
        self.search, self.store, self.argv = search, store, argv
        self.failure: RecsysError | None = None
        self._varies = any(key.startswith(_DATA) for key in search.space)
        self._data: tuple[Prepared, list[Split]] | None = None

    def trial(self, number: int, planned: Planned, listener: Listener, heard: _Trials) -> Trial:
        """Return what came of one point."""
        started = time.perf_counter()
        try:
            data = self._data = self._prepared(planned.spec, listener, heard)
            started = time.perf_counter()
            run = self._train(planned.spec, *data, heard)
        except (Diverged, DataError) as error:
            if self._data is None and not self._varies:
                raise  # no trial can do with these data
            self.failure = error
            seconds, why = time.perf_counter() - started, str(error).partition("\n")[0]
            return Trial(number, planned.settings, error.run, None, [], seconds, why)
        except RecsysError as error:
            error.within(error.run)
            raise
        values = [value[self.search.metric] for value in run.record["validation"].values()]
        epochs = [best["epoch"] for best in run.record["best_epochs"].values()]
        mean, seconds = sum(values) / len(values), time.perf_counter() - started
        return Trial(number, planned.settings, run.id, mean, epochs, seconds)

    def _prepared(
        self, spec: ExperimentSpec, listener: Listener, heard: _Trials
    ) -> tuple[Prepared, list[Split]]:
        if self._data is not None and not self._varies:
            return self._data
        prepared = experiment.prepare(spec, listener)
        made = experiment.splits(spec, prepared.dataset, heard)
        asked, folds = self.search.folds, list(itertools.islice(made, self.search.folds))
        if asked is not None and len(folds) < asked:
            raise SpecError(
                f"is {asked}, and the split has {len(folds)} to train on",
                where="search.folds",
                hint=f"lower search.folds to {len(folds)}, or leave it out for all folds",
            )
        return prepared, folds

    def _train(
        self, spec: ExperimentSpec, prepared: Prepared, folds: list[Split], heard: _Trials
    ) -> Run:
        return experiment.train(
            _of_trial(spec),
            self.store,
            heard,
            argv=self.argv,
            prepared=prepared,
            folds=folds,
            objective=self.search.metric,
        )


def _of_trial(spec: ExperimentSpec) -> ExperimentSpec:
    """Return the spec under a trial's name; refitted, it would know what it is judged by."""
    name = spec.name[: _LONGEST_NAME - len(_SUFFIX)] + _SUFFIX
    train = spec.train.model_copy(update={"refit": False})
    return spec.model_copy(update={"name": name, "train": train})
