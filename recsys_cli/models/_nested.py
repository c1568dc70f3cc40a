"""Models made of other models, which they train, keep and save under a name each."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Annotated, Any, Generic, Literal, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from recsys_cli.data import CSR, Int32, Interactions, SideFeatures
from recsys_cli.models import MODELS
from recsys_cli.models._base import Model, ModelConfig
from recsys_cli.models._explanation import Explanation
from recsys_cli.models._size import Size
from recsys_cli.registry import Named

#: A field of a config that holds the block of another model.
ModelBlock = Annotated[ModelConfig, Named(MODELS)]
C = TypeVar("C", bound=ModelConfig)
#: What every member has in common with the whole, and so is saved once.
_SHARED = ("user_counts", "item_counts")


class NestedModel(Model[C], Generic[C]):
    """A model whose members are models; all learn from the same interactions.

    What it predicts, heeds and so on follows from the members that the config names. They train
    for all their epochs: nothing is monitored, so none is stopped early or set back to its best.

    The arrays of a member are saved under its name: ``cold_user_factors``.

    Attributes
    ----------
    members_ : dict of str to Model
        By name. A name holds no underscore and is neither ``user`` nor ``item``.
    """

    feedback: Literal["explicit", "implicit"] = "implicit"

    members_: dict[str, Any]

    def __init__(self, config: C | None = None, **parameters: Any) -> None:
        super().__init__(config, **parameters)
        members = self._create().values()
        self.predicts_ratings = all(member.predicts_ratings for member in members)
        if self.predicts_ratings:
            self.feedback = "explicit"
        self.scores_new_items = any(member.scores_new_items for member in members)
        self.deterministic = all(member.deterministic for member in members)
        self.uses_weights = all(member.uses_weights for member in members)

    def stored_bytes(self, size: Size) -> int:
        """Return what the members take together."""
        return sum(member.stored_bytes(size) for member in self._create().values())

    def fit_bytes(self, size: Size) -> int:
        """Return what the members take, and what the fit of one takes beside itself at most."""
        members = self._create().values()
        beside = [member.fit_bytes(size) - member.stored_bytes(size) for member in members]
        return self.stored_bytes(size) + max(beside)

    def score_bytes(self, size: Size) -> int:
        """Return what the scores of members and of the whole take, and what it takes to score."""
        return size.block + self._most_to_score(size)

    def _most_to_score(self, size: Size) -> int:
        """Return what one member takes at most to score, all its scores at once."""
        return max(size.block, *(member.score_bytes(size) for member in self._create().values()))

    def fold_bytes(self, size: Size) -> int:
        """Return what folding users into all members takes together."""
        return sum(member.fold_bytes(size) for member in self._create().values())

    @abstractmethod
    def _configs(self) -> dict[str, ModelConfig]:
        """Return the config of each member by its name."""

    def _create(self) -> dict[str, Model[Any]]:
        return {name: MODELS.create(config) for name, config in self._configs().items()}

    def _fit_members(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> dict[str, Model[Any]]:
        """Return all members fitted, each with randomness of its own."""
        members = self._create()
        streams = rng.spawn(len(members))
        return {
            name: member.fit(train, features=features, rng=stream)
            for (name, member), stream in zip(members.items(), streams, strict=True)
        }

    def findings(self) -> dict[str, float]:
        """Return what the fits of the members found, by the member's label and what it is."""
        labels = self._labels()
        return {
            f"{labels[name]}: {what}": value
            for name, member in self.members_.items()
            for what, value in member.findings().items()
        }

    def _labels(self) -> dict[str, str]:
        """Return what to call each member: its model, numbered where several are the same."""
        configs = self._configs()
        models = [config.component_name() for config in configs.values()]
        return {
            name: model if models.count(model) == 1 else f"{model} {models[:at].count(model) + 1}"
            for at, (name, model) in enumerate(zip(configs, models, strict=True))
        }

    def _fold_in(self, history: CSR) -> None:
        self.members_ = {name: member.fold_in(history) for name, member in self.members_.items()}

    @property
    def explain(self) -> Callable[[int, Int32, CSR], Explanation]:
        """``explain(user_idx, item_idx, history)``, absent where what it is made of cannot."""
        if not self._explains():
            raise AttributeError("explain")
        return self._explain

    def _explains(self) -> bool:
        members = vars(self).get("members_", {}).values()
        return all(hasattr(member, "explain") for member in members)

    @abstractmethod
    def _explain(self, user_idx: int, item_idx: Int32, history: CSR) -> Explanation:
        """Return what each item of the history adds, from the explanations of members."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return every learned array by name, those of members with the member's name before."""
        own = super().arrays()
        for name, member in vars(self).get("members_", {}).items():
            inner = member.arrays().items()
            own |= {f"{name}_{key}": array for key, array in inner if key not in _SHARED}
        return own

    @classmethod
    def from_arrays(cls, config: C, arrays: dict[str, NDArray[Any]]) -> Self:
        """Return the fitted model that :meth:`arrays` came from.

        Raises
        ------
        DamagedRun
            As in the base class, for the model and for each member.
        """
        members = cls(config)._create()
        parts: dict[str, dict[str, NDArray[Any]]] = {name: {} for name in members}
        own: dict[str, NDArray[Any]] = {}
        for key, array in arrays.items():
            name, _, rest = key.partition("_")
            if name in parts:
                parts[name][rest] = array
            else:
                own[key] = array
        model = super().from_arrays(config, own)
        shared = {key: own[key] for key in _SHARED}
        model.members_ = {
            name: type(member).from_arrays(member.config, parts[name] | shared)
            for name, member in members.items()
        }
        return model
