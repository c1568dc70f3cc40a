"""Why each item was recommended: the items of the history that carry it, and their shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from recsys_cli.data import CSR, Int32
from recsys_cli.errors import SpecError
from recsys_cli.models import MODELS
from recsys_cli.models._base import Model
from recsys_cli.serving import Recommendations, Recommender, Scored


@dataclass(frozen=True)
class Reason:
    """One item of the history: what it adds to the score, and its share.

    ``share`` is ``part`` over the sum of what all items of the history add, each in absolute value;
    the base of the score, which no item of the history carries, is not in it.
    """

    item: str
    title: str | None
    part: float
    share: float


@dataclass(frozen=True)
class Explained(Scored):
    """One recommended item with its reasons, the largest part first; only parts above zero.

    ``base`` is what no item of the history carries (means, biases). It and all parts add up to the
    score of a user who was folded in, and nearly to that of one who was trained on.
    """

    base: float
    because: list[Reason]


def for_users(
    recommender: Recommender, ids: Sequence[str], k: int, top: int
) -> list[Recommendations]:
    """Return the lists of users by id, each item with at most ``top`` reasons.

    A user without a history has no reasons.

    Raises
    ------
    SpecError
        If the model cannot explain; the hint names models that can.
    """
    _require(recommender.model)
    lists = zip(ids, recommender.for_users(ids, k), strict=True)
    return [_explained(recommender, one, recommender.served(user), top) for user, one in lists]


def for_history(
    recommender: Recommender, history: Mapping[str, float | None], k: int, top: int
) -> Recommendations:
    """Return the list of a history given by hand, each item with at most ``top`` reasons.

    Raises
    ------
    SpecError
        As :func:`for_users`, or as :meth:`Recommender.for_history`.
    NotFound
        As :meth:`Recommender.for_history`.
    """
    _require(recommender.model)
    row = recommender.row(history)
    found = recommender.for_history(history, k)
    return _explained(recommender, found, (recommender.model.fold_in(row), 0, row), top)


def _explained(
    recommender: Recommender, found: Recommendations, served: tuple[Model[Any], int, CSR], top: int
) -> Recommendations:
    model, user, history = served
    if not len(history.indices):
        plain = [Explained(**vars(one), base=one.score, because=[]) for one in found.items]
        return replace(found, items=plain)
    items = recommender.catalog.items.index([one.item for one in found.items])
    base, parts = model.explain(user, items, history)  # type: ignore[attr-defined]
    reasons = [_reasons(recommender, history.indices, row, top) for row in parts]
    explained = [
        Explained(**vars(one), base=float(base[row]), because=reasons[row])
        for row, one in enumerate(found.items)
    ]
    return replace(found, items=explained)


def _reasons(recommender: Recommender, items: Int32, parts: Any, top: int) -> list[Reason]:
    catalog, whole = recommender.catalog, float(np.abs(parts).sum())
    best = [int(at) for at in np.argsort(-parts, kind="stable")[:top] if parts[at] > 0]
    return [
        Reason(
            catalog.items[items[at]],
            catalog.titles[items[at]] if catalog.titles else None,
            float(parts[at]),
            float(parts[at]) / whole,
        )
        for at in best
    ]


def _require(model: Model[Any]) -> None:
    if not hasattr(model, "explain"):
        able = [name for name in MODELS if hasattr(MODELS.get(name), "explain")]
        raise SpecError(
            f"{model.spec_name()} cannot say what carries a recommendation",
            where="--explain",
            hint=f"these can: {', '.join(able)}",
        )
