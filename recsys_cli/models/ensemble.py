"""Several models in one: a weighted blend of their scores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from pydantic import Field, NonNegativeFloat, PositiveInt, model_validator
from pydantic_core import PydanticCustomError

from recsys_cli.data import CSR, Bool, Float32, Float64, Int32, Int64, Interactions, SideFeatures
from recsys_cli.models._base import ModelConfig
from recsys_cli.models._blend import (
    Blend,
    added,
    held_back,
    ranking_weights,
    rating_weights,
    scaling,
    searching_bytes,
    voted,
    voting_bytes,
)
from recsys_cli.models._explanation import Explanation
from recsys_cli.models._nested import ModelBlock, NestedModel
from recsys_cli.models._size import Size


class EnsembleConfig(ModelConfig):
    """Parameters of the ensemble: its models, each with parameters of its own."""

    models: list[ModelBlock] = Field(min_length=2, max_length=16)
    """The models to blend, each a block with its name."""
    blend: Blend | None = None
    """What is added up: the scores as they are (``linear``), less their mean and over their
    deviation in the user's row (``z-score``), or ``1 / (60 + rank)`` (``rank``). None is ``linear``
    where all models predict ratings, and ``z-score`` otherwise."""
    weights: list[NonNegativeFloat] | None = None
    """Weight of each model, in their order; None finds them on interactions held back."""
    validation: float = Field(0.1, gt=0, le=0.5)
    """Share of the training interactions, drawn at random, that is held back to find weights."""
    trials: PositiveInt = 50
    """Weights tried at random, where it is lists that are judged."""

    @model_validator(mode="after")
    def _check(self) -> EnsembleConfig:
        if self.weights is None:
            return self
        if len(self.weights) != len(self.models):
            raise PydanticCustomError("weights", "weights must be as many as models")
        if not sum(self.weights) > 0:
            raise PydanticCustomError("weights", "weights must not all be 0")
        return self


class Ensemble(NestedModel[EnsembleConfig]):
    """Add up the scores of several models, by weights that are given or found on held-back data.

    ``score[u, i] = Σ_m w_m s_m(u, i)``, s_m being the score of model m on the scale of ``blend``.
    Without ``weights``, a random share of the training interactions is held back, the models learn
    from the rest, and w is found. If all predict ratings, and ``blend`` is ``linear``, it has the
    least squared error of ``Σ_m w_m prediction_m`` with ``w_m >= 0``; otherwise it is the best of
    equal weights, each model alone and ``trials`` random points of the simplex, by ndcg@10. Then
    the models learn again, from everything: two fits of each. Data too small to hold any back give
    equal weights. A model to which a user is cold, such as ``content`` where a history has no
    features, adds nothing to that user's scores. Each fit runs for all epochs of its model:
    ``train.monitor`` is refused, so find the ``epochs`` of a model that overfits by a run of its
    own.

    It predicts ratings if all models do and ``blend`` is ``linear``; it explains its scores if all
    models do and ``blend`` is not ``rank``. Models of the same family add little to each other; a
    rating model and a neighbourhood model, or a collaborative one and ``content``, add more. Take
    it when the last bit of accuracy is worth the time of all its models, twice.

    Differences from peers: scikit-learn's stacking finds weights by cross-validation (of five
    parts, so six fits of each model), where one share held back does here.

    References
    ----------
    L. Breiman (1996), "Stacked regressions", Machine Learning 24 (weights at least 0). G. Cormack,
    C. Clarke, S. Büttcher (2009), "Reciprocal rank fusion outperforms Condorcet and individual rank
    learning methods", SIGIR (``rank``, and its 60).

    Attributes
    ----------
    weights_ : ndarray of float64, shape (models,)
    """

    weights_: Float64

    def __init__(self, config: EnsembleConfig | None = None, **parameters: Any) -> None:
        super().__init__(config, **parameters)
        standard: Blend = "linear" if self.predicts_ratings else "z-score"
        self.blend: Blend = self.config.blend or standard
        self.predicts_ratings = self.predicts_ratings and self.blend == "linear"

    def fit_bytes(self, size: Size) -> int:
        """Return what the fits take, or the search for weights beside what they learned."""
        fits = super().fit_bytes(size)
        if self.config.weights is not None:
            return fits
        members = len(self.config.models)
        search = 0 if self.predicts_ratings else searching_bytes(self.blend, members, size)
        held_back = self.pair_bytes * size.pairs
        return held_back + max(fits, self.stored_bytes(size) + search)

    def score_bytes(self, size: Size) -> int:
        """Return what the votes of all members take, and what one takes to score beside them."""
        votes = voting_bytes(self.blend, len(self.config.models), size.block)
        return votes + self._most_to_score(size) - size.block

    def _configs(self) -> dict[str, ModelConfig]:
        return {f"m{at}": config for at, config in enumerate(self.config.models)}

    def _train(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> Iterator[float | None]:
        search, last = rng.spawn(2)
        if self.config.weights is None:
            self.weights_ = self._found(train, features, search)
        else:
            self.weights_ = np.array(self.config.weights, np.float64)
        self.members_ = self._fit_members(train, features, last)
        yield from ()

    def _found(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> Float64:
        """Return the weights that are best on interactions held back."""
        equal = np.full(len(self.config.models), 1 / len(self.config.models))
        held = held_back(train, self.config.validation, rng)
        if not held.any():
            return equal
        known, rest = train.take(~held), train.take(held)
        members = list(self._fit_members(known, features, rng).values())
        if self.predicts_ratings:
            weights = rating_weights(members, rest)
            return weights if weights.any() else equal
        return ranking_weights(members, known, rest, self.blend, self.config.trials, rng)

    def findings(self) -> dict[str, float]:
        """Return the weights that were found, by their models, and what the models found."""
        if self.config.weights is not None:
            return super().findings()
        weights = zip(self._labels().values(), self.weights_.tolist(), strict=True)
        return {f"weight of {label}": weight for label, weight in weights} | super().findings()

    def _score(self, user_idx: Int32) -> Float32:
        parts = [voted(member, user_idx, self.blend) for member in self.members_.values()]
        return added(parts, self.weights_)

    def is_cold(self, user_idx: Int32) -> Bool:
        """Return which users are cold to every model that has a weight."""
        members = zip(self.members_.values(), self.weights_, strict=True)
        cold = [member.is_cold(user_idx) for member, weight in members if weight > 0]
        return np.asarray(np.all(cold, axis=0))

    def predict(self, user_idx: Int32, item_idx: Int32, timestamp: Int64 | None = None) -> Float32:
        """Return the weighted sum of the models' predictions, float32 (n,).

        Raises
        ------
        SpecError
            If the ensemble predicts no ratings.
        """
        if not self.predicts_ratings:
            return super().predict(user_idx, item_idx, timestamp)
        members = self.members_.values()
        parts = [member.predict(user_idx, item_idx, timestamp) for member in members]
        return added(parts, self.weights_)

    def _explains(self) -> bool:
        return self.blend != "rank" and super()._explains()

    def _explain(self, user_idx: int, item_idx: Int32, history: CSR) -> Explanation:
        base = np.zeros(len(item_idx), np.float32)
        parts = np.zeros((len(item_idx), len(history.indices)), np.float32)
        user = np.array([user_idx], np.int32)
        for member, weight in zip(self.members_.values(), self.weights_, strict=True):
            if member.is_cold(user)[0]:
                continue
            scores = member.score(user)
            scale, shift = (float(part[0, 0]) for part in scaling(scores, self.blend))
            found = member.explain(user_idx, item_idx, history)
            base += np.float32(weight) * (found.base * np.float32(scale) + np.float32(shift))
            parts += np.float32(weight * scale) * found.parts
        return Explanation(base, parts)
