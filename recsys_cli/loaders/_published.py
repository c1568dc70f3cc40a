"""The base of loaders of published datasets: files in the data home, else a verified download."""

from __future__ import annotations

import logging
from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from recsys_cli.data import Dataset, DatasetInfo
from recsys_cli.errors import DataError, NotFound
from recsys_cli.loaders._base import Loader, LoaderConfig, Notify, Progress
from recsys_cli.loaders._cache import bytes_to_load, cached
from recsys_cli.loaders._catalogue import Catalogue, Described, read_catalogue
from recsys_cli.loaders._download import download
from recsys_cli.loaders._home import data_home
from recsys_cli.loaders._read_text import read_text
from recsys_cli.loaders._receive import Archive
from recsys_cli.loaders._rows import Columns, Report, Rows
from recsys_cli.loaders._text import TextFile

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Source:
    """A published dataset.

    ``files`` are needed in ``folder`` of the data home; ``extra`` are read where they are there.
    ``page`` is where a person gets them; ``archive`` is None where no checksum is published.
    """

    name: str
    description: str
    licence: str
    citation: str
    page: str
    folder: str
    files: tuple[str, ...]
    extra: tuple[str, ...] = ()
    archive: Archive | None = None

    def info(self, source_hash: str) -> DatasetInfo:
        """Return what the run record says of the data."""
        return DatasetInfo(self.name, self.description, self.licence, self.citation, source_hash)


C = TypeVar("C", bound=LoaderConfig)


class PublishedLoader(Loader[C], Generic[C]):
    """One published dataset: a :class:`Source` and a way to parse its folder."""

    @property
    @abstractmethod
    def source(self) -> Source:
        """Where the data come from and on what terms."""

    @abstractmethod
    def parse(self, folder: Path, source_hash: str) -> Dataset:
        """Return the dataset whose files lie in ``folder``."""

    def load(self) -> Dataset:
        """Return the dataset from its files or their cache, downloading them if need be."""
        folder = self.fetch(logger.warning)
        return cached(self.config.describe(), self._files, lambda found: self.parse(folder, found))

    @property
    def load_bytes(self) -> int:
        """About how many bytes :meth:`load` holds at its peak."""
        return bytes_to_load(self.config.describe(), self._files)

    @property
    def _files(self) -> list[Path]:
        """Those that are needed, and those others that are there."""
        folder, source = data_home() / self.source.folder, self.source
        others = [path for name in source.extra if (path := folder / name).is_file()]
        return [*(folder / name for name in source.files), *others]

    @property
    def at_hand(self) -> bool:
        """Whether all files lie in the data home."""
        folder = data_home() / self.source.folder
        return all((folder / name).is_file() for name in self.source.files)

    def fetch(self, notify: Notify, progress: Progress | None = None) -> Path:
        """Return the folder of the files, which are downloaded if one is lacking.

        Raises
        ------
        NotFound
            If one is lacking and cannot be downloaded.
        """
        source, home = self.source, data_home()
        folder = home / source.folder
        lacking = [name for name in source.files if not (folder / name).is_file()]
        if not lacking:
            return folder
        hint = (
            f"get it from {source.page} and put {', '.join(lacking)} into {folder} "
            "(RECSYS_DATA_HOME moves it), or --set dataset.name=synthetic, which needs no download"
        )
        if source.archive is None:
            raise NotFound(
                f"{source.name} is not there, and is not downloaded because no checksum of it is "
                "published",
                where=str(folder / lacking[0]),
                hint=hint,
            )
        notify(f"{source.name}: {source.licence}")
        try:
            download(source.archive, home, source.folder, notify, progress)
        except NotFound as error:
            both = "; or ".join(filter(None, (error.hint, hint)))
            raise NotFound(error.message, where=error.where, hint=both) from error
        return self._arrived(folder, hint)

    def _arrived(self, folder: Path, hint: str) -> Path:
        for name in self.source.files:
            if not (folder / name).is_file():
                raise NotFound(f"the archive lacks {name}", where=str(folder), hint=hint)
        return folder


def published_rows(file: TextFile, columns: Columns, count: int | None = None) -> Rows:
    """Return the rows of a published file, of which there are ``count`` if that is known.

    Raises
    ------
    DataError
        If a row is malformed, or rows are missing or added.
    """
    hint = "the file differs from the published one: get it anew, or use the delimited loader"
    rows = read_text(file, columns, Report(file.path, hint=hint))
    if count is not None and len(rows) != count:
        raise DataError(
            f"holds {len(rows):,} rows; {count:,} were published", where=str(file.path), hint=hint
        )
    return rows


def published_catalogue(file: TextFile, described: Described) -> Catalogue:
    """Return what a published file says of the items or users."""
    return read_catalogue(file, described, str(file.path))
