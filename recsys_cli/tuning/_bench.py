"""Training one trial of a search."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from recsys_cli import experiment
from recsys_cli.data import Split
from recsys_cli.errors import DataError, Diverged, RecsysError, SpecError
from recsys_cli.experiment import Prepared
from recsys_cli.listener import Listener
from recsys_cli.pruning import Objective, objective
from recsys_cli.runs import Store
from recsys_cli.spec import ExperimentSpec
from recsys_cli.specfile import from_document
from recsys_cli.tuning._trials import Planned, Trial, trial_of

#: What the keys begin with that change the data, and with them every fold.
DATA = "dataset."
SUFFIX = "-trial"
_LONGEST_NAME = 64


@dataclass(frozen=True)
class Task:
    """A trial to train, here or in another process.

    Attributes
    ----------
    number : int
    spec : ExperimentSpec
        As :func:`trial_spec` makes it.
    objective : Objective
        Its mark has the number and, under ``settings``, what was drawn.
    folds : int, optional
        How many to train on; None is all.
    """

    number: int
    spec: ExperimentSpec
    objective: Objective
    folds: int | None

    @property
    def settings(self) -> dict[str, Any]:
        """What was drawn."""
        drawn: dict[str, Any] = self.objective.mark["settings"]
        return drawn

    def document(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "number": self.number,
            "spec": self.spec.document(),
            "objective": self.objective.document(),
            "folds": self.folds,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Task:
        """Return the task of a document."""
        spec, judged = from_document(document["spec"]), objective(document["objective"])
        return cls(document["number"], spec, judged, document["folds"])


def trial_spec(planned: Planned) -> ExperimentSpec:
    """Return the spec under a trial's name; refitted, it would know what it is judged by."""
    spec = planned.spec
    name = spec.name[: _LONGEST_NAME - len(SUFFIX)] + SUFFIX
    train = spec.train.model_copy(update={"refit": False})
    return spec.model_copy(update={"name": name, "train": train})


class Bench:
    """Trains trials; data and folds are made anew only where a spec has others than the last.

    Attributes
    ----------
    failures : dict of int to RecsysError
        What trials failed by, by number.
    """

    def __init__(self, store: Store, argv: list[str]) -> None:
        self.store, self.argv = store, argv
        self.failures: dict[int, RecsysError] = {}
        self._made: tuple[dict[str, Any], Prepared, list[Split]] | None = None

    def train(self, task: Task, listener: Listener, heard: Listener) -> Trial:
        """Return what came of a trial; one that diverges, or that the data cannot serve, failed.

        Parameters
        ----------
        task : Task
        listener : Listener
            Hears of the data.
        heard : Listener
            Hears of the training.

        Raises
        ------
        RecsysError
            If no trial can do with the data, or for any other reason; ``where`` names its run.
        """
        started = time.perf_counter()
        varies = any(key.startswith(DATA) for key in task.settings)
        try:
            prepared, folds = self._data(task, listener, heard)
        except DataError as error:
            if not varies:
                raise
            return self._failed(task, error, started)
        try:
            run = experiment.train(
                task.spec,
                self.store,
                heard,
                argv=self.argv,
                prepared=prepared,
                folds=folds,
                objective=task.objective,
            )
        except (Diverged, DataError) as error:
            return self._failed(task, error, started)
        except RecsysError as error:
            raise error.within(error.run) from None
        return trial_of(run.record, task.objective.metric)

    def _failed(self, task: Task, error: RecsysError, started: float) -> Trial:
        self.failures[task.number] = error
        seconds, why = time.perf_counter() - started, str(error).partition("\n")[0]
        return Trial(task.number, task.settings, error.run, None, [], seconds, why)

    def _data(
        self, task: Task, listener: Listener, heard: Listener
    ) -> tuple[Prepared, list[Split]]:
        document = task.spec.document()
        asked = {key: document[key] for key in ("dataset", "split", "seed", "seeds")}
        asked["folds"] = task.folds
        if self._made is None or self._made[0] != asked:
            prepared = experiment.prepare(task.spec, listener)
            made = experiment.splits(task.spec, prepared.dataset, heard)
            folds = list(itertools.islice(made, task.folds))
            if task.folds is not None and len(folds) < task.folds:
                raise SpecError(
                    f"is {task.folds}, and the split has {len(folds)} to train on",
                    where="search.folds",
                    hint=f"lower search.folds to {len(folds)}, or leave it out for all folds",
                )
            self._made = (asked, prepared, folds)
        return self._made[1:]


class Trainers(Protocol):
    """Whoever trains trials; ``failures`` is what they failed by, by number."""

    failures: dict[int, RecsysError]

    def train(self, tasks: Iterable[Task]) -> Iterator[Trial]:
        """Yield what comes of tasks, in the order in which they end; each is drawn when begun."""


class Alone:
    """Trains in this process, and tells how far each trial is.

    Parameters
    ----------
    bench : Bench
    listener : Listener
    trials : int
        How many there are to be.
    """

    def __init__(self, bench: Bench, listener: Listener, trials: int) -> None:
        self._bench, self._listener, self._trials = bench, listener, trials
        self.failures = bench.failures

    def train(self, tasks: Iterable[Task]) -> Iterator[Trial]:
        """Yield what comes of each task in turn."""
        for task in tasks:
            heard = _Progress(self._listener, f"trial {task.number} of {self._trials}")
            yield self._bench.train(task, self._listener, heard)


class _Progress(Listener):
    """Passes progress on, under the number of the trial, and drops the notes on its run."""

    def __init__(self, listener: Listener, head: str) -> None:
        self._listener, self._head = listener, head

    def progress(self, label: str, done: int, total: int | None) -> None:
        self._listener.progress(f"{self._head}, {label}", done, total)
