"""Which points a search tries, round by round: at random, of a grid, or near what did well."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from recsys_cli import soundness
from recsys_cli.errors import MissingExtra, SpecError
from recsys_cli.models import MODELS
from recsys_cli.search import draws, grid
from recsys_cli.spec import ExperimentSpec
from recsys_cli.specfile import varied
from recsys_cli.tuning._trials import Planned, Trial

#: Trials of a round, where later ones hang on earlier ones. It is the same for any number of
#: workers, and so are the trials.
ROUND = 4
#: Trials at random before the first that hangs on others.
FIRST = 8


class Course:
    """The trials of a search. What does not hang on earlier trials is planned, and checked, first.

    Parameters
    ----------
    spec : ExperimentSpec
        With a ``search``.
    trials : int
    seed : int

    Attributes
    ----------
    planned : list of Planned
        As far as is known; trial n is the n-th.
    trials : int
        How many there will be: fewer than asked for where the space has fewer points, which shows
        only at its end where points hang on earlier trials.

    Raises
    ------
    SpecError
        For the first point that makes no sound spec.
    MissingExtra
        If the method needs a package that is not installed.
    """

    def __init__(self, spec: ExperimentSpec, trials: int, seed: int) -> None:
        assert spec.search is not None
        self._spec, self._search, self._seed = spec, spec.search, seed
        self._guided = spec.search.method == "tpe"
        if self._guided:
            _require_optuna()
        self.planned = plan(spec, min(trials, FIRST) if self._guided else trials, seed)
        more = self._guided and len(self.planned) == FIRST
        self.trials = trials if more else len(self.planned)
        self._begun = 0

    @property
    def learns(self) -> bool:
        """Whether what a trial does hangs on earlier ones."""
        return self._guided or self._search.prune

    def round(self, done: Sequence[Trial]) -> list[tuple[int, Planned]]:
        """Return the next trials with their numbers, none at the end.

        Parameters
        ----------
        done : sequence of Trial
            All of the rounds before.
        """
        stop = min(self.trials, self._begun + (ROUND if self.learns else self.trials))
        if stop > len(self.planned):
            self._propose(stop - len(self.planned), done)
            if len(self.planned) < stop:
                self.trials = stop = len(self.planned)
        numbers = range(self._begun, stop)
        self._begun = stop
        return [(number + 1, self.planned[number]) for number in numbers]

    def _propose(self, count: int, done: Sequence[Trial]) -> None:
        """Plan more points, none twice: where the estimator repeats itself, one at random."""
        from recsys_cli.tuning._tpe import proposals

        ordered = sorted(done, key=lambda trial: trial.number)
        proposed = proposals(self._search, self._seed, ordered, count)
        known = {json.dumps(one.settings) for one in self.planned}
        fresh = itertools.chain(proposed, draws(self._search.space, self._seed))
        for settings in itertools.islice(_new(fresh, known), count):
            self.planned.append(_planned(self._spec, settings))


def plan(spec: ExperimentSpec, trials: int, seed: int) -> list[Planned]:
    """Return the first trials of a search, each checked; fewer where the space has fewer points.

    Raises
    ------
    SpecError
        For the first that is no sound spec.
    """
    assert spec.search is not None
    points: Iterable[dict[str, Any]]
    gridded = spec.search.method == "grid"
    points = grid(spec.search.space, seed) if gridded else draws(spec.search.space, seed)
    return [_planned(spec, settings) for settings in itertools.islice(points, trials)]


def _planned(spec: ExperimentSpec, settings: dict[str, Any]) -> Planned:
    """Return one trial.

    Where the spec says nothing of ``train.monitor``, a model that stops between epochs, and may
    have passed its best one, is monitored by the searched metric.
    """
    assert spec.search is not None
    where = ", ".join(f"{key}={json.dumps(value)}" for key, value in settings.items())
    made = varied(spec, settings, where)
    monitored = made.train.monitor or "monitor" in spec.train.model_fields_set
    model = MODELS.create(made.model)
    if not monitored and model.stops_between_epochs and model.overtrains:
        train = made.train.model_copy(update={"monitor": spec.search.metric})
        made = made.model_copy(update={"train": train})
    try:
        soundness.check(made, search=True)
    except SpecError as error:
        raise error.within(where) from None
    return Planned(settings, made.model_copy(update={"search": None}))


def _new(points: Iterable[Mapping[str, Any]], known: set[str]) -> Iterator[dict[str, Any]]:
    for point in points:
        mark = json.dumps(point)
        if mark not in known:
            known.add(mark)
            yield dict(point)


def _require_optuna() -> None:
    from importlib.util import find_spec

    if find_spec("optuna") is None:
        raise MissingExtra("optuna", "tune").within("search.method")
