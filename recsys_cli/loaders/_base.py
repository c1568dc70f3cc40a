"""What a dataset loader is: a Config, ``load``, and ``fetch`` where there is a download."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from recsys_cli.data import Dataset
from recsys_cli.registry import Component, Config

#: Told each sentence that a person should read: the licence, what is downloaded, where it lies.
Notify = Callable[[str], None]
#: Told the bytes received so far and the bytes in all (0 where the server does not say).
Progress = Callable[[int, int], None]


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

    def fetch(self, notify: Notify, progress: Progress | None = None) -> Path | None:
        """Make sure that the source files are there, downloading them if need be.

        Parameters
        ----------
        notify : callable
            Told what a person should read, the licence before anything is downloaded.
        progress : callable, optional
            Told bytes received and bytes in all, many times a second.

        Returns
        -------
        Path or None
            The folder that holds the files; None for data that have none.

        Raises
        ------
        NotFound
            If a file is absent and cannot be downloaded; the hint says which file to put where.
        """
        return None

    @property
    def at_hand(self) -> bool:
        """Whether :meth:`load` needs no download and finds its files."""
        return True

    @property
    def load_bytes(self) -> int:
        """About how many bytes :meth:`load` holds at its peak."""
        return 0

    @property
    def hindsight(self) -> str | None:
        """What its features are made from, where interactions that may be tested are part of it.

        A clause for the audit of leakage, or None where no feature follows from interactions.
        """
        return None
