"""Models tuned with the same budget, the best of each held against the test part, once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from recsys_cli import experiment
from recsys_cli.comparison import Comparison, compare
from recsys_cli.errors import SpecError
from recsys_cli.experiment import Prepared
from recsys_cli.listener import Listener
from recsys_cli.metrics import parse
from recsys_cli.prints import Sources
from recsys_cli.runs import Run, Store
from recsys_cli.spec import ExperimentSpec, SearchSpec
from recsys_cli.tuning import DATA, UNBOUNDED, Budget, Tuned, tune

#: The level below which an adjusted p-value shows a difference.
LEVEL = 0.05
_SHARED = ("dataset", "split", "evaluation", "seed", "seeds")
_BUDGET = ("metric", "method", "trials", "prune", "folds")


@dataclass(frozen=True)
class Place:
    """One model of a leaderboard.

    Attributes
    ----------
    run : Run
        Trained by the best spec, and evaluated.
    tuned : Tuned, optional
        The search; None where the spec has nothing to search.
    above : list of str
        The names of those that it is shown to be better than.
    """

    run: Run
    tuned: Tuned | None
    above: list[str]


@dataclass(frozen=True)
class Leaderboard:
    """All models, best first by ``metric`` on the test part, and every pair of them compared."""

    metric: str
    places: list[Place]
    comparisons: list[Comparison]


def check(specs: Sequence[ExperimentSpec], trials: int | None) -> str:
    """Return the metric of the searches; raise unless the specs can be held against each other.

    Raises
    ------
    SpecError
        If specs differ in their data, split, evaluation, seed, refit or search budget, share a
        name, search nothing or their data, or do not evaluate the metric.
    """
    first = specs[0]
    for spec in specs[1:]:
        for key in _SHARED:
            if getattr(spec, key) != getattr(first, key):
                raise _differs(spec, first, key)
        if spec.train.refit != first.train.refit:
            raise _differs(spec, first, "train.refit")
    names = [spec.name for spec in specs]
    for name in names:
        if names.count(name) > 1:
            raise SpecError("two specs have this name", where=f"name: {name}")
    searches = [spec.search for spec in specs if spec.search is not None]
    if not searches:
        raise SpecError("none of the specs has one: there is nothing to search", where="search")
    _check_searches(searches, trials)
    metric = searches[0].metric
    if metric not in first.evaluation.metrics:
        raise SpecError(
            f"has no {metric}, by which the specs are searched", where="evaluation.metrics"
        )
    return metric


def _check_searches(searches: Sequence[SearchSpec], trials: int | None) -> None:
    for key in _BUDGET:
        if key == "trials" and trials is not None:
            continue
        if len({getattr(search, key) for search in searches}) > 1:
            hint = "--trials gives all of them as many" if key == "trials" else None
            raise SpecError("differs between the specs", where=f"search.{key}", hint=hint)
    of_data = [key for search in searches for key in search.space if key.startswith(DATA)]
    if of_data:
        raise SpecError(
            "would give each model data of its own, and they could not be held against each other",
            where=f"search.space.{of_data[0]}",
            hint="tune them one by one, or leave it out",
        )


def _differs(spec: ExperimentSpec, first: ExperimentSpec, key: str) -> SpecError:
    return SpecError(
        f"is not that of {first.name}, so the two cannot be held against each other",
        where=f"{spec.name}: {key}",
        hint="tune them one by one, or give both the same",
    )


def compete(
    specs: Sequence[ExperimentSpec],
    store: Store,
    listener: Listener,
    *,
    argv: list[str],
    budget: Budget = UNBOUNDED,
    seed: int | None = None,
    resume: bool = False,
    keep: Callable[[Tuned], object] = lambda _: None,
) -> Leaderboard:
    """Tune every spec with the same budget, then train and evaluate the best of each.

    The test part is touched when all searches are over. A spec without a search, such as that of a
    baseline, is trained as it stands.

    Parameters
    ----------
    specs : sequence of ExperimentSpec
        Two or more.
    keep : callable, optional
        Takes the search of a spec so far, after each trial.

    Raises
    ------
    RecsysError
        As :func:`check` and :func:`~recsys_cli.tuning.tune` do, and whatever stops a run.
    """
    metric = check(specs, budget.trials)
    found: list[Tuned | None] = []
    for spec in specs:
        listener.note(f"{spec.name}: {'tuning' if spec.search else 'nothing to search'}.")
        found.append(None)
        if spec.search is not None:
            found[-1] = tune(
                spec,
                store,
                listener,
                argv=argv,
                budget=budget,
                seed=seed,
                resume=resume,
                keep=keep,
            )
    best = [tuned.spec if tuned else spec for tuned, spec in zip(found, specs, strict=True)]
    prepared = experiment.prepare(best[0], listener)
    runs = [_tested(spec, store, listener, argv, prepared, resume) for spec in best]
    return _ranked(metric, runs, found)


def _tested(
    spec: ExperimentSpec,
    store: Store,
    listener: Listener,
    argv: list[str],
    prepared: Prepared,
    resume: bool,
) -> Run:
    """Return the evaluated run of a spec: an earlier one of the same, if the search goes on."""
    run: Run | None = None
    if resume:
        now = asdict(Sources.now(spec, prepared.dataset))
        run = store.trained(spec.name, spec=spec.fingerprint, **now)
    if run is None:
        run = experiment.train(spec, store, listener, argv=argv, prepared=prepared)
    if set((run.metrics or {}).get("metrics", ())) != set(spec.evaluation.metrics):
        experiment.evaluate(run, listener, prepared=prepared)
    return run


def _ranked(metric: str, runs: Sequence[Run], found: Sequence[Tuned | None]) -> Leaderboard:
    sign = -1.0 if parse(metric).metric.higher_is_better else 1.0
    order = sorted(range(len(runs)), key=lambda at: sign * value(runs[at], metric)["value"])
    ranked = [runs[at] for at in order]
    rows = compare(ranked, all_pairs=True, metrics=[metric])
    shown = [(row.against, row.run) for row in rows if _shown(row)]
    names = {run.id: str(run.record["name"]) for run in runs}
    places = [
        Place(runs[at], found[at], [names[loser] for by, loser in shown if by == runs[at].id])
        for at in order
    ]
    return Leaderboard(metric, places, rows)


def _shown(row: Comparison) -> bool:
    """Return whether a comparison shows a difference; the better one comes first in it."""
    return row.p_adjusted is not None and row.p_adjusted < LEVEL


def value(run: Run, metric: str) -> dict[str, Any]:
    """Return the entry of a metric in ``metrics.json``."""
    entry: dict[str, Any] = (run.metrics or {})["metrics"][metric]
    return entry
