"""What a dataset loader is: a Config and ``load``."""

from __future__ import annotations

from abc import abstractmethod
from typing import Generic, TypeVar

from recsys_cli.data import Dataset
from recsys_cli.registry import Component, Config


class LoaderConfig(Config):
    """Parameters of a dataset; ``prepare`` is the spec's own and no loader sees it."""


C = TypeVar("C", bound=LoaderConfig)


class Loader(Component[C], Generic[C]):
    """One dataset, or one family of datasets."""

    @abstractmethod
    def load(self) -> Dataset:
        """Return the dataset, parsed from its files (or their cache) or made.

        Raises
        ------
        NotFound
            If a file is absent and cannot be downloaded; the hint says which file to put where.
        DataError
            If a row is malformed; ``where`` is the file and line.
        """
