"""ExperimentSpec: what was asked, frozen and complete."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import (
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveInt,
    SerializeAsAny,
    field_validator,
)
from pydantic_core import PydanticCustomError

from recsys_cli.fingerprint import digest
from recsys_cli.loaders._base import LoaderConfig
from recsys_cli.models._base import ModelConfig
from recsys_cli.prepare._base import FilterConfig
from recsys_cli.registry import Config
from recsys_cli.splitters._base import SplitterConfig

_NAME = re.compile(r"(?!latest$)(?!.*-[0-9]+$)[a-z][a-z0-9-]*")


class DatasetSpec(Config):
    """A dataset and what is done to it before splitting."""

    loader: SerializeAsAny[LoaderConfig]
    """The dataset's own parameters; in a spec they stand beside ``name``."""
    prepare: list[SerializeAsAny[FilterConfig]] = []
    """Filters, applied in this order; each prints a receipt."""


class TrainSpec(Config):
    """How training is watched and when it stops."""

    monitor: str | None = None
    """Metric on the validation part, such as ``ndcg@10``, computed as training goes on; its best
    epoch is kept. None trains to the last epoch."""
    every: PositiveInt = 1
    """Epochs between two validations."""
    patience: PositiveInt = 5
    """Validations without an improvement after which training stops."""
    min_delta: NonNegativeFloat = 0.0
    """How much better a value must be to count as an improvement."""
    refit: bool = False
    """Then train again on training + validation part for the best number of epochs."""


class RelevantSpec(Config):
    """Which held-out interactions count as relevant."""

    min_value: float | None = None
    """Smallest value that is relevant; None counts every held-out interaction."""


class EvaluationSpec(Config):
    """What is measured on the test part, and over which users and candidates."""

    metrics: list[str] = Field(default=["ndcg@10", "recall@10"], min_length=1)
    """Metric names with their cutoffs: ``ndcg@10``, ``rmse``."""
    relevant: RelevantSpec = RelevantSpec()
    """Which held-out interactions count as relevant for ranking metrics."""
    candidates: Literal["train", "all"] = "train"
    """``train`` ranks the items that have training interactions; ``all`` adds all others known."""
    users: Literal["all", "warm"] = "all"
    """``warm`` leaves out test users without any known interaction."""


class RecommendSpec(Config):
    """What ``recsys run`` recommends at the end."""

    users: list[str] = []
    """User ids to print recommendations for."""
    k: PositiveInt = 10
    """Items a user."""
    exclude_seen: bool = True
    """Leave out what the user is known to have interacted with."""


class ExperimentSpec(Config):
    """One experiment: dataset, splitter, model, metrics and seed."""

    name: str
    """Name of the experiment; its runs are called ``name-1``, ``name-2``, …"""
    seed: NonNegativeInt = 42
    """Seed of every random choice."""
    dataset: DatasetSpec
    """The data and their preparation."""
    split: SerializeAsAny[SplitterConfig]
    """How interactions are held out."""
    model: SerializeAsAny[ModelConfig]
    """The model and its parameters."""
    train: TrainSpec = TrainSpec()
    """How training is watched and when it stops."""
    evaluation: EvaluationSpec = EvaluationSpec()
    """What is measured on the test part."""
    recommend: RecommendSpec = RecommendSpec()
    """What is recommended at the end of ``recsys run``."""

    @field_validator("name")
    @classmethod
    def _check_name(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise PydanticCustomError(
                "name",
                "must be lower-case letters, digits and hyphens, begin with a letter, "
                "not end in a hyphen and digits, and not be latest",
            )
        return name

    def document(self) -> dict[str, Any]:
        """Return the spec as a YAML file has it, with every default written out."""
        plain = self.model_dump(mode="json")
        dataset = self.dataset
        return plain | {
            "dataset": {
                **dataset.loader.describe(),
                "prepare": [step.describe() for step in dataset.prepare],
            },
            "split": self.split.describe(),
            "model": self.model.describe(),
        }

    @property
    def fingerprint(self) -> str:
        """The sha256 of the complete document, without its name."""
        document = self.document()
        del document["name"]
        return digest(document)
