"""One of our models: fit and answer, timed as those of the peers are."""

from __future__ import annotations

from typing import Any

from benchmarks import _ranking, _rating
from benchmarks._data import SEED, Named
from benchmarks._measure import timed
from recsys_cli.models import MODELS
from recsys_cli.seeding import generator


class Predictor:
    """A model of ratings, fitted anew at each turn."""

    measure = "rmse"

    def __init__(self, data: Named, name: str, **parameters: Any) -> None:
        self.model: Any = MODELS.get(name)(**parameters)
        self._split, self._features = data.split, data.features

    def fit(self) -> dict[str, float]:
        """Fit anew and return the seconds."""
        train, features = self._split.train, self._features
        rng = generator(SEED, "model")
        return timed(lambda: self.model.fit(train, features=features, rng=rng))

    def answer(self) -> dict[str, float]:
        """Return the seconds that predicting the held-out ratings takes."""
        test = self._split.test
        return timed(lambda: self.model.predict(test.user_idx, test.item_idx, test.timestamp))

    def quality(self) -> float:
        """Return the RMSE."""
        return _rating.ours(self._split, self.model)


class Ranker(Predictor):
    """A model that ranks."""

    measure = "ndcg@10"

    def answer(self) -> dict[str, float]:
        """Return the seconds that ten unseen items for every user take."""
        users = self._split.test.user_idx
        seen = self._split.train.csr.rows(users)
        return timed(lambda: self.model.recommend(users, 10, exclude=seen))

    def quality(self) -> float:
        """Return ndcg@10."""
        return _ranking.ours(self._split, self.model)
