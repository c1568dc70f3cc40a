"""NCF: train and test files of the leave-one-out protocol of neural collaborative filtering."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from pydantic import Field

from recsys_cli.data import Dataset, DatasetInfo
from recsys_cli.errors import DataError, NotFound
from recsys_cli.loaders._base import Loader, LoaderConfig, Notify, Progress
from recsys_cli.loaders._build import build
from recsys_cli.loaders._cache import bytes_to_load, cached
from recsys_cli.loaders._home import locate
from recsys_cli.loaders._read_text import read_text
from recsys_cli.loaders._rows import Columns, Report, Rows, concatenate
from recsys_cli.loaders._text import TextFile

#: What the names of the two files end in.
_TRAIN, _TEST = ".train.rating", ".test.rating"


class NCFConfig(LoaderConfig):
    """Where the files are."""

    path: str = Field(min_length=1)
    """What the names of the files begin with, such as ``Data/ml-1m``, looked for in the current
    folder, then in ``RECSYS_DATA_HOME``."""
    ratings: bool = False
    """Keep the ratings; by default every interaction has the value 1, as in the protocol."""


class NCF(Loader[NCFConfig]):
    """The train and test files that He et al. published for ml-1m and Pinterest, or others like it.

    ``PATH.train.rating`` and ``PATH.test.rating`` have lines of user, item, rating and, if they are
    known, Unix seconds, separated by tabs. Rows with a rating of 0 or less are no interactions. The
    split ``leave-one-out`` is theirs: take it with ``split: {name: predefined}``, and the third
    file with ``evaluation: {candidates: {file: PATH.test.negative}}``.

    References
    ----------
    He, Liao, Zhang, Nie, Hu and Chua, "Neural collaborative filtering", WWW 2017.
    """

    def fetch(self, notify: Notify, progress: Progress | None = None) -> Path:
        """Return the folder of the files; there is no download."""
        return self._files[0].parent

    @property
    def at_hand(self) -> bool:
        """Whether both files are found."""
        try:
            return bool(self._files)
        except NotFound:
            return False

    @property
    def _files(self) -> list[Path]:
        return [locate(self.config.path + end) for end in (_TRAIN, _TEST)]

    def load(self) -> Dataset:
        """Return the dataset from the files or their cache."""
        return cached(self.config.describe(), self._files, self._parse)

    @property
    def load_bytes(self) -> int:
        """About how many bytes :meth:`load` holds at its peak."""
        return bytes_to_load(self.config.describe(), self._files)

    def _parse(self, source_hash: str) -> Dataset:
        parts = [_rows(path) for path in self._files]
        if len({part.timestamp is None for part in parts}) > 1:
            raise DataError("one of its files has times and the other none", where=self.config.path)
        rows = concatenate(parts)
        name = Path(self.config.path).name
        info = DatasetInfo(
            name=name,
            description=f"{name} as split for neural collaborative filtering",
            licence="not stated: that of the data it was made from",
            citation="X. He et al. (2017). Neural Collaborative Filtering. WWW 2017, 173–182",
            source_hash=source_hash,
            skipped=rows.skipped,
        )
        fold = np.repeat(np.array([1, 2], np.int8), [len(part) for part in parts])
        kept = rows if self.config.ratings else replace(rows, value=None)
        return build(kept, info, folds={"leave-one-out": fold})


def _rows(path: Path) -> Rows:
    file = TextFile(path, "\t")
    columns = Columns(0, 1, 2, 3 if file.width > 3 else None)
    rows = read_text(file, columns, Report(path))
    assert rows.value is not None
    positive = rows.value > 0
    kept = rows if positive.all() else rows.take(positive)
    return replace(kept, skipped=int(np.count_nonzero(~positive)))
