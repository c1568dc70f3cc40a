"""The same list for everyone: items by how many training interactions they have."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from recsys_cli.data import CSR, Float32, Int32, Interactions, SideFeatures
from recsys_cli.models._base import Model, ModelConfig


class PopularConfig(ModelConfig):
    """Popularity has no parameters."""


class Popular(Model[PopularConfig]):
    """Rank items by their number of training interactions; the baseline to beat.

    Nothing is optimised: ``score[u, i] = item_counts[i]``, whatever the values. Personalisation
    comes only from leaving out what a user has seen. Every other model serves a user without
    training interactions by this same order.

    References
    ----------
    P. Cremonesi, Y. Koren, R. Turrin (2010), "Performance of recommender algorithms on top-N
    recommendation tasks", RecSys, section 3 (TopPop).
    """

    feedback = "implicit"

    def _train(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> Iterator[float | None]:
        yield from ()

    def _score(self, user_idx: Int32) -> Float32:
        return np.tile(self.item_counts_.astype(np.float32), (len(user_idx), 1))

    def _fold_in(self, history: CSR) -> None:
        """Nothing is learned of users."""
