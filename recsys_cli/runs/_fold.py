"""FoldRun: one fold of a complete run, each part read when asked."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

from recsys_cli.errors import DamagedRun, NotFound
from recsys_cli.runs._arrays import StoredArrays
from recsys_cli.runs._catalog import StoredCatalog
from recsys_cli.runs._evaluation import METRICS, read_table
from recsys_cli.runs._manifest import MODEL, Manifest
from recsys_cli.runs._reading import damaged, reading

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from recsys_cli.runs._run import Run


class FoldRun:
    """One fold of a complete run. Each member raises DamagedRun if the file behind it is damaged.

    Attributes
    ----------
    name : str
    catalog : StoredCatalog
    """

    def __init__(self, run: Run, name: str, manifest: Manifest, prefix: str) -> None:
        self.name = name
        self.catalog = StoredCatalog(manifest, prefix)
        self._run = run
        self._manifest = manifest
        self._prefix = prefix

    @cached_property
    def model_config(self) -> dict[str, Any]:
        """The model's name and parameters."""
        return self._model.document

    @cached_property
    def stored_model(self) -> StoredArrays:
        """The arrays of the fitted model, unread; as many users and items as the catalogue has."""
        counts = {"user_counts": self.catalog.n_users, "item_counts": self.catalog.n_items}
        for name, count in counts.items():
            if name not in self._model or self._model[name].shape != (count,):
                raise damaged(self._model.path, f"{name} does not fit the catalogue")
        return self._model

    def model_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays of the fitted model."""
        return {name: array.whole() for name, array in self.stored_model.items()}

    @property
    def candidates(self) -> str:
        """Which items the spec ranks: ``train`` or ``all``; short lists are made of the former."""
        found = self._run.spec_document["evaluation"]["candidates"]
        return found if isinstance(found, str) else "train"

    @property
    def prepare(self) -> list[dict[str, Any]]:
        """The filters of the data, in the spec's order: the name and parameters of each."""
        return list(self._run.spec_document["dataset"]["prepare"])

    @property
    def history(self) -> list[dict[str, Any]]:
        """One dict an epoch; empty for a model without epochs."""
        name = f"{self._prefix}history.jsonl"
        if name not in self._manifest.files:
            return []
        path = self._manifest.checked(name)
        with reading(path):
            return [json.loads(line) for line in path.read_bytes().splitlines()]

    @property
    def metrics(self) -> dict[str, Any] | None:
        """What ``metrics.json`` says of this fold now; None before the first evaluation."""
        top = self._run.metrics
        if top is None or len(self._run.fold_names) == 1:
            return top
        with reading(self._run.path / METRICS):
            return dict(top["folds"][self.name])

    def per_user(self) -> dict[str, Any]:
        """Return the metrics of each user: the list ``user`` of ids, then an array a metric.

        Raises
        ------
        NotFound
            If the run is not evaluated yet.
        """
        table = self._table("per_user")
        if table is None:
            raise NotFound(
                "the run is not evaluated yet",
                where=self._run.id,
                hint=f"recsys evaluate {self._run.id}",
            )
        return table

    def recommendations(self) -> dict[str, Any] | None:
        """Return the columns of the stored lists; None if evaluation was not asked for them."""
        return self._table("recommendations")

    def pairs(self) -> dict[str, Any] | None:
        """Return what became of each test pair; None before an evaluation that kept it."""
        return self._table("pairs")

    def item_counts(self) -> NDArray[Any]:
        """Return the training interactions of each item, reading no other array of the model."""
        return self.stored_model["item_counts"].whole()

    @cached_property
    def _model(self) -> StoredArrays:
        return StoredArrays(self._manifest.parts(self._prefix + MODEL))

    def _table(self, kind: str) -> dict[str, Any] | None:
        entry = (self.metrics or {}).get(kind)
        if entry is None:
            return None
        try:
            with reading(self._run.path / METRICS):
                return read_table(self._run.path, entry)
        except DamagedRun:
            # Evaluated anew since metrics.json was read, which drops the table it named.
            if (self.metrics or {}).get(kind) == entry:
                raise
        return self._table(kind)
