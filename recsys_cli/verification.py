"""Hold specs against published numbers: run each over several seeds, compare its mean to an aim."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from recsys_cli import experiment, soundness
from recsys_cli.errors import NotFound, OutOfResources, RecsysError, SpecError
from recsys_cli.listener import Listener
from recsys_cli.prints import Sources
from recsys_cli.published import Row, Table
from recsys_cli.runs import Run, Store
from recsys_cli.spec import ExperimentSpec
from recsys_cli.specfile import load, read
from recsys_cli.verdict import Pair, Verdict, judged, pair, stopped


class Verification:
    """A table that was read, its specs checked; nothing has run yet.

    Parameters
    ----------
    path : Path
    only : sequence of str
        Keep the rows whose spec file, settings or metric contain one of these; all if there is
        none.
    seeds : list of int, optional
        Instead of those of the table and its rows.

    Raises
    ------
    SpecError
        If the table or one of its specs is missing or wrong, or a spec does not measure what its
        row asks.
    NotFound
        If no row is left.
    """

    def __init__(
        self, path: Path, only: Sequence[str] = (), seeds: list[int] | None = None
    ) -> None:
        if not path.exists():
            raise SpecError(
                "there is no such table", where=str(path), hint="say which: recsys verify TABLE"
            )
        table = read(path, Table)
        self.folder = path.parent
        wanted = {at: row for at, row in enumerate(table.rows, 1) if _wanted(row, only)}
        self.rows = list(wanted.values())
        if not self.rows:
            raise NotFound(
                f"no row has {' or '.join(only)} in its spec, settings or metric", where=str(path)
            )
        self._seeds, self._common = seeds, table.seeds
        for at, row in wanted.items():
            self._check(row, f"{path}, row {at}")

    def judge(
        self, store: Store, listener: Listener, argv: list[str], *, fresh: bool = False
    ) -> Iterator[Verdict]:
        """Yield the verdict on each row as its runs end; a spec runs once with each seed.

        A row that an error stops has failed, and the others go on.

        Parameters
        ----------
        fresh : bool
            Train anew what the store holds from the same spec, data and packages.

        Raises
        ------
        OutOfResources
            If the disk is full or memory ran out.
        """
        runner = _Runner(self.folder, store, listener, argv, fresh)
        for row in self.rows:
            seeds = self._seeds or row.seeds or self._common
            try:
                verdict = judged(row, seeds, [_pair(row, seed, runner) for seed in seeds])
            except OutOfResources:
                raise
            except RecsysError as error:
                verdict = stopped(row, seeds, error)
            yield verdict

    def _check(self, row: Row, place: str) -> None:
        ours = self._sound(row, row.spec, place)
        if row.against is not None:
            theirs = self._sound(row, row.against, place)
            for key in ("relevant", "candidates", "users"):
                if getattr(ours.evaluation, key) != getattr(theirs.evaluation, key):
                    raise SpecError(
                        f"differs from {row.against} in evaluation.{key}, so the two have no "
                        "common test set",
                        where=f"{place} ({row.spec})",
                    )

    def _sound(self, row: Row, name: str, place: str) -> ExperimentSpec:
        where = f"{place} ({name})"
        try:
            spec = load(self.folder / name, row.set)
            soundness.check(spec)
        except SpecError as error:
            raise _untyped(error).within(where) from None
        if row.metric not in spec.evaluation.metrics:
            raise SpecError(
                f"does not measure {row.metric}",
                where=where,
                hint=f"its evaluation.metrics are {', '.join(spec.evaluation.metrics)}",
            )
        return spec


class _Runner:
    """Runs each spec once with each seed, be it that it fails; takes what the store has."""

    def __init__(
        self, folder: Path, store: Store, listener: Listener, argv: list[str], fresh: bool
    ) -> None:
        self.folder, self.store, self.listener = folder, store, listener
        self.argv, self.fresh = argv, fresh
        self._found: dict[tuple[str, tuple[str, ...], int], Run | RecsysError] = {}

    def run(self, name: str, settings: Sequence[str], seed: int) -> Run:
        """Return the evaluated run of a spec with a seed."""
        key = (name, tuple(settings), seed)
        if key not in self._found:
            self.listener.note(", ".join([name, *settings, f"seed {seed}"]))
            try:
                self._found[key] = self._run(load(self.folder / name, [*settings, f"seed={seed}"]))
            except OutOfResources:
                raise
            except RecsysError as error:
                self._found[key] = error.within(error.run)
        found = self._found[key]
        if isinstance(found, RecsysError):
            raise found
        return found

    def _run(self, spec: ExperimentSpec) -> Run:
        prepared = experiment.prepare(spec, self.listener)
        run = None
        if not self.fresh:
            now = asdict(Sources.now(spec, prepared.dataset))
            run = self.store.trained(spec.name, spec=spec.fingerprint, **now)
        if run is not None:
            self.listener.note(f"reused {run.id}, trained {run.record['created'][:16]}")
        else:
            run = experiment.train(
                spec, self.store, self.listener, argv=self.argv, prepared=prepared
            )
        if run.metrics is None:
            experiment.evaluate(run, self.listener, prepared=prepared)
        return run


def _pair(row: Row, seed: int, runner: _Runner) -> Pair:
    ours = runner.run(row.spec, row.set, seed)
    if row.against is None:
        return Pair(ours)
    return pair(ours, runner.run(row.against, row.set, seed), row.metric)


def _untyped(error: SpecError) -> SpecError:
    """Return an error that calls the row's settings by their key: nobody typed ``--set``."""
    error.where = error.where and re.sub("^--set ", "set ", error.where)
    error.message = re.sub("^--set ", "set ", error.message, flags=re.MULTILINE)
    return error


def _wanted(row: Row, only: Sequence[str]) -> bool:
    texts = [row.spec, row.metric, *row.set]
    return not only or any(one in text for one in only for text in texts)
