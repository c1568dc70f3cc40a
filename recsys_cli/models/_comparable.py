"""What of ratings or of implicit feedback is compared: centred, weighted, or as it is."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, model_validator
from pydantic_core import PydanticCustomError

from recsys_cli.data import CSR, Float32, Float64
from recsys_cli.errors import DataError
from recsys_cli.models._base import ModelConfig
from recsys_cli.models._similarity import Measure

_SIMILARITIES = {
    "ratings": ("cosine", "adjusted-cosine", "pearson", "pearson-baseline", "jaccard"),
    "implicit": ("cosine", "pearson", "jaccard", "dot"),
}
#: What no scale of a row changes, though sums of float32 are made of it.
_SCALE_FREE = ("cosine", "pearson")
#: Magnitudes between which float32 holds sums of products.
_SMALL, _LARGE = 1e-12, 1e12
#: What differs from the defaults below where the target is implicit feedback.
_IMPLICIT = {"similarity": "cosine", "neighbours": 50, "shrinkage": 0.0, "amplification": 1.0}


class NeighbourConfig(ModelConfig):
    """Parameters that item-knn and user-knn share."""

    target: Literal["ratings", "implicit"] = "ratings"
    """``ratings``: predict them; ``implicit``: rank, values being strengths. The latter's other
    defaults: cosine, 50 neighbours, no shrinkage, amplification 1."""
    similarity: Literal[
        "cosine", "adjusted-cosine", "pearson", "pearson-baseline", "jaccard", "dot"
    ] = "pearson-baseline"
    """For ratings over common users (items), for implicit feedback over all. ``adjusted-cosine``
    and ``pearson-baseline`` are of ratings less means or baselines; ``dot``, implicit only."""
    neighbours: PositiveInt = 1000
    """Most neighbours that are considered of each item (user)."""
    k: PositiveInt = 40
    """Most of them that carry one predicted rating: the nearest that have one. Implicit: all."""
    shrinkage: NonNegativeFloat = 200.0
    """Similarities are multiplied by ``n / (n + shrinkage)``, n being common users (items)."""
    amplification: PositiveFloat = 1.5
    """Similarities are then raised to this power."""
    damping: NonNegativeFloat = 0.03
    """Weight of the baseline in a predicted rating, beside the similarities; ratings only."""
    reg_user: NonNegativeFloat = 5.0
    """L2 weight of each user's bias in the baseline; ratings only."""
    reg_item: NonNegativeFloat = 3.0
    """L2 weight of each item's bias in the baseline; ratings only."""
    weighting: Literal["none", "tf-idf", "bm25"] = "none"
    """How values are weighted before they are compared; implicit only."""
    bm25_k1: NonNegativeFloat = 1.2
    """BM25: how slowly a larger value saturates."""
    bm25_b: float = Field(0.75, ge=0, le=1)
    """BM25: how far values are divided by the length of their item (user)."""

    @model_validator(mode="before")
    @classmethod
    def _defaults(cls, given: Any) -> Any:
        implicit = isinstance(given, dict) and given.get("target") == "implicit"
        return {**_IMPLICIT, **given} if implicit else given

    @model_validator(mode="after")
    def _agree(self) -> NeighbourConfig:
        possible = _SIMILARITIES[self.target]
        if self.similarity not in possible:
            raise PydanticCustomError(
                "similarity",
                "similarity {name} is not for target: {target}; take one of {known}",
                {"name": self.similarity, "target": self.target, "known": ", ".join(possible)},
            )
        if self.target == "ratings" and self.weighting != "none":
            raise PydanticCustomError(
                "weighting",
                "weighting {name} is for target: implicit; ratings are centred",
                {"name": self.weighting},
            )
        return self

    def compares_as_is(self, values: Float32) -> bool:
        """Whether such values are compared unchanged, residuals for ``pearson-baseline``."""
        changes = self.similarity in ("jaccard", "adjusted-cosine") or self.weighting != "none"
        return not changes and not self.too_far(values)

    def too_far(self, values: Float32 | Float64) -> bool:
        """Whether values are so far from 1 that they must be scaled."""
        if self.similarity not in _SCALE_FREE:
            return False
        sizes = np.abs(values)
        return bool(((sizes > _LARGE) | ((sizes < _SMALL) & (sizes > 0))).any())

    def measure(self) -> Measure:
        """Return how rows are compared once :func:`comparable`."""
        kind = self.similarity
        if self.target == "ratings" and kind != "jaccard":
            kind = "common-pearson" if kind == "pearson" else "common-cosine"  # type: ignore[assignment]
        return Measure(kind, self.shrinkage, self.amplification)


class Reference(NamedTuple):
    """What values are held against: mean or idf of each feature, and the mean length of a row."""

    of_feature: Float32
    mean_length: float


def reference(config: NeighbourConfig, rows: CSR) -> Reference:
    """Return the reference that the training rows (rows × features) give."""
    counts = np.bincount(rows.indices, minlength=rows.n_cols)
    n_rows = max(1, int(np.count_nonzero(np.diff(rows.indptr))))
    if config.weighting == "none":
        total = np.bincount(rows.indices, rows.data, minlength=rows.n_cols)
        of_feature = total / np.maximum(counts, 1)
    else:
        of_feature = np.log(n_rows) - np.log1p(counts)
    return Reference(of_feature.astype(np.float32), float(rows.data.sum(dtype=np.float64)) / n_rows)


def comparable(config: NeighbourConfig, rows: CSR, to: Reference) -> CSR:
    """Return the values that are compared, of rows × features.

    Of ratings for ``pearson-baseline``, residuals are expected, and left as they are.
    """
    values = rows.data.astype(np.float64)
    if config.similarity == "jaccard":
        values = np.ones_like(values)
    elif config.similarity == "adjusted-cosine":
        values = values - to.of_feature[rows.indices]
    elif config.weighting == "tf-idf":
        values = np.sqrt(values) * to.of_feature[rows.indices]
    elif config.weighting == "bm25":
        values = _bm25(config, rows, to)
    if config.too_far(values):
        values = _scaled(values, rows)
    return rows._replace(data=values.astype(np.float32))


def _scaled(values: Float64, rows: CSR) -> Float64:
    """Return values in units of a power of two, a row's largest being from 1 to 2: exactly so."""
    row, largest = rows.row_of(), np.zeros(rows.n_rows)
    np.maximum.at(largest, row, np.abs(values))
    _, exponent = np.frexp(largest)
    scaled: Float64 = np.ldexp(values, 1 - exponent[row])
    return scaled


def _bm25(config: NeighbourConfig, rows: CSR, to: Reference) -> Float64:
    row, values = rows.row_of(), rows.data.astype(float)
    relative = np.bincount(row, values, minlength=rows.n_rows) / (to.mean_length or 1)
    length = 1 - config.bm25_b + config.bm25_b * relative
    mass = config.bm25_k1 * length[row] + values
    saturated = np.divide(values, mass, out=np.zeros_like(values), where=mass > 0)
    weighted: Float64 = (config.bm25_k1 + 1) * saturated * to.of_feature[rows.indices]
    return weighted


def strengths(values: CSR) -> CSR:
    """Return the values of implicit feedback.

    Raises
    ------
    DataError
        If one is negative.
    """
    if (values.data < 0).any():
        raise DataError(
            "values of implicit feedback must be at least 0",
            hint="add {name: min-value, value: 0} to dataset.prepare, or take target: ratings",
        )
    return values
