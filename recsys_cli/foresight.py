"""What a run will need of memory: measured constants, and what each model says of its fit."""

from __future__ import annotations

from typing import Any, NamedTuple

from recsys_cli import memory, threads
from recsys_cli.data import Dataset, Features, Interactions
from recsys_cli.loaders import LOADERS
from recsys_cli.loaders._base import Loader
from recsys_cli.metrics import parse
from recsys_cli.models import MODELS
from recsys_cli.models._base import Model
from recsys_cli.models._size import Size
from recsys_cli.spec import ExperimentSpec

#: The interpreter and the libraries that read data, and those of kernels.
_TO_READ, _KERNELS = 110 * memory.MIB, 90 * memory.MIB
#: What an id takes as a string of Python, and what is known of one.
_ID, _KNOWN = 80, 150
#: What holding out takes for each interaction while users' histories are put in order.
_HELD_OUT = 55
#: What one thread takes to find the best of a part of scores, and a user's values of a metric.
_PART, _VALUES = 4 << 20, 40


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
    size = Size(data.n_users, data.n_items, len(data))
    watched = model.stored_bytes(size) + _HELD_OUT * size.pairs if spec.train.monitor else 0
    again = _row(data) * size.pairs if spec.train.refit else 0
    libraries = memory.libraries()
    common = {
        "libraries": libraries,
        "data": _data(dataset),
        "split": (_row(data) + 8) * size.pairs + 8 * size.users,
    }
    stages = {
        "training": {
            "libraries": libraries - (0 if model.uses_kernels else _KERNELS),
            "model": model.fit_bytes(size) + watched + again,
        },
        "evaluating": {
            "model": model.stored_bytes(size),
            "histories": _HELD_OUT * size.pairs + again,
            "scores": _scores(model, spec, size),
        },
    }
    reading = LOADERS.create(spec.dataset.loader).load_bytes
    found = [Need("reading", {"libraries": _TO_READ, "data": reading})]
    later = [Need(stage, common | parts) for stage, parts in stages.items()]
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


def _scores(model: Model[Any], spec: ExperimentSpec, size: Size) -> int:
    """Return what blocks of scores take on all threads, and the lists and values of the users."""
    asked = [parse(name) for name in spec.evaluation.metrics]
    scores = model.score_bytes(size)
    if any(one.metric.needs_auc for one in asked):
        scores = max(scores, size.block)
    lists = 16 * max((one.k or 0 for one in asked), default=0) + _VALUES * len(asked)
    return threads.count() * (scores + _PART) + lists * size.users


def _advice(spec: ExperimentSpec) -> str:
    told = ["lower model.factors"] if hasattr(spec.model, "factors") else ["take model.name: als"]
    told += ["take fewer --threads"] if threads.count() > 1 else []
    told += ["sample-users in dataset.prepare", "a smaller dataset"]
    return f"{', '.join(told[:-1])} or {told[-1]}; --dry-run says what is needed"
