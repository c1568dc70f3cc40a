"""What a run would do: its spec, its data, the memory it needs and the files it would leave."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from recsys_cli import demands, experiment, foresight, memory
from recsys_cli.data import Dataset, Split
from recsys_cli.diagnosis._folder import existing
from recsys_cli.errors import NotFound, OutOfResources, need
from recsys_cli.evaluation import Evaluator
from recsys_cli.folding import final_part
from recsys_cli.foresight import Need
from recsys_cli.listener import Listener
from recsys_cli.loaders import LOADERS
from recsys_cli.loaders._cache import untouched
from recsys_cli.loaders._published import PublishedLoader
from recsys_cli.memory import Limit
from recsys_cli.models import MODELS
from recsys_cli.models._size import Size
from recsys_cli.runs import Store
from recsys_cli.spec import ExperimentSpec
from recsys_cli.specfile import dump

#: Bytes of the small files: the record, the manifest, the metrics and a line of history.
_RECORD, _METRIC, _LINE = 4096, 1024, 120
#: Bytes of one row of a table, of one of its columns, and around a table of any size.
_PAIR, _CELL, _TABLE = 8, 9, 4096


@dataclass(frozen=True)
class DryRun:
    """What a run would do.

    Attributes
    ----------
    spec : dict
        The complete spec, every default written out.
    data : dict
        The receipt: source, counts, fingerprint, what each filter and each fold left.
    need : Need
    limit : Limit
    folder : Path
        Of the run.
    files : dict of str to int
        What would be in it, and about how many bytes of it.
    free : int
        Bytes free on the disk of the folder.
    problem : OutOfResources, optional
        What the run would be refused for: memory, or the disk.
    """

    spec: dict[str, Any]
    data: dict[str, Any]
    need: Need
    limit: Limit
    folder: Path
    files: dict[str, int]
    free: int
    problem: OutOfResources | None

    def document(self) -> dict[str, Any]:
        """Return it as one JSON-able dict."""
        return {
            "spec": self.spec,
            "data": self.data,
            "memory": {
                "need": self.need.bytes,
                "stage": self.need.stage,
                "parts": self.need.parts,
                "limit": self.limit.bytes,
                "limit_source": self.limit.source,
            },
            "writes": {
                "folder": str(self.folder),
                "files": self.files,
                "bytes": sum(self.files.values()),
                "free": self.free,
            },
        }


def dry_run(spec: ExperimentSpec, store: Store, listener: Listener) -> DryRun:
    """Load, prepare and split the data, and foresee the rest; write nothing, download nothing.

    Raises
    ------
    NotFound
        If the data are not here yet.
    RecsysError
        As a run of the spec would, by all that can be known before it trains.
    """
    _require_data(spec)
    with untouched():
        prepared = experiment.prepare(spec, listener)
        dataset = prepared.dataset
        demands.check(spec, dataset)
        found = foresight.need(spec, dataset)
        folds = [
            _counted(spec, dataset, split) for split in experiment.splits(spec, dataset, listener)
        ]
        files = _files(spec, dataset, folds)
        place = existing(store.root)
        free = shutil.disk_usage(place).free
        problem = _memory(spec, dataset) or _disk(place, sum(files.values()), free)
    return DryRun(
        spec.document(),
        _receipt(dataset, prepared.receipts, folds),
        found,
        memory.limit(),
        store.root / store.next_id(spec.name),
        files,
        free,
        problem,
    )


def _memory(spec: ExperimentSpec, dataset: Dataset) -> OutOfResources | None:
    try:
        foresight.require(spec, dataset)
    except OutOfResources as error:
        return error
    return None


def _disk(place: Path, size: int, free: int) -> OutOfResources | None:
    if not os.access(place, os.W_OK | os.X_OK):
        denied = OSError(errno.EACCES, os.strerror(errno.EACCES))
        reason = f"cannot write: {denied.strerror}"
        return OutOfResources(reason, where=str(place), hint=need(denied))
    if free >= size:
        return None
    return OutOfResources(
        f"the run would take about {memory.spelled(size)}, and {memory.spelled(free)} are free",
        where=str(place),
        hint="free some disk space, or take another folder: --runs",
    )


def _require_data(spec: ExperimentSpec) -> None:
    """Refuse to go on where loading would download; what cannot be loaded, loading tells."""
    loader = LOADERS.create(spec.dataset.loader)
    downloads = isinstance(loader, PublishedLoader) and loader.source.archive is not None
    if downloads and not loader.at_hand:
        raise NotFound(
            "the files are not here, and a dry run downloads nothing",
            where=f"dataset {loader.spec_name()}",
            hint="recsys data fetch gets them, or a run does",
        )


def _counted(spec: ExperimentSpec, dataset: Dataset, split: Split) -> dict[str, Any]:
    """Return the fold's name, its interactions by part, and what its evaluation asks."""
    evaluator = Evaluator(final_part(spec, split), spec.evaluation, features=dataset.features)
    parts = {name: len(part) for name, part in split.parts().items()}
    return {"fold": split.fold, **parts, "evaluation": evaluator.part.counts()}


def _receipt(
    dataset: Dataset, filters: list[dict[str, Any]], folds: list[dict[str, Any]]
) -> dict[str, Any]:
    data = dataset.interactions
    return {
        **asdict(dataset.info),
        "interactions": len(data),
        "users": data.n_users,
        "items": data.n_items,
        "fingerprint": data.fingerprint,
        "prepare": filters,
        "folds": folds,
    }


def _files(spec: ExperimentSpec, dataset: Dataset, folds: list[dict[str, Any]]) -> dict[str, int]:
    """Return about how large each file of the run's folder would be."""
    found = {"spec.yaml": len(dump(spec).encode()), "run.json": _RECORD, "MANIFEST.json": _RECORD}
    found["metrics.json"] = _METRIC * len(spec.evaluation.metrics) * (1 + (len(folds) > 1))
    for fold in folds:
        inside = f"fold-{fold['fold']}/" if len(folds) > 1 else ""
        found |= {inside + name: size for name, size in _fold_files(spec, dataset, fold)}
    return found


def _fold_files(
    spec: ExperimentSpec, dataset: Dataset, fold: dict[str, Any]
) -> Iterator[tuple[str, int]]:
    data = dataset.interactions
    known = fold["train"] + fold.get("history", 0) + fold.get("validation", 0)
    size = Size(data.n_users, data.n_items, known)
    yield "history.jsonl", _LINE * getattr(spec.model, "epochs", 1)
    yield "model.safetensors", MODELS.create(spec.model).stored_bytes(size)
    yield "catalog/history.safetensors", 8 * (size.pairs + size.users)
    titles = 0 if dataset.titles is None else _text(dataset.titles)
    yield "catalog/items.json", _text(data.items.ids) + titles
    yield "catalog/users.json", _text(data.users.ids)
    columns = 3 + len(spec.evaluation.metrics)
    asked = fold["evaluation"]
    yield "per_user-….parquet", _TABLE + _CELL * columns * asked["users"]
    yield "pairs-….parquet", _TABLE + _PAIR * asked["pairs"]


def _text(ids: tuple[str, ...] | list[str]) -> int:
    """Return the bytes of ids as JSON, one a line."""
    return sum(len(id_.encode("utf-8", "replace")) + 4 for id_ in ids)
