"""Rows and catalogues → Dataset."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsys_cli.data import Dataset, DatasetInfo, IdMap, Interactions, SideFeatures
from recsys_cli.loaders._catalogue import Catalogue, align
from recsys_cli.loaders._rows import Rows


def build(
    rows: Rows,
    info: DatasetInfo,
    *,
    scale: tuple[float, float] | None = None,
    items: Catalogue | None = None,
    users: Catalogue | None = None,
    folds: dict[str, NDArray[np.int8]] | None = None,
) -> Dataset:
    """Put a dataset together.

    Items that only the catalogue knows come after those of the rows; users without rows are left
    out. A value is 1 where the source has none.
    """
    item_ids = rows.items
    if items is not None:
        item_ids = list(dict.fromkeys([*rows.items, *items.features.ids.ids]))
    user_map, item_map = IdMap(rows.users), IdMap(item_ids)
    value = np.ones(len(rows), np.float32) if rows.value is None else rows.value.astype(np.float32)
    interactions = Interactions(
        users=user_map,
        items=item_map,
        user_idx=rows.user.astype(np.int32, copy=False),
        item_idx=rows.item.astype(np.int32, copy=False),
        value=value,
        timestamp=None if rows.timestamp is None else rows.timestamp.astype(np.int64),
        weight=None if rows.weight is None else rows.weight.astype(np.float32),
        scale=scale and (float(scale[0]), float(scale[1])),
    )
    features = SideFeatures(
        None if users is None else align(users.features, user_map),
        None if items is None else align(items.features, item_map),
    )
    return Dataset(interactions, info, _titles(items, item_map), features, folds or {})


def _titles(items: Catalogue | None, ids: IdMap) -> list[str] | None:
    if items is None or items.titles is None:
        return None
    known = dict(zip(items.features.ids.ids, items.titles, strict=True))
    return [known.get(id_) or id_ for id_ in ids.ids]
