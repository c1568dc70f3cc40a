"""ExperimentSpec: what was asked, frozen and complete."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    NonNegativeFloat,
    PositiveInt,
    SerializeAsAny,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from recsys_cli.errors import NotFound, RecsysError
from recsys_cli.fingerprint import digest
from recsys_cli.loaders import LOADERS
from recsys_cli.loaders._base import LoaderConfig
from recsys_cli.models import MODELS
from recsys_cli.models._base import ModelConfig
from recsys_cli.prepare import FILTERS
from recsys_cli.prepare._base import FilterConfig
from recsys_cli.registry import Config, Registry
from recsys_cli.splitters import SPLITTERS
from recsys_cli.splitters._base import SplitterConfig

_NAME = re.compile(r"(?!latest$)(?!.*-[0-9]+$)[a-z][a-z0-9-]{0,63}")


#: The blocks that name a component, by the keys that lead to them.
COMPONENTS: dict[tuple[str, ...], Registry[Any]] = {
    ("dataset",): LOADERS,
    ("dataset", "prepare"): FILTERS,
    ("split",): SPLITTERS,
    ("model",): MODELS,
}


def _component(*keys: str) -> BeforeValidator:
    """Return the validator that turns ``{name: …, parameters}`` into that component's Config."""

    def validate(block: Any) -> Any:
        if not isinstance(block, dict):
            return block
        config = _config(COMPONENTS[keys], block)
        # As JSON: a list may be a tuple and a string a path, as in what ``document`` writes.
        return config.model_validate_json(
            json.dumps({key: value for key, value in block.items() if key != "name"})
        )

    return BeforeValidator(validate)


def _config(registry: Registry[Any], block: dict[str, Any]) -> type[Config]:
    problem: str | PydanticCustomError
    if "name" not in block:
        problem = "missing"
    elif not isinstance(block["name"], str):
        problem = "string_type"
    else:
        try:
            config: type[Config] = registry.get(block["name"]).Config
            return config
        except NotFound as error:
            problem = _custom(error)
    details = InitErrorDetails(type=problem, loc=("name",), input=block.get("name"))
    raise ValidationError.from_exception_data(registry.noun, [details])


def _custom(error: RecsysError) -> PydanticCustomError:
    return PydanticCustomError("recsys", "{message}", {"message": error.message})


def _metric(name: str) -> str:
    from recsys_cli.metrics import parse

    try:
        parse(name)
    except RecsysError as error:
        raise _custom(error) from None
    return name


MetricName = Annotated[str, AfterValidator(_metric)]


class DatasetSpec(Config):
    """A dataset and what is done to it before splitting."""

    loader: Annotated[SerializeAsAny[LoaderConfig], _component("dataset")]
    """The dataset's own parameters; in a spec they stand beside ``name``."""
    prepare: list[Annotated[SerializeAsAny[FilterConfig], _component("dataset", "prepare")]] = []
    """Filters, applied in this order; each prints a receipt."""

    @model_validator(mode="before")
    @classmethod
    def _part(cls, block: Any) -> Any:
        if not isinstance(block, dict) or isinstance(block.get("loader"), Config):
            return block
        loader = {key: value for key, value in block.items() if key != "prepare"}
        prepare = {"prepare": block["prepare"]} if "prepare" in block else {}
        return {"loader": loader, **prepare}


class TrainSpec(Config):
    """How training is watched and when it stops."""

    monitor: MetricName | None = None
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

    metrics: list[MetricName] = Field(default=["ndcg@10", "recall@10"], min_length=1)
    """Metric names with their cutoffs: ``ndcg@10``, ``rmse``."""
    relevant: RelevantSpec = RelevantSpec()
    """Which held-out interactions count as relevant for ranking metrics."""
    candidates: Literal["train", "all"] = "train"
    """``train`` ranks the items that have training interactions; ``all`` adds all others known."""
    users: Literal["all", "warm"] = "all"
    """``warm`` leaves out test users without any known interaction."""
    save_lists: bool = False
    """Keep every evaluated user's recommendations in the run folder."""


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
    seed: int = Field(42, ge=0, lt=1 << 63)
    """Seed of every random choice."""
    dataset: DatasetSpec
    """The data and their preparation."""
    split: Annotated[SerializeAsAny[SplitterConfig], _component("split")]
    """How interactions are held out."""
    model: Annotated[SerializeAsAny[ModelConfig], _component("model")]
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
                "must be lower-case letters, digits and hyphens (64 at most), begin with a letter, "
                "not end in a hyphen and digits, and not be latest",
            )
        return name

    def document(self) -> dict[str, Any]:
        """Return the spec as a YAML file has it, with every default written out.

        ``ExperimentSpec.model_validate`` takes the same document.
        """
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
