"""Points by optuna's tree-structured Parzen estimator, from the trials so far and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from recsys_cli.metrics import parse
from recsys_cli.search import RangeSpec, kind_of, rounded
from recsys_cli.seeding import generator
from recsys_cli.spec import SearchSpec
from recsys_cli.tuning._trials import Trial

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution


def proposals(
    search: SearchSpec, seed: int, done: Sequence[Trial], count: int
) -> list[dict[str, Any]]:
    """Return points that look better than those tried; they may repeat one.

    Nothing is kept from one call to the next, so a search that goes on later proposes the same.
    Trials that were pruned count as worse than all trained to the end, whose values they cannot be
    held against, and those that failed as worse still.

    Parameters
    ----------
    search : SearchSpec
    seed : int
    done : sequence of Trial
        In order of their numbers.
    count : int
    """
    import optuna
    from optuna.trial import create_trial

    if all(trial.value is None for trial in done):
        return []
    higher = parse(search.metric).metric.higher_is_better
    space = {key: _distribution(range_) for key, range_ in search.space.items()}
    draw = int(generator(seed, f"tune/tpe/{len(done)}").integers(1 << 32))
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=draw, n_startup_trials=0),
        direction="maximize" if higher else "minimize",
    )
    for trial in done:
        params = {key: _place(search.space[key], value) for key, value in trial.settings.items()}
        study.add_trial(create_trial(params=params, distributions=space, **_outcome(trial)))
    asked = [study.ask(space).params for _ in range(count)]
    return [{key: _value(search.space[key], point[key]) for key in space} for point in asked]


def _outcome(trial: Trial) -> dict[str, Any]:
    """Return what came of a trial in words of the estimator, which puts pruned ones last."""
    from optuna.trial import TrialState

    if trial.value is not None and not trial.pruned:
        return {"value": trial.value}
    so_far = {} if trial.value is None else {0: trial.value}
    return {"state": TrialState.PRUNED, "intermediate_values": so_far}


def _distribution(range_: RangeSpec) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    kind, given = kind_of(range_)
    if kind == "choice":
        return CategoricalDistribution(range(len(given)))
    low, high = given
    of_kind = IntDistribution if kind in ("int", "log_int") else FloatDistribution
    return of_kind(low, high, log=kind.startswith("log"))


def _place(range_: RangeSpec, value: Any) -> Any:
    """Return what the estimator calls a value: a choice goes by its number."""
    kind, given = kind_of(range_)
    return given.index(value) if kind == "choice" else value


def _value(range_: RangeSpec, place: Any) -> Any:
    kind, given = kind_of(range_)
    if kind == "choice":
        return given[place]
    return place if kind in ("int", "log_int") else rounded(place, *given)
