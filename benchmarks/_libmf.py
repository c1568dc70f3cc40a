"""Libmf's factorisation of ratings, built with vector instructions in an environment of its own."""

from __future__ import annotations

from typing import Any, Self

from benchmarks._environment import Apart, Environment
from benchmarks._rating import clipped, halves
from recsys_cli.data import Split

#: Its own makefile's for a processor with AVX; the package is built without them otherwise.
FLAGS = "-O3 -march=native -DUSEAVX -DUSEOMP -fopenmp"
LIBMF = Environment("libmf", ("libmf", "numpy"), FLAGS)


class LibMF:
    """The peer by its Python interface, with libmf's names for settings; a ``with`` block ends it.

    It learns a dot product and no biases, with a step size for each row that shrinks as it learns.
    """

    def __init__(self, split: Split, **settings: Any) -> None:
        self._split, self._settings = split, settings
        self._apart = Apart(LIBMF, **halves(split))
        n = settings["nr_threads"]
        self.versus = f"{LIBMF.version} ({FLAGS}), {n} thread{'s' if n > 1 else ''}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._apart.close()

    def fit(self) -> dict[str, float]:
        """Fit anew and return the seconds, and the MB at the peak."""
        return self._apart.fit(**self._settings)

    def quality(self) -> float:
        """Return the RMSE of the last fit."""
        return clipped(self._split, self._apart.learned["predicted"])
