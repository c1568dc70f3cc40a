"""Your own files: CSV, TSV or any other separator, gz-compressed or not, and Parquet."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, NonNegativeInt, model_validator
from pydantic_core import PydanticCustomError

from recsys_cli.data import Dataset, DatasetInfo
from recsys_cli.errors import DataError, NotFound
from recsys_cli.loaders._base import Loader, LoaderConfig, Notify, Progress
from recsys_cli.loaders._build import build
from recsys_cli.loaders._cache import bytes_to_load, cached
from recsys_cli.loaders._catalogue import Catalogue, Described, read_catalogue
from recsys_cli.loaders._home import locate
from recsys_cli.loaders._kind import is_parquet, refuse_packed, unpacked_suffix
from recsys_cli.loaders._parquet import ParquetFile, read_parquet
from recsys_cli.loaders._parquet_side import ParquetSide
from recsys_cli.loaders._read_text import read_text
from recsys_cli.loaders._rows import Columns, Report, Rows, concatenate, inverse_weights
from recsys_cli.loaders._text import TextFile
from recsys_cli.registry import Config

Column = Annotated[str, Field(min_length=1)] | NonNegativeInt
Separator = Annotated[str, Field(min_length=1, max_length=8, pattern=r'^[^"\r\nA-Za-z0-9.+-]+$')]
Encoding = Literal["utf-8", "latin-1"]
_SEPARATORS = {".csv": ",", ".tsv": "\t", ".tab": "\t", ".txt": "\t"}


class SideFile(Config):
    """A file that describes the items or the users, one row each."""

    path: str = Field(min_length=1)
    """The file, looked for as the interactions are; its separator follows from its suffix."""
    separator: Separator | None = None
    """What separates fields, where the suffix does not say or misleads."""
    header: bool | None = None
    """Whether the first line names the columns; null: if a column below is given by name."""
    encoding: Encoding = "utf-8"
    """How the file encodes text."""
    id: Column = "id"
    """Column of ids, by name or by number from 0."""
    title: Column | None = None
    """Column of titles."""
    categorical: list[Column] = []
    """Columns that hold one category each."""
    multilabel: list[Column] = []
    """Columns that hold any number of labels."""
    label_separator: str = Field(default="|", min_length=1)
    """What separates labels within a field."""
    numeric: list[Column] = []
    """Columns that hold a number; empty where it is unknown."""
    text: list[Column] = []
    """Columns of text, each word of which is a label, whatever its case: ``title word=night``."""

    @property
    def columns(self) -> list[str | int | None]:
        """All columns that are asked for."""
        described = [*self.categorical, *self.multilabel, *self.numeric, *self.text]
        return [self.id, self.title, *described]


class Fold(Config):
    """One division that comes with the data, as two files."""

    train: str = Field(min_length=1)
    """File of the rows that train."""
    test: str = Field(min_length=1)
    """File of the rows that test."""


class DelimitedConfig(LoaderConfig):
    """Where your files are and what their columns mean."""

    path: str | None = Field(default=None, min_length=1)
    """File of interactions, looked for in the current folder, then in ``RECSYS_DATA_HOME``: .csv,
    .tsv, .txt (tabs), each also with .gz, or .parquet."""
    folds: list[Fold] = []
    """Instead of ``path``: divisions given as files, named ``1``, ``2`` … in this order."""
    separator: Separator | None = None
    """What separates fields, such as ``::``, where the suffix does not say or misleads."""
    header: bool | None = None
    """Whether the first line names the columns; null: if a column below is given by name."""
    encoding: Encoding = "utf-8"
    """How the files encode text."""
    user: Column = "user"
    """Column of user ids, by name or by number from 0; ids are kept as they stand, spaces too."""
    item: Column = "item"
    """Column of item ids."""
    rating: Column | None = "rating"
    """Column of ratings or other strengths (counts, seconds); null makes every value 1."""
    scale: Annotated[list[float], Field(min_length=2, max_length=2)] | None = None
    """Smallest and largest rating; one outside is bad. Null: the values are not ratings."""
    timestamp: Column | None = None
    """Column of times."""
    time_format: Literal["unix", "unix-ms", "iso"] = "unix"
    """Unix seconds, Unix milliseconds, or ISO 8601 (UTC where no zone is given)."""
    weight: Column | None = None
    """Column of training weights, positive."""
    propensity: Column | None = None
    """Instead of ``weight``: column of the chance, above 0 and at most 1, that the row's pair is
    observed at all; the weight is its inverse, scaled to mean 1."""
    on_error: Literal["refuse", "skip"] = "refuse"
    """``skip`` leaves bad rows out and counts them; in item and user files they are refused."""
    items: SideFile | None = None
    """File of item titles and features."""
    users: SideFile | None = None
    """File of user features."""

    @model_validator(mode="after")
    def _check(self) -> DelimitedConfig:
        if (self.path is None) == (not self.folds):
            raise PydanticCustomError("source", "give either path or folds")
        if self.scale is not None and not self.scale[0] < self.scale[1]:
            raise PydanticCustomError("scale", "scale must be [smallest, largest]")
        if self.scale is not None and self.rating is None:
            raise PydanticCustomError("scale", "scale is given, but rating is null")
        if self.weight is not None and self.propensity is not None:
            raise PydanticCustomError("weight", "give either weight or propensity")
        return self

    @property
    def paths(self) -> list[str]:
        """The files of interactions, each once, in the order of their first mention."""
        named = [path for fold in self.folds for path in (fold.train, fold.test)]
        return [self.path] if self.path is not None else list(dict.fromkeys(named))

    @property
    def columns(self) -> list[str | int | None]:
        """All columns that are asked for."""
        return [self.user, self.item, self.rating, self.timestamp, self.weight, self.propensity]


class Delimited(Loader[DelimitedConfig]):
    """Interactions in files of your own, with titles and features in a second file if you like.

    Comma and semicolon files may quote fields; elsewhere a quote is a character. A row is bad if
    its number of fields differs, its quotes do not match, an id is empty or holds a control
    character, a number is none, not finite or so small that float32 makes it 0, a rating is outside
    ``scale``, a time is not of the years 1 to 9999, or the file ends within it.

    Ids of a Parquet file are text or whole numbers; its other columns are text, numbers, booleans,
    dates or times, and labels perhaps lists of text.
    """

    def fetch(self, notify: Notify, progress: Progress | None = None) -> Path:
        """Return the folder of the first file of interactions; there is no download."""
        found = [locate(path) for path in self._paths]
        return found[0].parent

    @property
    def at_hand(self) -> bool:
        """Whether every file that is named is found."""
        try:
            return all(map(locate, self._paths))
        except NotFound:
            return False

    @property
    def hindsight(self) -> str | None:
        """Files of features do not say what they were made from."""
        if self.config.items is None and self.config.users is None:
            return None
        return "features come from files, which do not say if interactions were used to make them"

    @property
    def _paths(self) -> list[str]:
        sides = [side.path for side in (self.config.items, self.config.users) if side is not None]
        return [*self.config.paths, *sides]

    def load(self) -> Dataset:
        """Return the dataset from the files or their cache."""
        files = [locate(path) for path in self._paths]
        return cached(self.config.describe(), files, self._parse)

    @property
    def load_bytes(self) -> int:
        """About how many bytes :meth:`load` holds at its peak."""
        config, files = self.config, [locate(path) for path in self._paths]
        sides = [side for side in (config.items, config.users) if side is not None]
        asked = [config.columns] * len(config.paths) + [side.columns for side in sides]
        known = [[column for column in columns if column is not None] for columns in asked]
        return bytes_to_load(config.describe(), files, dict(zip(files, known, strict=True)))

    def _parse(self, source_hash: str) -> Dataset:
        config = self.config
        scale = None if config.scale is None else (config.scale[0], config.scale[1])
        parts = [self._rows(locate(path), scale) for path in config.paths]
        rows = concatenate(parts) if len(parts) > 1 else parts[0]
        if config.propensity is not None and rows.weight is not None:
            rows = replace(rows, weight=inverse_weights(rows.weight))
        info = DatasetInfo(
            name=Path(config.paths[0]).name,
            description=f"interactions read from {', '.join(config.paths)}",
            licence="not stated: the files are your own",
            citation="",
            source_hash=source_hash,
            skipped=rows.skipped,
        )
        items, users = _catalogue(config.items), _catalogue(config.users)
        folds = self._folds([len(part) for part in parts])
        return build(rows, info, scale=scale, items=items, users=users, folds=folds)

    def _rows(self, path: Path, scale: tuple[float, float] | None) -> Rows:
        config = self.config
        columns = Columns(
            config.user,
            config.item,
            config.rating,
            config.timestamp,
            config.weight if config.propensity is None else config.propensity,
            time=config.time_format,
            scale=scale,
            propensities=config.propensity is not None,
        )
        file = _table(path, config)
        skip = config.on_error == "skip"
        hint = "correct the row, or leave bad rows out with --set dataset.on_error=skip"
        if isinstance(file, ParquetFile):
            return read_parquet(file, columns, Report(path, skip, hint, unit=": row "))
        return read_text(file, columns, Report(path, skip, hint))

    def _folds(self, lengths: list[int]) -> dict[str, NDArray[np.int8]]:
        file_of_row = np.repeat(np.arange(len(lengths)), lengths)
        number = {path: i for i, path in enumerate(self.config.paths)}
        folds = {}
        for name, fold in enumerate(self.config.folds, 1):
            if fold.train == fold.test:
                raise DataError("trains and tests on the same file", where=f"fold {name}")
            label = np.zeros(len(lengths), np.int8)
            label[number[fold.train]], label[number[fold.test]] = 1, 2
            folds[str(name)] = label[file_of_row]
        return folds


def _table(path: Path, config: DelimitedConfig | SideFile) -> TextFile | ParquetFile:
    """Return the file as its suffix, or the config, says it is to be read."""
    if is_parquet(path):
        return ParquetFile(path)
    suffix = unpacked_suffix(path)
    separator = config.separator or _SEPARATORS.get(suffix)
    if separator is None:
        refuse_packed(path)
        raise DataError(
            f'the suffix "{suffix}" does not say what separates fields',
            where=str(path),
            hint='set dataset.separator, such as "\\t" or "::"',
        )
    header = config.header
    if header is None:
        header = any(isinstance(column, str) for column in config.columns)
    return TextFile(path, separator, header, config.encoding)


def _catalogue(side: SideFile | None) -> Catalogue | None:
    if side is None:
        return None
    path = locate(side.path)
    described = Described(
        side.id,
        side.title,
        {str(column): column for column in side.categorical},
        {str(column): column for column in side.multilabel},
        {str(column): column for column in side.numeric},
        side.label_separator,
        {f"{column} word": column for column in side.text},
    )
    file = _table(path, side)
    if isinstance(file, ParquetFile):
        return read_catalogue(ParquetSide(file, described), described, str(path), ": row ")
    return read_catalogue(file, described, str(path))
