"""A dataset with parameters of every kind, registered as third parties register theirs."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, PositiveInt

from recsys_cli.data import Dataset
from recsys_cli.loaders._base import Loader, LoaderConfig
from recsys_cli.registry import Config


class ToyColumns(Config):
    """Columns of the toy."""

    user: str | int = "user"
    """Name or number of the column of users."""
    value: str | None = None
    """Name of the column of values."""


class ToyConfig(LoaderConfig):
    """Parameters of the toy."""

    path: Path
    """The file."""
    kind: Literal["csv", "tsv"] = "csv"
    """Which kind
    of file."""
    scale: tuple[float, float] | None = None
    """Smallest and largest value."""
    rows: PositiveInt = 10
    """Rows at most."""
    noise: float = Field(0.5, ge=0, lt=1)
    """Share of noise."""
    columns: ToyColumns = ToyColumns()
    """Columns of the file."""
    others: list[ToyColumns] = []
    """Further columns."""


class Toy(Loader[ToyConfig]):
    """A dataset that exists for these tests."""

    def load(self) -> Dataset:
        raise NotImplementedError
