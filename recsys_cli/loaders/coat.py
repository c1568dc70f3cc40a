"""Coat: shoppers' ratings of coats they chose, and of coats that were drawn for them at random."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys_cli.data import Dataset, Features, IdMap
from recsys_cli.errors import DataError
from recsys_cli.loaders._base import LoaderConfig
from recsys_cli.loaders._build import build
from recsys_cli.loaders._catalogue import Catalogue, records
from recsys_cli.loaders._fields import BadField, number, shown
from recsys_cli.loaders._published import PublishedLoader, Source
from recsys_cli.loaders._rows import NO_PROPENSITY, Rows, inverse_weights, is_propensity
from recsys_cli.loaders._text import TextFile

_SIDE = "user_item_features"
_SOURCE = Source(
    name="Coat",
    description=(
        "ratings 1–5 of 300 coats by 290 shoppers: 24 each of their own choice, 16 at random"
    ),
    licence="no licence is stated; it was published for research",
    citation=(
        "T. Schnabel, A. Swaminathan, A. Singh, N. Chandak and T. Joachims (2016). Recommendations "
        "as Treatments: Debiasing Learning and Evaluation. ICML 2016, PMLR 48, 1670–1679"
    ),
    page="https://www.cs.cornell.edu/~schnabts/mnar/",
    folder="coat",
    files=(
        "train.ascii",
        "test.ascii",
        *(
            f"{_SIDE}/{kind}_features{end}"
            for kind in ("user", "item")
            for end in (".ascii", "_map.txt")
        ),
    ),
)
_SHAPE = (290, 300)
_PROPENSITIES = "propensities.ascii"


class CoatConfig(LoaderConfig):
    """Parameters of Coat."""

    propensities: bool = False
    """Weigh each training row by 1 / (its pair's estimated chance of being rated), at mean 1."""


class Coat(PublishedLoader[CoatConfig]):
    """Coat: 6,960 self-selected ratings that train and 4,640 of random coats that test.

    The fold ``random-test`` says which is which; a pair that is in both is two rows. The files are
    matrices without ids, so the id is the number of the row (user) or column (item), from 1. A
    title is put together from the features.

    With ``propensities``, a training row's weight is the inverse of its pair's propensity, which
    the publishers estimated from the shoppers' and the coats' features, divided by the mean of all
    training rows. So a model that heeds weights learns as if coats had been rated at random. Test
    rows weigh 1.

    References
    ----------
    T. Schnabel et al. (2016), Recommendations as Treatments, ICML 2016.
    """

    @property
    def source(self) -> Source:
        """Where the data come from and on what terms."""
        if not self.config.propensities:
            return _SOURCE
        return replace(_SOURCE, files=(*_SOURCE.files, _PROPENSITIES))

    def parse(self, folder: Path, source_hash: str) -> Dataset:
        """Return the dataset whose files lie in ``folder``."""
        train, test = (
            _matrix(folder / name, _SHAPE, _whole(5)) for name in ("train.ascii", "test.ascii")
        )
        pairs = zip(train.nonzero(), test.nonzero(), strict=True)
        user, item = (np.concatenate(pair) for pair in pairs)
        users, items = ([str(i + 1) for i in range(size)] for size in _SHAPE)
        value = np.concatenate([train[train > 0], test[test > 0]]).astype(np.float64)
        rows = Rows(user.astype(np.int32), users, item.astype(np.int32), items, value)
        if self.config.propensities:
            chance = _matrix(folder / _PROPENSITIES, _SHAPE, _propensities)
            weight = np.ones(len(value))
            weight[: (train > 0).sum()] = inverse_weights(chance[train > 0])
            rows = replace(rows, weight=weight)
        fold = np.repeat(np.array([1, 2], np.int8), [(train > 0).sum(), (test > 0).sum()])
        coats = _features(folder / _SIDE, "item", items)
        return build(
            rows,
            _SOURCE.info(source_hash),
            scale=(1, 5),
            items=Catalogue(coats, _titles(coats)),
            users=Catalogue(_features(folder / _SIDE, "user", users)),
            folds={"random-test": fold},
        )


def _matrix(
    path: Path, shape: tuple[int, int], read: Callable[[list[str]], list[Any]]
) -> NDArray[Any]:
    """Read a matrix of ``shape``, each line's fields by ``read``, which may raise BadField."""
    table: list[list[Any]] = []
    for line, fields in TextFile(path, " ").rows():
        where = f"{path}:{line}"
        if len(fields) != shape[1]:
            raise DataError(f"{shape[1]} numbers expected, {len(fields)} found", where=where)
        try:
            table.append(read(fields))
        except BadField as problem:
            raise DataError(str(problem), where=where) from None
    if len(table) != shape[0]:
        raise DataError(f"{shape[0]} rows expected, {len(table)} found", where=str(path))
    return np.array(table)


def _whole(largest: int) -> Callable[[list[str]], list[int]]:
    """Return what reads whole numbers from 0 to ``largest``."""
    allowed = {str(number) for number in range(largest + 1)}

    def read(fields: list[str]) -> list[int]:
        if odd := set(fields) - allowed:
            raise BadField(f'"{shown(min(odd))}" is no whole number from 0 to {largest}')
        return [int(field) for field in fields]

    return read


def _propensities(fields: list[str]) -> list[float]:
    found = [number(field, "the propensity") for field in fields]
    sound = is_propensity(np.array(found))
    if not sound.all():
        raise BadField(f"the propensity {fields[int(np.argmin(sound))]} {NO_PROPENSITY}")
    return found


def _features(folder: Path, kind: str, ids: list[str]) -> Features:
    """Turn columns of flags into one category an id; the map has ``attribute:category`` lines."""
    names = _names(folder / f"{kind}_features_map.txt")
    path = folder / f"{kind}_features.ascii"
    flags = _matrix(path, (len(ids), len(names)), _whole(1))
    columns: dict[str, list[str]] = {name: [""] * len(ids) for name, _ in names}
    for row, column in zip(*flags.nonzero(), strict=True):
        attribute, category = names[column]
        if columns[attribute][row]:
            raise DataError(f"{kind} {ids[row]} has two of {shown(attribute)}", where=str(path))
        columns[attribute][row] = category
    return Features(IdMap(ids), columns)


def _names(path: Path) -> list[tuple[str, str]]:
    """Return the attribute and category of each column of flags."""
    file = TextFile(path, ":")
    if file.width != 2:
        raise DataError("lines of attribute:category expected", where=str(path))
    found = [(fields[0], fields[1]) for _, fields in records(file, str(path))]
    if len(set(found)) < len(found) or not all(map(all, found)):
        raise DataError("an attribute:category is there twice, or empty", where=str(path))
    return found


def _titles(coats: Features) -> list[str]:
    of = coats.categorical
    if lacking := {"color", "jackettype", "gender"} - of.keys():
        where = f"{_SOURCE.folder}/{_SIDE}/item_features_map.txt"
        raise DataError(f"has no attribute {min(lacking)}", where=where)
    parts = zip(of["color"], of["jackettype"], of["gender"], strict=True)
    return [f"{color} {kind} ({gender})" for color, kind, gender in parts]
