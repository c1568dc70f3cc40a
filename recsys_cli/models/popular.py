"""The same list for everyone: items by how many training interactions they have."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pydantic import Field

from recsys_cli.data import CSR, Float32, Float64, Int32, Interactions, SideFeatures
from recsys_cli.errors import DataError
from recsys_cli.models._base import Model, ModelConfig

_DAY = 86_400


class PopularConfig(ModelConfig):
    """Parameters of popularity."""

    half_life: float | None = Field(None, ge=0.001)
    """Days after which an interaction counts half, back from the last one in training; None counts
    all alike."""


class Popular(Model[PopularConfig]):
    """Rank items by their number of training interactions; the baseline to beat.

    Nothing is optimised: ``score[u, i]`` is the sum over the item's training interactions, whatever
    their values, of ``0.5 ** (age / half_life)``, with ``age`` the days before the last one of all;
    without ``half_life`` it is their number. Personalisation comes only from leaving out what a
    user has seen. Every other model serves a user without training interactions by the plain
    number; this one by its own score. Take it as the baseline that a model that ranks has to beat.

    Differences from peers: the popularity of RecBole and LensKit knows no decay.

    References
    ----------
    P. Cremonesi, Y. Koren, R. Turrin (2010), "Performance of recommender algorithms on top-N
    recommendation tasks", RecSys, section 3 (TopPop). Y. Ji, A. Sun, J. Zhang, C. Li (2020), "A
    re-visit of the popularity baseline in recommender systems", SIGIR (decay by time).
    """

    feedback = "implicit"

    item_scores_: Float32

    def _train(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> Iterator[float | None]:
        counts = np.bincount(train.item_idx, self._worth(train), train.n_items)
        self.item_scores_ = counts.astype(np.float32)
        yield from ()

    def _worth(self, train: Interactions) -> Float64 | None:
        """Return what each interaction counts; None where all count 1."""
        if self.config.half_life is None:
            return None
        if train.timestamp is None:
            raise DataError(
                "popularity that decays needs timestamps and the data have none",
                hint="name their time column, or leave model.half_life out",
            )
        days = (train.timestamp.max() - train.timestamp) / _DAY
        return np.asarray(0.5 ** (days / self.config.half_life))

    def score(self, user_idx: Int32) -> Float32:
        """Return the score of every item, the same for each user, float32 (b, n_items)."""
        return self._score(user_idx)

    def _score(self, user_idx: Int32) -> Float32:
        return np.tile(self.item_scores_, (len(user_idx), 1))

    def _fold_in(self, history: CSR) -> None:
        """Nothing is learned of users."""
