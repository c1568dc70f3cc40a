"""One model for users with a short history, another for the rest."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pydantic import PositiveInt

from recsys_cli.data import CSR, Bool, Float32, Float64, Int32, Int64, Interactions, SideFeatures
from recsys_cli.models._base import ModelConfig
from recsys_cli.models._blend import moments
from recsys_cli.models._explanation import Explanation
from recsys_cli.models._nested import ModelBlock, NestedModel


class SwitchConfig(ModelConfig):
    """Parameters of the switch: two models, each with parameters of its own."""

    cold: ModelBlock
    """The model of users with fewer interactions, and of new items if it alone scores them."""
    warm: ModelBlock
    """The model of all other users."""
    threshold: PositiveInt = 5
    """Interactions from which on a user is served by ``warm``."""


class Switch(NestedModel[SwitchConfig]):
    """Serve users with fewer than ``threshold`` interactions by ``cold``, all others by ``warm``.

    Nothing is learned beyond the two models, which both learn from all interactions, for all their
    epochs: ``train.monitor`` is refused, so find the ``epochs`` of each by a run of its own. What
    counts is the user's training history, or the history that is folded in, of it only items with
    training interactions unless one of the models scores new items. A user without any is served by
    ``cold`` as well: by popularity, which ``cold: {name: popular, half_life: 30}`` lets decay. So
    is a user of whose history ``warm`` can make nothing, as ``content`` if it has no features.

    An item without training interactions is scored by ``cold`` for every user, if ``cold`` scores
    new items (``content``) and ``warm`` does not. So that the two kinds of score can stand in one
    list, those of ``cold`` are moved to the mean and the deviation that the user's scores by
    ``warm`` have, each over the items with interactions. Predicted ratings are on one scale as they
    are.

    It predicts ratings if both models do. Take it when one model is best for users of long
    histories and another for the rest, or for new items.

    Differences from peers: they leave such a choice to the code around the library.

    References
    ----------
    R. Burke (2002), "Hybrid recommender systems: survey and experiments", UMUAI 12, section 3.2.
    """

    def _configs(self) -> dict[str, ModelConfig]:
        return {"cold": self.config.cold, "warm": self.config.warm}

    def _train(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> Iterator[float | None]:
        self.members_ = self._fit_members(train, features, rng)
        yield from ()

    def _by_cold(self, user_idx: Int32) -> Bool:
        """Return which users ``cold`` serves."""
        short = self.user_counts_[user_idx] < self.config.threshold
        return np.asarray(short | self.members_["warm"].is_cold(user_idx))

    def is_cold(self, user_idx: Int32) -> Bool:
        """Return which users are cold to the model that serves them."""
        return np.asarray(self._by_cold(user_idx) & self.members_["cold"].is_cold(user_idx))

    @property
    def _new_items(self) -> Bool:
        """Which items ``cold`` scores for all users, bool (n_items,)."""
        cold, warm = self.members_["cold"], self.members_["warm"]
        asked = cold.scores_new_items and not warm.scores_new_items
        return np.asarray((self.item_counts_ == 0) & asked)

    def score(self, user_idx: Int32) -> Float32:
        """Return the score of every item for each user, float32 (b, n_items).

        A user without a history, or not known at all (-1), has the row that ``cold`` gives.
        """
        scores, unknown = self._score(np.maximum(user_idx, 0)), user_idx < 0
        if unknown.any():
            scores[unknown] = self.members_["cold"].score(user_idx[unknown])
        return scores

    def _score(self, user_idx: Int32) -> Float32:
        cold, new = self._by_cold(user_idx), self._new_items
        scores = np.empty((len(user_idx), len(new)), np.float32)
        scores[cold] = self.members_["cold"].score(user_idx[cold])
        scores[~cold] = self.members_["warm"].score(user_idx[~cold])
        if new.any() and not cold.all():
            found = self.members_["cold"].score(user_idx[~cold])
            scale, shift = self._scaling(found, scores[~cold], ~new)
            scores[np.ix_(~cold, new)] = (found * scale + shift)[:, new]
        return scores

    def _scaling(self, scores: Float32, like: Float32, over: Bool) -> tuple[Float64, Float64]:
        """Return the factor and the summand, both (b, 1), that bring ``scores`` to ``like``."""
        if self.predicts_ratings:
            return np.ones((len(scores), 1)), np.zeros((len(scores), 1))
        (own, spread), (mean, deviation) = moments(scores, over), moments(like, over)
        scale = np.divide(deviation, spread, out=np.zeros_like(spread), where=spread > 0)
        return scale, mean - own * scale

    def predict(self, user_idx: Int32, item_idx: Int32, timestamp: Int64 | None = None) -> Float32:
        """Return the rating that the pair's model predicts, float32 (n,).

        Raises
        ------
        SpecError
            If one of the models predicts no ratings.
        """
        if not self.predicts_ratings:
            return super().predict(user_idx, item_idx, timestamp)
        cold = self._by_cold(user_idx) | self._new_items[item_idx]
        rating = np.empty(len(user_idx), np.float32)
        for name, rows in (("cold", cold), ("warm", ~cold)):
            when = None if timestamp is None else timestamp[rows]
            rating[rows] = self.members_[name].predict(user_idx[rows], item_idx[rows], when)
        return rating

    def _explain(self, user_idx: int, item_idx: Int32, history: CSR) -> Explanation:
        cold, warm = self.members_["cold"], self.members_["warm"]
        user, new = np.array([user_idx], np.int32), self._new_items
        if self._by_cold(user)[0]:
            found: Explanation = cold.explain(user_idx, item_idx, history)
            return found
        base, parts = warm.explain(user_idx, item_idx, history)
        if not new[item_idx].any():
            return Explanation(base, parts)
        other = cold.explain(user_idx, item_idx, history)
        scale, shift = self._scaling(cold.score(user), warm.score(user), ~new)
        moved = new[item_idx]
        base[moved] = other.base[moved] * scale[0, 0] + shift[0, 0]
        parts[moved] = other.parts[moved] * scale[0, 0]
        return Explanation(base, parts)
