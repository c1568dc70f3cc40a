"""Run: a complete run, read from its folder when asked."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import Any

from recsys_cli.errors import NotFound
from recsys_cli.runs import _evaluation
from recsys_cli.runs._evaluation import EvaluatedFold
from recsys_cli.runs._fold import FoldRun
from recsys_cli.runs._log import logged
from recsys_cli.runs._reading import reading
from recsys_cli.runs._state import examine
from recsys_cli.runs._tags import read_tags
from recsys_cli.visible import quoted


class Run:
    """A complete run. Opening it checks that every file is there in full size.

    What is read whole (spec, history, ids) must also have the sha256 of the manifest; of arrays,
    the blocks that are read must have their checksums. Nothing but :meth:`commit_evaluation` and
    :meth:`logged` writes, so a read-only folder serves.

    Parameters
    ----------
    folder : Path

    Raises
    ------
    NotFound
        If the run is running, failed or was interrupted, or there is no such folder.
    DamagedRun
        If a file is missing, cut or garbled.
    DataError
        If a newer recsys wrote the folder.

    Attributes
    ----------
    path : Path
    id : str
        The folder's name.
    record : dict
        What ``run.json`` holds.
    """

    def __init__(self, folder: Path) -> None:
        state = examine(folder)
        if state.problem is not None:
            raise state.problem
        assert state.manifest is not None
        self.path = folder
        self.id = folder.resolve().name
        self.record = state.record
        self._manifest = state.manifest
        self._prefixes = state.manifest.folds()

    @cached_property
    def spec_document(self) -> dict[str, Any]:
        """What ``spec.yaml`` holds: the complete spec."""
        import yaml

        path = self._manifest.checked("spec.yaml")
        with reading(path):
            # Ten times as fast where PyYAML has it; its hash says that the file is ours.
            loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
            return dict(yaml.load(path.read_bytes(), loader))

    @property
    def tags(self) -> list[str]:
        """Its tags, sorted."""
        return read_tags(self.path)

    @property
    def metrics(self) -> dict[str, Any] | None:
        """What ``metrics.json`` holds now; None before the first evaluation."""
        return _evaluation.read_metrics(self.path, self._manifest.trained)

    @property
    def fold_names(self) -> tuple[str, ...]:
        """The names of the folds; ``("1",)`` when there is only one."""
        return tuple(self._prefixes)

    def fold(self, name: str | None = None) -> FoldRun:
        """Return one fold, by default the first.

        Raises
        ------
        NotFound
            If there is no such fold.
        """
        name = self.fold_names[0] if name is None else name
        if name not in self._prefixes:
            known = ", ".join(self.fold_names)
            raise NotFound(f"no fold {quoted(name)}", where=self.id, hint=f"its folds: {known}")
        return FoldRun(self, name, self._manifest, self._prefixes[name])

    def verify(self) -> None:
        """Check the sha256 of every file that train and evaluate wrote.

        Raises
        ------
        DamagedRun
            Naming the first file that has changed.
        """
        for name in self._manifest.files:
            self._manifest.checked(name)
        for name in self.fold_names if self.metrics else ():
            self.fold(name).per_user()
            self.fold(name).recommendations()
            self.fold(name).pairs()

    def commit_evaluation(
        self, found: Mapping[str, EvaluatedFold], summary: Mapping[str, Any] | None = None
    ) -> None:
        """Store the evaluation of every fold: all of it or, if this is killed, the former one.

        Parameters
        ----------
        found : dict of str to EvaluatedFold
            By the names in :attr:`fold_names`.
        summary : dict, optional
            Given when there are several folds: the means and standard deviations over them,
            ``{"metrics": {name: {"value": …}}}``.

        Raises
        ------
        Locked
            If another process keeps writing the run.
        OutOfResources
            If the disk is full, fails or denies it.
        """
        _evaluation.commit(self.path, self._manifest.trained, self._prefixes, found, summary)

    def logged(self) -> AbstractContextManager[None]:
        """Within the block, append what recsys logs, and the exception it ends by, to the log."""
        return logged(self.path)
