"""What a metric is. Its name is its definition: ``ndcg@10`` parses, prints and compares by it.

What the entries say of RecBole, implicit, LensKit and RecTools is tested against their own values
(docs/conventions.md), and agreement with ir-measures, and through it trec_eval, is tested too. Of
others it was read in their sources: Elliot 0126926 (evaluation/metrics/), Microsoft Recommenders
(evaluation/python_evaluation.py), Surprise 1.1.5 (accuracy.py), LensKit 0d8cc5a for ``ILS`` and
``entropy``.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from recsys_cli.data import Features, Float32, Float64, SideFeatures
from recsys_cli.errors import SpecError
from recsys_cli.metrics._context import Side
from recsys_cli.metrics._ranked import Ranked
from recsys_cli.registry import Component, Config
from recsys_cli.spelling import nearest
from recsys_cli.visible import quoted


class MetricConfig(Config):
    """Most metrics have no parameters beside the cutoff, which is part of the name."""


class ColumnConfig(MetricConfig):
    """What a metric about the labels of users or items needs to know."""

    column: str = Field(min_length=1)
    """The column of their features, written after a colon: ``exposure-gap:genre@10``."""


class Metric(Component[MetricConfig]):
    """One metric. The docstring states formula, range and edge cases."""

    Config: ClassVar[type[Config]] = MetricConfig
    kind: ClassVar[Literal["ranking", "rating", "catalogue"]]
    higher_is_better: ClassVar[bool] = True
    has_cutoff: ClassVar[bool] = True
    #: Whether :attr:`Ranked.auc` is read, which takes passes over all scores.
    needs_auc: ClassVar[bool] = False
    #: Whether users without a relevant item count, so that values are by row of ``Context.seen``.
    counts_all_users: ClassVar[bool] = False
    #: Whose features are read, if any.
    features_of: ClassVar[Side | None] = None
    #: Smallest and largest value possible; intervals end there.
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)

    @property
    def column(self) -> str | None:
        """The column that the name holds; None for a metric that takes none."""
        return getattr(self.config, "column", None)

    @classmethod
    def takes_column(cls) -> bool:
        """Return whether the name holds a column: ``exposure-gap:genre@10``."""
        return issubclass(cls.Config, ColumnConfig)

    @classmethod
    def example(cls, column: str = "", cutoff: str = "") -> str:
        """Return a name as a spec writes it, with this column and cutoff or with others."""
        name = cls.spec_name()
        if cls.features_of and cls.takes_column():
            name += f":{column or _EXAMPLES[cls.features_of]}"
        return name + (cutoff or "@10" if cls.has_cutoff else "")

    def check(self, features: SideFeatures) -> None:
        """Raise SpecError if the data lack the features that the metric reads."""
        if self.features_of is None:
            return
        found: Features | None = getattr(features, self.features_of)
        labelled: dict[str, Any] = (
            {} if found is None else {**found.categorical, **found.multilabel}
        )
        if found is None or not labelled:
            raise SpecError(
                f"{self.spec_name()} needs labels of the {self.features_of}, such as "
                f"{_EXAMPLES[self.features_of]}, and the data have none",
            )
        if self.column is None:
            return
        if self.column not in labelled:
            raise SpecError(f"{self.spec_name()}: {_no_such(self.column, found, [*labelled])}")
        if not _differs(labelled[self.column]):
            raise SpecError(
                f'{self.spec_name()}: all {self.features_of} with a "{self.column}" have the same, '
                "so there are no groups to compare"
            )

    @abstractmethod
    def definition(self, k: int | None) -> str:
        """Return one sentence that says what the number is; stored beside every value."""


class RankingMetric(Metric):
    """A number for each user, whose mean is the value."""

    kind = "ranking"

    @abstractmethod
    def per_user(self, ranked: Ranked, k: int) -> Float64:
        """Return one value a user, float64 (u,). Without a cutoff, k is 0 and not read.

        Values are finite. NaN leaves a user out of the mean, for whom the metric has no meaning
        whatever the model recommends; the docstring says who that is.
        """


class CatalogueMetric(Metric):
    """One number for all lists together."""

    kind = "catalogue"

    @abstractmethod
    def total(self, ranked: Ranked, k: int) -> float:
        """Return the value over all users."""

    @abstractmethod
    def per_user(self, ranked: Ranked, k: int) -> Float64:
        """Return by how much the value would fall without each user, exactly; float64 (u,)."""

    def jackknife_scale(self, ranked: Ranked, k: int) -> float:
        """Return what the jackknife's standard error is multiplied by, where it is known to be off.

        The jackknife suits what changes little with each user; 1 leaves it alone.
        """
        return 1.0


class RatingMetric(Metric):
    """A loss for each test pair; the value is a function of the mean loss over all pairs."""

    kind = "rating"
    higher_is_better = False
    has_cutoff = False
    bounds = (0.0, np.inf)

    @abstractmethod
    def loss(self, rating: Float32, predicted: Float32) -> Float64:
        """Return the loss of each pair, float64 (n,)."""

    @abstractmethod
    def link(self, mean_loss: Float64) -> Float64:
        """Return the metric's value for a mean loss, elementwise."""

    @abstractmethod
    def unlink(self, value: Float64) -> Float64:
        """Return the mean loss that a value stands for, elementwise."""

    @abstractmethod
    def slope(self, mean_loss: float) -> float:
        """Return the derivative of :meth:`link`; 0 where the loss is 0."""


_EXAMPLES = {"users": "gender", "items": "genre"}


def _differs(column: list[str] | list[tuple[str, ...]]) -> bool:
    """Return whether there are two different labels, looking no further than the second."""
    values = ((value,) if isinstance(value, str) else value for value in column)
    labels = (label for labels in values for label in labels if label)
    first = next(labels, None)
    return any(label != first for label in labels)


def _no_such(column: str, found: Features, known: list[str]) -> str:
    if column in found.numeric:
        return (
            f"{quoted(column)} holds numbers, and groups need labels; there are {', '.join(known)}"
        )
    near = nearest(column, known)
    suggestion = f'did you mean "{near}"?' if near else f"known: {', '.join(known)}"
    return f"no column {quoted(column)}; {suggestion}"
