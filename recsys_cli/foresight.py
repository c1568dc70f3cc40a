"""What a run will need of memory: measured constants, and what each model says of its fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from recsys_cli import memory, threads
from recsys_cli.answers import BLOCK
from recsys_cli.candidates import DRAWS, located
from recsys_cli.data import Dataset, Features, Interactions
from recsys_cli.loaders import LOADERS
from recsys_cli.loaders._base import Loader
from recsys_cli.metrics import parse
from recsys_cli.models import MODELS
from recsys_cli.models._base import Model
from recsys_cli.models._blocks import rows_at_once
from recsys_cli.models._size import Size
from recsys_cli.models._topk import LARGE
from recsys_cli.shortlists import CandidateListsSpec
from recsys_cli.spec import ExperimentSpec
from recsys_cli.splitters import SPLITTERS

#: The interpreter and the libraries that read data, and those of kernels.
_TO_READ, _KERNELS = 110 * memory.MIB, 90 * memory.MIB
#: What an id takes as a string of Python, and what is known of one.
_ID, _KNOWN = 80, 150
#: What holding out takes for each interaction while users' histories are put in order, and then.
_HELD_OUT, _SEEN = 55, 16
#: What one thread takes to find the best of a part of scores, and a user's values of a metric.
_PART, _VALUES = 4 << 20, 40
#: What a place in a list takes: item and score of the answers, again of those that are kept, and of
#: those with the score after the last beside. Written with its ids, as Python has them.
_PLACE, _SAVED = 24, 140
#: What a candidate takes while lists are made: drawn, sorted with the relevant ones, taken apart
#: into user and item; and as it is kept. What a number drawn takes, with its place in the order.
_LISTING, _LISTED, _DRAWING = 34, 8, 12
#: What a byte of a file of candidates takes while it is read: ten are a row, of two strings.
_WRITTEN = 26
#: What a place takes while the best of a user are found: twice as many items and scores are held.
_FOUND = 16


class Need(NamedTuple):
    """What the stage of a run that takes most memory takes: bytes by what needs them."""

    stage: str
    parts: dict[str, int]

    @property
    def bytes(self) -> int:
        """How many in all."""
        return sum(self.parts.values())


def require_load(loader: Loader[Any]) -> None:
    """Refuse to read a dataset that there is no memory for.

    Raises
    ------
    OutOfResources
    """
    parts = {"libraries": memory.libraries(), "reading": loader.load_bytes}
    memory.require(parts, f"reading {loader.spec_name()}", "take a smaller dataset")


def require(spec: ExperimentSpec, dataset: Dataset, *, trains: bool = True) -> None:
    """Refuse what there is no memory for, before any of it is allocated.

    Parameters
    ----------
    trains : bool
        Whether a model is to be trained, beside being evaluated.

    Raises
    ------
    OutOfResources
        It says what to lower.
    """
    found = need(spec, dataset, trains=trains)
    memory.require(found.parts, f"{found.stage} {spec.model.component_name()}", _advice(spec))


def need(spec: ExperimentSpec, dataset: Dataset, *, trains: bool = True) -> Need:
    """Return what a run on a dataset, prepared already, will need at its peak.

    All interactions are taken to be trained on.
    """
    data, model = dataset.interactions, MODELS.create(spec.model)
    met = int(np.sum(data.user_counts.astype(np.float64) ** 2))
    size = Size(data.n_users, data.n_items, len(data), met)
    libraries = memory.libraries()
    common = {
        "libraries": libraries,
        "data": _data(dataset),
        "split": (_row(data) + 8) * size.pairs + 8 * size.users,
    }
    again = _row(data) * size.pairs if spec.train.refit else 0
    listed, listing = _candidates(spec, size)
    asked = _scores(model, spec, size, spec.evaluation.metrics)
    stages = {
        "training": {
            "libraries": libraries - (0 if model.uses_kernels else _KERNELS),
            "model": model.fit_bytes(size) + again,
            "validation": _watched(model, spec, size, listed),
        },
        "preparing to evaluate": {
            "histories": _HELD_OUT * size.pairs + again,
            "candidates": listing,
        },
        "evaluating": {
            "histories": _SEEN * size.pairs + again,
            "model": model.stored_bytes(size),
            "new users": _new_users(model, spec, size),
            "candidates": listed,
            "scores": asked,
        },
    }
    reading = LOADERS.create(spec.dataset.loader).load_bytes
    found = [Need("reading", {"libraries": _TO_READ, "data": reading})]
    later = [
        Need(stage, {name: taken for name, taken in (common | parts).items() if taken})
        for stage, parts in stages.items()
    ]
    found += [one for one in later if trains or one.stage != "training"]
    return max(found, key=lambda need: need.bytes)


def _row(data: Interactions) -> int:
    """Return the bytes of one interaction."""
    columns = (data.user_idx, data.item_idx, data.value, data.timestamp, data.weight)
    return sum(column.itemsize for column in columns if column is not None)


def _data(dataset: Dataset) -> int:
    data = dataset.interactions
    ids = data.n_users + data.n_items * (1 if dataset.titles is None else 2)
    known = sum(_described(side) for side in dataset.features if side is not None)
    return _row(data) * len(data) + _ID * ids + known


def _described(side: Features) -> int:
    columns = (*side.categorical, *side.multilabel, *side.numeric)
    return _KNOWN * len(columns) * len(side.ids)


def _watched(model: Model[Any], spec: ExperimentSpec, size: Size, listed: int) -> int:
    """Return what validation holds and takes beside a fit: the best epoch's arrays, its part."""
    monitor = spec.train.monitor
    if monitor is None:
        return 0
    held = model.stored_bytes(size) + _HELD_OUT * size.pairs + listed
    return held + _scores(model, spec, size, [monitor])


def _new_users(model: Model[Any], spec: ExperimentSpec, size: Size) -> int:
    """Return what it takes to fold in those users that are asked for together."""
    folds_in = SPLITTERS.get(spec.split.component_name()).folds_in
    return model.fold_bytes(_together(size)) if folds_in else 0


def _candidates(spec: ExperimentSpec, size: Size) -> tuple[int, int]:
    """Return what candidate lists take, and what it takes to make them."""
    lists = spec.evaluation.candidates
    if not isinstance(lists, CandidateListsSpec):
        return 0, 0
    if lists.file is not None:
        length = located(lists.file).stat().st_size
        return length, _WRITTEN * length
    count = size.users * min(lists.sampled or 0, size.items)
    numbers = min(DRAWS, size.users * size.items)
    return _LISTED * count, _LISTING * count + _DRAWING * numbers


def _scores(model: Model[Any], spec: ExperimentSpec, size: Size, metrics: Sequence[str]) -> int:
    """Return what blocks of scores take on all threads, and the lists and values of the users."""
    asked = [parse(name) for name in metrics]
    depth = min(size.items, max((one.k or 0 for one in asked), default=0))
    place = _SAVED if spec.evaluation.save_lists else _PLACE
    values = (place * depth + _VALUES * len(asked)) * size.users
    if all(one.metric.kind == "rating" for one in asked):
        return values + threads.count() * _PART
    few, rows = _together(size), rows_at_once(size.items)
    block = model.score_bytes(few)
    auc = any(one.metric.needs_auc for one in asked)
    if auc or depth >= LARGE or isinstance(spec.evaluation.candidates, CandidateListsSpec):
        block = max(block, few.block)
    if not block:
        return values + threads.count() * _PART
    best = _FOUND * depth * min(rows, few.users)
    running = max(1.0, min(threads.count(), few.users / rows))  # the last block may be small
    return values + int(running * (block + best + _PART))


def _together(size: Size) -> Size:
    """Return the size of those users that are asked for together."""
    return size._replace(users=min(size.users, BLOCK))


def _advice(spec: ExperimentSpec) -> str:
    told = ["lower model.factors"] if hasattr(spec.model, "factors") else ["take model.name: als"]
    told += ["take fewer --threads"] if threads.count() > 1 else []
    told += ["sample-users in dataset.prepare", "a smaller dataset"]
    return f"{', '.join(told[:-1])} or {told[-1]}; --dry-run says what is needed"
