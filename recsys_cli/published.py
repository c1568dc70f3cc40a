"""A table of published numbers, and the specs that are to reach them, as its YAML file has it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, NonNegativeFloat, model_validator
from pydantic_core import PydanticCustomError

from recsys_cli.registry import Config
from recsys_cli.spec import MetricName


def _distinct(seeds: list[int]) -> list[int]:
    if len(set(seeds)) < len(seeds):
        raise PydanticCustomError("seeds", "must be different seeds")
    return seeds


Seeds = Annotated[
    list[Annotated[int, Field(ge=0, lt=1 << 63)]],
    Field(min_length=1),
    AfterValidator(_distinct),
]


Judge = Literal["tolerance", "not-worse", "better"]


class Published(Config):
    """A number that somebody published."""

    value: float
    """The number."""
    source: str = Field(min_length=1)
    """Who published it, and where."""


class Row(Config):
    """One number that a spec is to reach: a fixed one, or that of another spec."""

    spec: str = Field(min_length=1)
    """Spec file, looked for beside the table."""
    set: list[str] = []
    """Settings laid over the spec, and over the other one, such as ``model.factors=128``."""
    metric: MetricName
    """One of the spec's ``evaluation.metrics``; its direction says what is better."""
    aim: float | None = None
    """Number to reach."""
    against: str | None = Field(None, min_length=1)
    """Instead of ``aim``: spec file whose value with the same seeds is the aim. It must have the
    same test set."""
    judge: Judge = "tolerance"
    """``tolerance`` asks that the mean over the seeds be worse than the aim by no more than that.
    The others need ``against``, and look at the 95% interval of the difference with each seed:
    ``not-worse`` asks that none lie wholly on the worse side of zero, ``better`` that all lie
    wholly on the better side."""
    tolerance: NonNegativeFloat = 0.002
    """How much worse than the aim the mean may be."""
    report: bool = False
    """Show the row, and judge it not."""
    published: list[Published] = []
    """What is known from elsewhere."""
    seeds: Seeds | None = None
    """Seeds of this row; None takes those of the table."""

    @model_validator(mode="after")
    def _check(self) -> Row:
        aims = (self.aim is not None) + (self.against is not None)
        if aims > 1 or (not aims and not self.report):
            raise PydanticCustomError(
                "row", "must have aim or against, one of them, or be a mere report: true"
            )
        if self.judge != "tolerance" and self.against is None:
            raise PydanticCustomError("row", "judge: {judge} needs against", {"judge": self.judge})
        if self.judge != "tolerance" and "tolerance" in self.model_fields_set:
            raise PydanticCustomError(
                "row", "judge: {judge} heeds no tolerance", {"judge": self.judge}
            )
        return self


class Table(Config):
    """Published numbers, and the specs that are to reach them."""

    seeds: Seeds = [1, 2, 3]
    """Seeds to run each spec with; a row's value is the mean over them."""
    rows: list[Row] = Field(min_length=1)
    """One number each."""
