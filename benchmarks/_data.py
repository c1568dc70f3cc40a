"""The data of the jobs: MovieLens where it is at hand, else synthetic data of its size."""

from __future__ import annotations

from typing import Any, NamedTuple

from recsys_cli.data import CSR, Dataset, SideFeatures, Split
from recsys_cli.loaders import LOADERS
from recsys_cli.loaders._home import data_home
from recsys_cli.prepare import FILTERS
from recsys_cli.seeding import generator
from recsys_cli.splitters import SPLITTERS

SEED = 42
_FILES = {"100k": "ml-100k/u.data", "1m": "ml-1m/ratings.dat"}
_SHAPES = {
    "100k": {"users": 943, "items": 1682, "interactions": 100_000},
    "1m": {"users": 6040, "items": 3706, "interactions": 1_000_209},
}


class Named(NamedTuple):
    """A split with its features, and what to call its data in a table."""

    name: str
    split: Split
    features: SideFeatures


def at_hand(size: str) -> bool:
    """Say whether MovieLens of that size lies in ``RECSYS_DATA_HOME``."""
    return (data_home() / _FILES[size]).is_file()


def pairs(size: str) -> Named:
    """Return all ratings as positives of strength 1, the last of each user held out."""
    name, dataset = _load(size)
    binarise = FILTERS.get("min-value")(value=0.0, binarise=True)
    dataset, _ = binarise.apply(dataset, generator(SEED, "prepare"))
    return Named(name, _split("leave-last", dataset, n=1), dataset.features)


def ratings(size: str) -> Named:
    """Return ratings, a random tenth held out."""
    name, dataset = _load(size)
    return Named(name, _split("random", dataset, test=0.1), dataset.features)


def matrix(rows: CSR) -> Any:
    """Return the scipy matrix that implicit takes."""
    from scipy.sparse import csr_matrix

    shape = (rows.n_rows, rows.n_cols)
    return csr_matrix((rows.data, rows.indices.copy(), rows.indptr), shape)


def _load(size: str) -> tuple[str, Dataset]:
    if at_hand(size):
        return f"ml-{size}", LOADERS.get("movielens")(size=size).load()
    return f"synthetic, sized as ml-{size}", LOADERS.get("synthetic")(**_SHAPES[size]).load()


def _split(name: str, dataset: Dataset, **parameters: Any) -> Split:
    return next(SPLITTERS.get(name)(**parameters).split(dataset, generator(SEED, "split")))
