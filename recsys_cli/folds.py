"""The folds of a spec: those of its splitter, for each of its seeds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from recsys_cli.data import Dataset, Split
from recsys_cli.seeding import generator
from recsys_cli.spec import ExperimentSpec
from recsys_cli.splitters import SPLITTERS


def folds_of(spec: ExperimentSpec, dataset: Dataset) -> Iterator[Split]:
    """Yield the splits of a spec: of its ``seed``, or of each of its ``seeds`` in turn.

    Those of several seeds are called ``seed-1``, or ``seed-1-fold-2`` where the splitter has folds
    of its own. Under each seed they are what they would be if ``seed`` were it.

    Raises
    ------
    DataError
        If the data cannot be split so.
    """
    if spec.seeds is None:
        yield from _drawn(spec, dataset, spec.seed)
        return
    for seed in spec.seeds:
        for split in _drawn(spec, dataset, seed):
            name = f"seed-{seed}" if split.alone else f"seed-{seed}-fold-{split.fold}"
            yield replace(split, fold=name, seed=seed, origin=split.fold, alone=False)
            del split  # before the next is made


def _drawn(spec: ExperimentSpec, dataset: Dataset, seed: int) -> Iterator[Split]:
    return SPLITTERS.create(spec.split).split(dataset, generator(seed, "split"))
