"""Surprise and implicit by their public interfaces: fit and answer, timed."""

from __future__ import annotations

import copy
import importlib
import warnings
from typing import Any

from benchmarks import _ranking, _rating
from benchmarks._data import matrix
from benchmarks._measure import timed
from recsys_cli import threads
from recsys_cli.data import Split
from recsys_cli.models._als import strengths


class Surprise:
    """An algorithm of surprise; its training set and questions are built beforehand, untimed."""

    def __init__(self, split: Split, name: str, **settings: Any) -> None:
        import pandas as pd
        from surprise import Dataset, Reader

        train = split.train
        columns = {"user": train.user_idx, "item": train.item_idx, "rating": train.value}
        data = Dataset.load_from_df(pd.DataFrame(columns), Reader(rating_scale=(1, 5)))
        self._data, self._asked = data, _rating.asked(split)
        self._train = data.build_full_trainset()
        self._split, self._name, self._settings = split, name, settings
        self.versus = f"surprise {name}, 1 thread"

    def fit(self) -> dict[str, float]:
        """Fit anew and return the seconds."""
        self._create()
        return timed(lambda: self.model.fit(self._train))

    def _create(self) -> None:
        import surprise

        self.model = getattr(surprise, self._name)(**self._settings)

    def answer(self) -> dict[str, float]:
        """Return the seconds that predicting the held-out ratings takes."""
        return timed(lambda: self.model.test(self._asked))

    def quality(self) -> float:
        """Return the RMSE."""
        return _rating.surprise(self._split, self.model)


class SurpriseFromTable(Surprise):
    """The same with the making of the training set in the time of a fit."""

    def fit(self) -> dict[str, float]:
        """Fit anew and return the seconds."""
        self._create()
        return timed(lambda: self.model.fit(self._data.build_full_trainset()))


class Implicit:
    """A model of implicit; values become ``1 + confidence * value`` if it is given."""

    def __init__(
        self, split: Split, name: str, confidence: float | None = None, **settings: Any
    ) -> None:
        module, _, self._name = name.rpartition(".")
        self._module = importlib.import_module(f"implicit.{module}")
        self._split, values = split, split.train.csr
        self._settings = {"num_threads": threads.count(), **settings}
        n = self._settings["num_threads"]
        self.versus = f"implicit {self._name}, {n} thread{'s' if n > 1 else ''}, BLAS 1"
        if confidence is not None:
            values = strengths(values, confidence)
            values = values._replace(data=values.data + 1)
        self._values = matrix(values)

    def fit(self) -> dict[str, float]:
        """Fit anew and return the seconds."""
        with threads.single_blas(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a matrix that the library itself made
            # Copied, as a generator of random numbers would go on where the last fit left it.
            settings = copy.deepcopy(self._settings)
            self.model = getattr(self._module, self._name)(**settings)
            return timed(lambda: self.model.fit(self._values, show_progress=False))

    def answer(self) -> dict[str, float]:
        """Return the seconds that ten unseen items for every user take."""
        users = self._split.test.user_idx
        with threads.single_blas():
            return timed(lambda: self.model.recommend(users, self._values[users], N=10))

    def quality(self) -> float:
        """Return ndcg@10."""
        return _ranking.implicit(self._split, self.model, self._values)
