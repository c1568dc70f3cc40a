"""Search the space of a spec; every trial is a run, and the best of them becomes a spec.

The test part is never looked at. A trial trains on the training part of its folds, keeps its best
epoch where the model stops between epochs, and is worth the mean over its folds of the searched
metric on their validation parts.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from recsys_cli import soundness
from recsys_cli.errors import DataError, SpecError
from recsys_cli.listener import Listener
from recsys_cli.pruning import ENOUGH, Bar, Objective, bar, progress
from recsys_cli.runs import Store
from recsys_cli.spec import ExperimentSpec, SearchSpec
from recsys_cli.tuning._bench import DATA, Alone, Bench, Task, Trainers, trial_spec
from recsys_cli.tuning._course import Course
from recsys_cli.tuning._crew import Crew
from recsys_cli.tuning._resume import finished, search_id
from recsys_cli.tuning._trials import Planned, Trial, Tuned, counted, ranked, told


@dataclass(frozen=True)
class Budget:
    """How far a search goes.

    Attributes
    ----------
    trials : int, optional
        Instead of what the spec says.
    seconds : float, optional
        After which no trial begins; those in hand are trained to their end.
    workers : int
        Processes that train trials at once.
    """

    trials: int | None = None
    seconds: float | None = None
    workers: int = 1


#: As many trials as the spec says, one after another.
UNBOUNDED = Budget()


def tune(
    spec: ExperimentSpec,
    store: Store,
    listener: Listener,
    *,
    argv: list[str],
    budget: Budget = UNBOUNDED,
    seed: int | None = None,
    resume: bool = False,
    keep: Callable[[Tuned], object] = lambda _: None,
) -> Tuned:
    """Search the space of a spec; the spec of the best trial trains exactly what that trial did.

    The trials are the same for any number of workers. One that diverges, or whose point the data
    cannot serve, ranks last and the search goes on.

    Parameters
    ----------
    budget : Budget
    seed : int, optional
        Of the draws, by default the spec's. Splits and models keep the spec's own seed.
    resume : bool
        Whether to take over what an earlier search of the same spec and seed got done.
    keep : callable, optional
        Takes what there is after each trial, from the first that succeeds: whatever stops the
        search later, the best so far need not be lost.

    Raises
    ------
    SpecError
        If the spec has no ``search``, a point drawn makes no sound spec, or the time is over before
        the first trial.
    MissingExtra
        If the method needs a package that is not installed.
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
    soundness.check(spec, search=True)
    seed = spec.seed if seed is None else seed
    course = Course(spec, budget.trials or spec.search.trials, seed)
    for note in _announced(course, spec.search):
        listener.note(note)
    search = _Search(spec, spec.search, course, store, seed, resume)
    found: Tuned | None = None
    with _trainers(budget, store, argv, listener, course.trials) as trainers:
        for trial in search.trials(trainers, budget.seconds):
            listener.note(told(trial, spec.search.metric))
            found = ranked(spec.search, seed, search.done, course.planned)
            if found is not None:
                keep(found)
    if len(search.done) < course.trials:
        listener.note(f"Out of time after {len(search.done)} of {counted(course.trials)}.")
    if not search.done:
        raise SpecError("over before the first trial began", where="--max-time", hint="raise it")
    if found is None:
        last = search.done[-1]
        failure = trainers.failures.get(last.number) or DataError(str(last.error))
        raise failure.within(last.run).within("every trial failed, the last")
    return found


class _Search:
    """The rounds of a search.

    Attributes
    ----------
    done : list of Trial
        In the order in which they ended.
    """

    def __init__(
        self,
        spec: ExperimentSpec,
        search: SearchSpec,
        course: Course,
        store: Store,
        seed: int,
        resume: bool,
    ) -> None:
        self._search, self._course, self._store = search, course, store
        self._id = search_id(spec, seed)
        name = trial_spec(Planned({}, spec)).name
        self._known = finished(store, name, spec, self._id) if resume else {}
        self.done: list[Trial] = []

    def trials(self, trainers: Trainers, seconds: float | None) -> Iterator[Trial]:
        """Yield the trials as they end; none begins when so many seconds have passed."""
        ends = time.monotonic() + (math.inf if seconds is None else seconds)
        while time.monotonic() < ends and (begun := self._course.round(self.done)):
            known = [self._old(*one) for one in begun]
            new = [one for one, old in zip(begun, known, strict=True) if old is None]
            tasks = self._tasks(new, self._bar())
            in_time = itertools.takewhile(lambda _: time.monotonic() < ends, tasks)
            for trial in itertools.chain(filter(None, known), trainers.train(in_time)):
                self.done.append(trial)
                yield trial

    def _old(self, number: int, planned: Planned) -> Trial | None:
        """Return the trial as it was, unless its point was another, by another optuna for one."""
        old = self._known.get(number)
        return old if old is not None and old.settings == planned.settings else None

    def _tasks(self, new: Sequence[tuple[int, Planned]], level: Bar | None) -> Iterator[Task]:
        for number, planned in new:
            mark = {"id": self._id, "number": number, "settings": planned.settings}
            objective = Objective(self._search.metric, mark, level)
            yield Task(number, trial_spec(planned), objective, self._search.folds)

    def _bar(self) -> Bar | None:
        """Return the bar that the trials of earlier rounds make, once there are enough."""
        if not self._search.prune:
            return None
        whole = [trial for trial in self.done if trial.value is not None and not trial.pruned]
        if len(whole) < ENOUGH:
            return None
        runs = [self._store.find(str(trial.run)) for trial in whole]
        return bar(self._search.metric, [progress(run, self._search.metric) for run in runs])


def _announced(course: Course, search: SearchSpec) -> Iterator[str]:
    yield f"{counted(course.trials)}, by {search.metric} on the validation part."
    of_data = [key for key in search.space if key.startswith(DATA)]
    if of_data:
        yield (
            f"Searching {', '.join(of_data)} may change the validation part too: trials that "
            f"differ in it are judged on different data, and a better {search.metric} may only "
            "mean easier data."
        )


@contextmanager
def _trainers(
    budget: Budget, store: Store, argv: list[str], listener: Listener, trials: int
) -> Iterator[Trainers]:
    workers = min(budget.workers, trials)
    if workers == 1:
        yield Alone(Bench(store, argv), listener, trials)
        return
    with Crew(workers, store, argv, listener) as crew:
        yield crew
