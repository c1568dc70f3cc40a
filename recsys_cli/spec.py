"""ExperimentSpec: what was asked, frozen and complete."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
    NonNegativeFloat,
    PositiveInt,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from recsys_cli.errors import RecsysError
from recsys_cli.fingerprint import digest
from recsys_cli.loaders import LOADERS
from recsys_cli.loaders._base import LoaderConfig
from recsys_cli.models import MODELS
from recsys_cli.models._base import ModelConfig
from recsys_cli.prepare import FILTERS
from recsys_cli.prepare._base import FilterConfig
from recsys_cli.registry import Config, Named, refusal
from recsys_cli.search import RangeSpec, grid_size
from recsys_cli.shortlists import Candidates
from recsys_cli.splitters import SPLITTERS
from recsys_cli.splitters._base import SplitterConfig

_NAME = re.compile(r"(?!latest$)(?!.*-[0-9]+$)[a-z][a-z0-9-]{0,63}")
#: More points than anybody will try.
_GRID = 10_000
#: As many steps as a file may nest, for nothing lies deeper.
_SEARCHED = re.compile(r"(dataset|model|train)(\.[^.\s=]+){1,63}")


def _metric(name: str) -> str:
    from recsys_cli.metrics import parse

    try:
        parse(name)
    except RecsysError as error:
        raise refusal(error) from None
    return name


Seed = Annotated[int, Field(ge=0, lt=1 << 63)]
MetricName = Annotated[str, AfterValidator(_metric)]


class DatasetSpec(Config):
    """A dataset and what is done to it before splitting."""

    loader: Annotated[LoaderConfig, Named(LOADERS)]
    """The dataset's own parameters; in a spec they stand beside ``name``."""
    prepare: list[Annotated[FilterConfig, Named(FILTERS)]] = []
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


class PropensitySpec(Config):
    """How likely each pair was to be held out: what metrics named ips and snips weigh by."""

    source: Literal["popularity", "weights"] = "popularity"
    """``popularity``: a user's held-out items were drawn in proportion to (training interactions
    + 1) ** power. ``weights``: the weight of each held-out row is 1 / its propensity, up to a
    factor, as ``propensity`` of delimited and ``propensities`` of coat make it."""
    power: float = Field(default=1.0, ge=0, le=2)
    """With ``popularity``: 1 takes all popularity for exposure, 0 draws all items alike."""
    clip: float = Field(default=0.1, ge=0, le=1)
    """Smallest propensity, as a share of that in a draw where all items are alike: no pair weighs
    more than 1 / clip times what it would weigh then. 0 clips none."""


class EvaluationSpec(Config):
    """What is measured on the test part, and over which users and candidates."""

    metrics: list[MetricName] = Field(
        default=["ndcg@10", "recall@10"], min_length=1, max_length=1000
    )
    """Metric names with their cutoffs: ``ndcg@10``, ``rmse``."""
    relevant: RelevantSpec = RelevantSpec()
    """Which held-out interactions count as relevant for ranking metrics."""
    candidates: Candidates = "train"
    """``train`` ranks the items that have training interactions; ``all`` adds all others known.
    ``{file: …}`` and ``{sampled: 100}`` rank the relevant items in short lists of the former."""
    users: Literal["all", "warm"] = "all"
    """``warm`` leaves out test users without any known interaction."""
    propensity: PropensitySpec = PropensitySpec()
    """How likely each pair was to be held out, for metrics such as ``ips-dcg@10``."""
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


def _searched(key: str) -> str:
    if not _SEARCHED.fullmatch(key):
        raise PydanticCustomError(
            "searched", "must be a key within dataset, model or train, such as model.factors"
        )
    return key


class SearchSpec(Config):
    """What ``recsys tune`` searches; every other command leaves it alone."""

    metric: MetricName
    """Metric on the validation part by which trials are ranked, such as ``ndcg@10``. It also picks
    the best epoch, unless the spec itself sets ``train.monitor`` (be it to null) or the model only
    averages (``bayesian-mf``)."""
    space: dict[Annotated[str, AfterValidator(_searched)], RangeSpec] = Field(min_length=1)
    """A range for each searched key: ``model.reg: {log: [0.001, 1]}``. A range is ``choice`` (of
    the values listed), ``int``, ``float``, ``log`` or ``log_int`` (between two ends)."""
    method: Literal["random", "grid", "tpe"] = "random"
    """How points are chosen. ``random``: with equal chances. ``grid``: every point of choices and
    whole numbers once, in a seeded order. ``tpe``: eight at random, then by a tree-structured
    Parzen estimator near what did well (Bergstra et al. 2011); needs the extra ``tune``."""
    trials: PositiveInt = 20
    """Points of the space to try."""
    prune: bool = False
    """Stop a trial early that is worse, after as many epochs or folds, than the median of earlier
    ones. Saves time where models stop between epochs or trials have several folds."""
    folds: PositiveInt | None = None
    """How many folds, from the first, a trial trains on; its value is their mean. None: all. More
    than the split has are refused."""

    @model_validator(mode="after")
    def _check(self) -> SearchSpec:
        if self.method != "grid":
            return self
        points = grid_size(self.space)
        if points is None:
            raise PydanticCustomError(
                "grid", "a grid is made of choice and int ranges: list the values of all others"
            )
        if points > _GRID:
            raise PydanticCustomError(
                "grid", f"the grid has {points:,} points, and {_GRID:,} is the most: narrow it"
            )
        return self


class ExperimentSpec(Config):
    """One experiment: dataset, splitter, model, metrics and seed."""

    name: str
    """Name of the experiment; its runs are called ``name-1``, ``name-2``, …"""
    seed: Seed = 42
    """Seed of every random choice."""
    seeds: list[Seed] | None = Field(None, min_length=2)
    """Repeat the experiment, split and model, with each of these seeds as if they were folds:
    ``seed-1``, ``seed-2`` … The preparation of the data keeps ``seed``, so all have the same data.
    None does it once, with ``seed``."""
    dataset: DatasetSpec
    """The data and their preparation."""
    split: Annotated[SplitterConfig, Named(SPLITTERS)]
    """How interactions are held out."""
    model: Annotated[ModelConfig, Named(MODELS)]
    """The model and its parameters."""
    train: TrainSpec = TrainSpec()
    """How training is watched and when it stops."""
    evaluation: EvaluationSpec = EvaluationSpec()
    """What is measured on the test part."""
    recommend: RecommendSpec = RecommendSpec()
    """What is recommended at the end of ``recsys run``."""
    search: SearchSpec | None = None
    """What ``recsys tune`` searches, from this spec on."""

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

    @field_validator("seeds")
    @classmethod
    def _check_seeds(cls, seeds: list[int] | None) -> list[int] | None:
        if seeds is not None and len(set(seeds)) < len(seeds):
            raise PydanticCustomError("seeds", "must differ from each other")
        return seeds

    def document(self) -> dict[str, Any]:
        """Return the spec as a YAML file has it, with every default written out.

        ``ExperimentSpec.model_validate`` takes the same document.
        """
        plain = self.model_dump(mode="json")
        if self.search is None:
            del plain["search"]
        dataset = plain["dataset"]
        return plain | {"dataset": {**dataset["loader"], "prepare": dataset["prepare"]}}

    @property
    def fingerprint(self) -> str:
        """The sha256 of the complete document, without what changes no result.

        That is its name, what to search, ``seeds`` where there are none, ``propensity`` as it is by
        default, and ``strict_time``, which refuses a split or leaves it as it is.
        """
        document = self.document()
        split = {k: v for k, v in document["split"].items() if k != "strict_time"}
        if self.evaluation.propensity == PropensitySpec():
            del document["evaluation"]["propensity"]
        kept = {k: v for k, v in document.items() if k not in ("name", "search")}
        if self.seeds is None:
            del kept["seeds"]
        return digest(kept | {"split": split})
