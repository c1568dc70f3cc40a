"""One side of the Gibbs sampler: the users, or the items, and the priors of their numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from recsys_cli.data import Bool, Float32, Float64, Int32, Int64
from recsys_cli.models._gibbs_design import Design
from recsys_cli.models._ridge import group_rows

#: Ratings that one thread visits at a time, and the most such spans; fixed, so that sums are too.
_SPAN, _MOST_SPANS = 1 << 16, 64


class Prior(NamedTuple):
    """Means and precisions of the normal priors, float32 (groups, terms); group 0 is the rows'."""

    mean: Float32
    precision: Float32


@dataclass(eq=False)
class Side:
    """The users, or the items, and their numbers; term 0 is the bias, the others are factors.

    ``own`` and ``effective`` float32 (terms, n): a row's own numbers, and these plus ``design``
    times ``weights`` (terms, m). ``change`` is what the last visit added to ``effective``.
    ``errors`` are those of the ratings in the order of this side, as of its last visit.
    """

    indptr: Int64
    indices: Int32
    errors: Float32
    design: Design
    own: Float32
    effective: Float32
    change: Float32
    weights: Float32
    prior: Prior
    spans: Int64
    warm: Bool

    def facing(self, term: int) -> Float32:
        """Return what the other side's numbers of a term are multiplied by: 1 for the biases."""
        return np.ones_like(self.own[0]) if term == 0 else self.effective[term]

    def renew_prior(self, rng: np.random.Generator) -> None:
        """Sample means and precisions given the numbers that they govern."""
        ends = np.cumsum([0, *self.design.sizes])
        members = [self.own[:, self.warm], *(self.weights[:, a:b] for a, b in _pairs(ends))]
        drawn = [
            _normal_gamma(numbers, mean, rng)
            for numbers, mean in zip(members, self.prior.mean, strict=True)
        ]
        mean, precision = (np.stack(part).astype(np.float32) for part in zip(*drawn, strict=True))
        self.prior = Prior(mean, precision)


def _pairs(ends: Int64) -> list[tuple[int, int]]:
    return list(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True))


def _normal_gamma(
    numbers: Float32, mean: Float32, rng: np.random.Generator
) -> tuple[Float64, Float64]:
    """Return mean and precision of each row of ``numbers``, given the last mean.

    Their prior: precision ~ Gamma(1/2, rate 1/2), mean ~ Normal(0, 1 / precision).
    """
    terms, n = numbers.shape
    spread = np.sum((numbers - mean[:, None]).astype(np.float64) ** 2, axis=1)
    rate = (1 + spread + mean.astype(np.float64) ** 2) / 2
    precision = rng.standard_gamma((n + 2) / 2, terms) / rate
    centre = numbers.sum(axis=1, dtype=np.float64) / (n + 1)
    return centre + rng.standard_normal(terms) / np.sqrt((n + 1) * precision), precision


def make_side(
    row: Int32, column: Int32, n: int, targets: Float32, design: Design, terms: int
) -> Side:
    """Return one side with all numbers 0; ``row`` and ``column`` are those of the ratings."""
    grouped = group_rows(row, n, column, targets, targets)
    count = int(np.clip(len(row) // _SPAN, 1, _MOST_SPANS))
    spans = np.unique(np.searchsorted(grouped.indptr, np.linspace(0, len(row), count + 1)))
    spans[0], spans[-1] = 0, n
    own = np.zeros((terms, n), np.float32)
    weights = np.zeros((terms, len(design.group)), np.float32)
    shape = (1 + len(design.sizes), terms)
    return Side(
        grouped.indptr,
        grouped.columns,
        grouped.targets,
        design,
        own,
        own.copy(),
        own.copy(),
        weights,
        Prior(np.zeros(shape, np.float32), np.ones(shape, np.float32)),
        spans,
        np.diff(grouped.indptr) > 0,
    )
