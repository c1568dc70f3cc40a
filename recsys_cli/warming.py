"""Compile the kernels of our own models ahead of their first use, by using them on a small world.

A kernel is compiled for the types that it is called with, so nothing but calls as they come up in
earnest compiles what will be needed. What is compiled already is only loaded.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

import numpy as np

from recsys_cli import compilation, experiment
from recsys_cli.data import Dataset, Split
from recsys_cli.errors import RecsysError
from recsys_cli.evaluation import Evaluator
from recsys_cli.listener import SILENT, Listener
from recsys_cli.metrics import METRICS
from recsys_cli.models import MODELS
from recsys_cli.models._base import Model
from recsys_cli.seeding import generator
from recsys_cli.spec import ExperimentSpec

#: Models that libraries train: what they compile is not ours.
_WRAPPERS = ("implicit-", "surprise-")
#: Of each model, those that it has.
_SMALL: dict[str, Any] = {"factors": 8, "epochs": 2, "burn_in": 1, "samples": 2}
_SPEC = {
    "name": "warm",
    "dataset": {"name": "synthetic", "users": 60, "items": 50, "interactions": 1500},
    "split": {"name": "random"},
    "model": {"name": "als"},
}
_RATER = "bias"


@dataclass(frozen=True)
class Warmed:
    """The kernels that were compiled, ``file.function``, and the seconds that all took."""

    compiled: list[str]
    seconds: float


def warm(listener: Listener) -> Warmed:
    """Compile what training, evaluating and recommending with any own model would compile."""
    started, compiled = time.perf_counter(), []

    def hear(file: str, function: str) -> None:
        compiled.append(f"{file}.{function}")

    with compilation.heard(hear):
        spec = ExperimentSpec.model_validate(_SPEC)
        dataset = experiment.prepare(spec, SILENT).dataset
        split = next(experiment.splits(spec, dataset))
        own = [name for name in MODELS if not name.startswith(_WRAPPERS)]
        for done, name in enumerate(own):
            listener.progress("warm", done, len(own) + 1)
            for parameters in _variants(name):
                _use(name, parameters, dataset, split)
        listener.progress("warm", len(own), len(own) + 1)
        _evaluate(dataset, split)
        listener.progress("warm", len(own) + 1, len(own) + 1)
    return Warmed(compiled, time.perf_counter() - started)


def _variants(name: str) -> Iterator[dict[str, Any]]:
    """Yield the parameters of a model, then those with each choice that takes another path."""
    fields = MODELS.get(name).Config.model_fields
    small = {key: value for key, value in _SMALL.items() if key in fields}
    yield small
    for key, field in fields.items():
        others: tuple[Any, ...] = ()
        if get_origin(field.annotation) is Literal:
            others = get_args(field.annotation)
        elif field.annotation is bool:
            others = (not field.default,)
        elif key == "propensity_power":
            others = (1.0,)
        yield from (small | {key: other} for other in others if other != field.default)


def _use(name: str, parameters: dict[str, Any], dataset: Dataset, split: Split) -> None:
    """Train a model, and ask it all that it answers; one that cannot be made so is left out."""
    users, items = (
        np.arange(n, dtype=np.int32) for n in (split.train.n_users, split.train.n_items)
    )
    try:
        model = _fitted(name, parameters, dataset, split)
    except (RecsysError, ValueError):
        return
    for one in (model, model.fold_in(split.train.csr)):
        one.recommend(users, 5, exclude=split.train.csr)
        if one.predicts_ratings:
            one.predict(users, users % len(items))
    if hasattr(model, "similar_items"):
        model.similar_items(items, 5)


def _fitted(name: str, parameters: dict[str, Any], dataset: Dataset, split: Split) -> Model[Any]:
    rng = generator(0, "warm")
    return MODELS.get(name)(**parameters).fit(split.train, features=dataset.features, rng=rng)


def _evaluate(dataset: Dataset, split: Split) -> None:
    """Measure all there is to measure, of full rankings and among candidates."""
    metrics = [METRICS.get(name).example(cutoff="@5") for name in METRICS]
    model = _fitted(_RATER, {}, dataset, split)
    for candidates in ("train", {"sampled": 10}):
        asked = {"metrics": metrics, "candidates": candidates, "relevant": {"min_value": 4}}
        spec = ExperimentSpec.model_validate({**_SPEC, "evaluation": asked})
        Evaluator(split, spec.evaluation, features=dataset.features).evaluate(model, SILENT)
