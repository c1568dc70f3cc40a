"""What a model that learns from features demands of them: that they describe who interacts."""

from __future__ import annotations

from typing import Literal

import numpy as np

from recsys_cli.data import Bool, Features, SideFeatures
from recsys_cli.errors import DataError

Kind = Literal["user", "item"]


def required(features: Features | None, kind: Kind, warm: Bool) -> Features:
    """Return the features of one side.

    Parameters
    ----------
    features : Features, optional
    kind : {"user", "item"}
    warm : ndarray of bool, shape (n,)
        Which ids have training interactions.

    Raises
    ------
    DataError
        If there are none, or none of a warm id.
    """
    if features is None or not features.columns:
        raise DataError(
            f"the dataset has no {kind} features to learn from",
            hint="name feature columns of your own files in dataset.items, or take lastfm or "
            "movielens",
        )
    _require_described(features, kind, warm)
    return features


def required_sides(
    features: SideFeatures, warm_users: Bool, warm_items: Bool, *, hint: str
) -> SideFeatures:
    """Return the features of users, of items, or of both.

    Parameters
    ----------
    features : SideFeatures
    warm_users, warm_items : ndarray of bool
        Which ids have training interactions.
    hint : str
        What to do without any features.

    Raises
    ------
    DataError
        If neither side has any, or one that has some has none of a warm id.
    """
    if not any(side is not None and side.columns for side in features):
        raise DataError("the dataset has no features of users or items to learn from", hint=hint)
    kinds: tuple[tuple[Kind, Bool], ...] = (("user", warm_users), ("item", warm_items))
    for side, (kind, warm) in zip(features, kinds, strict=True):
        if side is not None and side.columns:
            _require_described(side, kind, warm)
    return features


def _require_described(features: Features, kind: Kind, warm: Bool) -> None:
    if (features.known & warm).any():
        return
    where = f"dataset.{kind}s"
    hint = f"its feature columns are empty: name others, or leave {where} out"
    if features.known.any():
        theirs, ours = (features.ids[int(np.argmax(has))] for has in (features.known, warm))
        hint = (
            f'they are of ids such as "{theirs}", and interactions of ids such as "{ours}": '
            f"is {where}.id the same kind of id?"
        )
    raise DataError(
        f"the features describe none of the {warm.sum():,} {kind}s with training interactions",
        where=where,
        hint=hint,
    )
