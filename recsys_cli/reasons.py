"""Why each item was recommended: the items of the history that carry it, and their shares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from recsys_cli.byhand import History
from recsys_cli.data import CSR, Float32, Int32
from recsys_cli.errors import SpecError
from recsys_cli.models import MODELS
from recsys_cli.models._base import Model
from recsys_cli.serving import Recommendations, Recommended, Recommender

#: Part of a score below which a history carries next to nothing of it.
_LITTLE = 0.05


@dataclass(frozen=True)
class Reason:
    """One item of the history: what it adds to the score, and its share.

    ``share`` is ``part`` over the score; None where the score is not above 0. Where other items of
    the history take from the score, shares add up to more than 1.
    """

    item: str
    title: str | None
    part: float
    share: float | None


@dataclass(frozen=True)
class Explained(Recommended):
    """One recommended item with its reasons, the largest part first; only parts above zero.

    The score is ``base + carried + rest``: what no item of the history carries (means, biases), the
    sum of what all its items add, and what the training of this user left besides. ``rest`` is 0,
    up to rounding, of a user who was folded in.
    """

    base: float
    carried: float
    rest: float
    because: list[Reason]

    @property
    def is_own(self) -> bool:
        """Whether the history adds next to nothing: the score is the item's own bias."""
        return 0 < abs(self.carried) < _LITTLE * abs(self.score)


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


def for_history(recommender: Recommender, history: History, k: int, top: int) -> Recommendations:
    """Return the list of a history given by hand, each item with at most ``top`` reasons.

    Raises
    ------
    SpecError
        As :func:`for_users`, or as :meth:`Recommender.for_history`.
    NotFound
        As :meth:`Recommender.for_history`.
    """
    _require(recommender.model)
    row = recommender.read(history).row
    found = recommender.for_history(history, k)
    return _explained(recommender, found, (recommender.model.fold_in(row), 0, row), top)


def _explained(
    recommender: Recommender, found: Recommendations, served: tuple[Model[Any], int, CSR], top: int
) -> Recommendations:
    model, user, history = served
    if model.is_cold(np.array([user], np.int32))[0]:
        plain = [
            Explained(**vars(one), base=one.score, carried=0.0, rest=0.0, because=[])
            for one in found.items
        ]
        return replace(found, items=plain)
    items = recommender.catalog.item_idx([one.item for one in found.items])
    base, parts = model.explain(user, items, history)  # type: ignore[attr-defined]
    explained = []
    for one, own, row in zip(found.items, base.tolist(), parts, strict=True):
        carried = float(row.sum(dtype=np.float64))
        because = _reasons(recommender, history.indices, row, one.score, top)
        rest = one.score - own - carried
        explained.append(
            Explained(**vars(one), base=own, carried=carried, rest=rest, because=because)
        )
    return replace(found, items=explained)


def _reasons(
    recommender: Recommender, items: Int32, parts: Float32, score: float, top: int
) -> list[Reason]:
    catalog = recommender.catalog
    best = [int(at) for at in np.argsort(-parts, kind="stable")[:top] if parts[at] > 0]
    return [
        Reason(
            catalog.items[items[at]],
            catalog.titles[items[at]] if catalog.titles else None,
            float(parts[at]),
            float(parts[at]) / score if score > 0 else None,
        )
        for at in best
    ]


def _require(model: Model[Any]) -> None:
    if hasattr(model, "explain"):
        return
    found = {name: getattr(MODELS.get(name), "explain", None) for name in MODELS}
    able = [name for name, explain in found.items() if callable(explain)]
    varying = [name for name, explain in found.items() if isinstance(explain, property)]
    name, unable = model.spec_name(), list(dict.fromkeys(_unable(model)))
    because = "" if unable == [name] else f", for these cannot: {', '.join(unable)}"
    raise SpecError(
        f"{name} cannot say what carries a recommendation{because}",
        where="--explain",
        hint=f"these can: {', '.join(able)}; by what they are made of: {', '.join(varying)}",
    )


def _unable(model: Model[Any]) -> Iterator[str]:
    """Yield the models that cannot explain within one that cannot, and ``blend: rank``."""
    members = vars(model).get("members_", {}).values()
    if not members:
        yield model.spec_name()
    if getattr(model, "blend", None) == "rank":
        yield "blend: rank"
    for member in members:
        if not hasattr(member, "explain"):
            yield from _unable(member)
