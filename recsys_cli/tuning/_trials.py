"""The trials of a search, ranked, and the best of them written as a spec."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from recsys_cli.metrics import parse
from recsys_cli.search import RangeSpec, kind_of
from recsys_cli.spec import ExperimentSpec, SearchSpec
from recsys_cli.specfile import dump, dump_document

_BEST = "# The best of "


class Planned(NamedTuple):
    """A trial to be: what was drawn, and the spec that it makes, in full and under its own name."""

    settings: dict[str, Any]
    spec: ExperimentSpec


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
        Its run; None where it failed before there was one.
    value : float, optional
        Mean over the folds of the metric on the validation part; None where the trial failed.
    epochs : list of int
        The best epoch of each fold; empty where none was chosen.
    seconds : float
        Of training and validation.
    error : str, optional
        Why it failed.
    pruned : bool
        Whether it was stopped early, and so is worth no more than it was by then.
    """

    number: int
    settings: dict[str, Any]
    run: str | None
    value: float | None
    epochs: list[int]
    seconds: float
    error: str | None = None
    pruned: bool = False


def trial_of(record: Mapping[str, Any], metric: str) -> Trial:
    """Return what came of the point that a run was trained at, by the record of the run."""
    mark = record["search"]
    values = [value[metric] for value in record["validation"].values()]
    return Trial(
        number=mark["number"],
        settings=mark["settings"],
        run=record["id"],
        value=sum(values) / len(values),
        epochs=[best["epoch"] for best in record["best_epochs"].values()],
        seconds=sum(took for stage, took in record["stages"].items() if stage.startswith("fit/")),
        pruned="pruned" in mark,
    )


@dataclass(frozen=True)
class Tuned:
    """A search as far as it went.

    Attributes
    ----------
    search : SearchSpec
    seed : int
    trials : list of Trial
        Best first; those pruned come after all that were trained to the end, failed ones last.
    spec : ExperimentSpec
        Of the best.
    """

    search: SearchSpec
    seed: int
    trials: list[Trial]
    spec: ExperimentSpec

    def written(self) -> str:
        """Return the best spec as YAML, complete, under a comment that says how it was chosen."""
        best = self.trials[0]
        how, searched = _heading(self.search, self.seed)
        return (
            f"{_BEST}{counted(len(self.trials))}{how}{best.value:.6g}, of {best.run}{searched}"
        ) + dump(self.spec)


def wrote(search: SearchSpec, seed: int, name: str, text: str) -> bool:
    """Return whether a text is what a search has written, the best of however many trials.

    Parameters
    ----------
    search : SearchSpec
    seed : int
        Of its draws.
    name : str
        Of the spec.
    text : str
    """
    how, searched = _heading(search, seed)
    heading, _, spec = text.partition(searched)
    named = spec.startswith(dump_document({"name": name}))
    return named and heading.startswith(_BEST) and how in heading


def _heading(search: SearchSpec, seed: int) -> tuple[str, str]:
    """Return what stands between the number of trials and the best value, and after its run."""
    how = f" of recsys tune (seed {seed}) by {search.metric} on the validation part:\n# "
    return how, f". Searched:\n{_ranges(search.space)}"


def ranked(
    search: SearchSpec, seed: int, done: Sequence[Trial], planned: Sequence[Planned]
) -> Tuned | None:
    """Return the search so far; None where every trial failed."""
    sign = -1.0 if parse(search.metric).metric.higher_is_better else 1.0

    def rank(trial: Trial) -> tuple[bool, bool, float, int]:
        return trial.value is None, trial.pruned, sign * (trial.value or 0.0), trial.number

    trials = sorted(done, key=rank)
    if trials[0].value is None:
        return None
    return Tuned(search, seed, trials, planned[trials[0].number - 1].spec)


def told(trial: Trial, metric: str) -> str:
    """Return one line: the number of a trial, what it was worth and what was drawn."""
    worth = f"failed: {trial.error}" if trial.value is None else f"{metric} {trial.value:.5g}"
    drawn = ", ".join(f"{key}={json.dumps(value)}" for key, value in trial.settings.items())
    run = f" ({trial.run})" if trial.run else ""
    pruned = " when pruned" if trial.pruned else ""
    return f"Trial {trial.number}{run}: {worth}{pruned}, {trial.seconds:.1f} s. {drawn}"


def counted(trials: int) -> str:
    """Return a number of trials in words that agree."""
    return f"{trials} trial{'' if trials == 1 else 's'}"


def _ranges(space: Mapping[str, RangeSpec]) -> str:
    of_keys = {key: kind_of(range_) for key, range_ in space.items()}
    return "".join(
        f"#   {key}: {kind} {json.dumps(list(given))}\n" for key, (kind, given) in of_keys.items()
    )
