"""A history given by hand, held to what the run's own data were held to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recsys_cli.data import CSR, Int32
from recsys_cli.data import csr as build_csr
from recsys_cli.errors import SpecError
from recsys_cli.models._base import Model
from recsys_cli.prepare import FILTERS
from recsys_cli.prepare._base import Filter
from recsys_cli.runs import FoldRun
from recsys_cli.visible import quoted

#: Items and their values as somebody wrote them; None is a bare item.
History = Mapping[str, float | None]
#: Items that a note names before it stops.
_NAMED = 5


@dataclass(frozen=True)
class Given:
    """What a history given by hand comes to.

    Attributes
    ----------
    row : CSR of one row
        What the model is told; empty where it was trained on none of it.
    named : CSR of one row
        Every item of the history; only their places mean something.
    note : str, optional
        What was left out, and why.
    """

    row: CSR
    named: CSR
    note: str | None


class ByHand:
    """What a run demands of a history given by hand.

    Parameters
    ----------
    model : Model
    scale : (float, float), optional
        Smallest and largest rating of the run's data, when their values are ratings.
    filters : sequence of Filter
        The preparation of the run's data, in its order.
    """

    def __init__(
        self, model: Model[Any], scale: tuple[float, float] | None, filters: Sequence[Filter[Any]]
    ) -> None:
        self._model = model
        self._scale = scale
        self._filters = filters

    def read(self, history: History, item_idx: Int32) -> Given:
        """Return what is left of a history whose items have the given indices.

        Raises
        ------
        SpecError
            If a value is missing where it is needed, outside the scale of the ratings, or not above
            0 where values are counts or strengths.
        """
        index = dict(zip(history, item_idx.tolist(), strict=True))
        values = {item: self._stated(item, value) for item, value in history.items()}
        notes = []
        for one in self._filters:
            values, dropped = _filtered(one, values, history)
            if dropped:
                notes.append(f"{one} drops {_some(dropped, history)}")
        self._check_strengths(values)
        cold = [item for item in values if not self._knows(index[item])]
        if cold:
            notes.append(f"{self._model.spec_name()} never saw {_some(cold, history)}")
        if len(cold) == len(values):
            values = {}
            nothing = "nothing is left of it" if history else "the history is empty"
            notes.append(f"{nothing}: these are the most popular items")
        row = self._row([index[item] for item in values], list(values.values()))
        return Given(row, self._row(index.values(), [1.0] * len(index)), "; ".join(notes) or None)

    def _stated(self, item: str, value: float | None) -> float:
        low, high = self._scale or (-np.inf, np.inf)
        if value is None and self._model.predicts_ratings:
            raise SpecError(
                f"item {quoted(item)} has no value, and {self._model.spec_name()} learns from "
                "ratings",
                hint=f"write {item}:RATING",
            )
        if value is None:
            return 1.0 if self._scale is None else high
        if not low <= value <= high:
            raise SpecError(
                f"the value {value:g} of item {quoted(item)} is outside {low:g} … {high:g}"
            )
        return value

    def _check_strengths(self, values: Mapping[str, float]) -> None:
        if self._scale is not None or self._model.feedback == "explicit":
            return
        for item, value in values.items():
            if value <= 0:
                raise SpecError(
                    f"the value {value:g} of item {quoted(item)} must be above 0: "
                    f"{self._model.spec_name()} takes values as counts or strengths",
                    hint=f"leave {item} out, or give it without a value, which counts as 1",
                )

    def _knows(self, item: int) -> bool:
        return self._model.scores_new_items or bool(self._model.item_counts_[item])

    def _row(self, items: Iterable[int], values: Sequence[float]) -> CSR:
        index = np.fromiter(items, np.int32)
        with np.errstate(over="ignore"):  # what overflows is refused as not finite
            data = np.array(values, np.float32)
        return build_csr(np.zeros_like(index), index, data, (1, len(self._model.item_counts_)))


def _filtered(
    one: Filter[Any], values: Mapping[str, float], history: History
) -> tuple[dict[str, float], list[str]]:
    """Return the values that a filter leaves, and the items that it drops."""
    found = {item: one.by_hand(value, bare=history[item] is None) for item, value in values.items()}
    kept = {item: value for item, value in found.items() if value is not None}
    return kept, [item for item in found if item not in kept]


def _some(items: Sequence[str], history: History) -> str:
    names = ", ".join(items[:_NAMED]) + (", …" if len(items) > _NAMED else "")
    return f"{len(items):,} of {len(history):,} items of the history: {names}"


def load_filters(fold: FoldRun) -> list[Filter[Any]]:
    """Return the filters that prepared the data of a run."""
    found = []
    for document in fold.prepare:
        cls = FILTERS.get(document["name"])
        parameters = {key: value for key, value in document.items() if key != "name"}
        found.append(cls(cls.Config.model_validate_json(json.dumps(parameters))))
    return found
