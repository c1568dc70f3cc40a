"""Samples of a posterior over factorisations, and what they say of users not trained on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from recsys_cli import threads
from recsys_cli.data import CSR, Float32, Float64
from recsys_cli.errors import Diverged

_BLOCK = 16


class Samples(NamedTuple):
    """S samples of all numbers; column 0 is the bias, the f others are factors.

    Attributes
    ----------
    users, items : ndarray of float32, shape (n_users, S, 1 + f), (n_items, S, 1 + f)
        The numbers in effect: own, implicit and those of features together.
    implicit : ndarray of float32, shape (n_items, S, 1 + f), or (n_items, S, 0) without that term
        What having rated an item adds to a user's numbers, times ``1 / sqrt(ratings)``.
    means : ndarray of float32, shape (S, 1 + f)
        A user's numbers before anything is known of it.
    precisions : ndarray of float32, shape (2, S, 1 + f)
        Prior precisions of a user's and of an item's own numbers.
    noise : ndarray of float32, shape (S,)
        Precision of the ratings.
    """

    users: Float32
    items: Float32
    implicit: Float32
    means: Float32
    precisions: Float32
    noise: Float32


def joined(first: Samples, second: Samples) -> Samples:
    """Return the samples of both."""
    axes = (1, 1, 1, 0, 1, 0)
    pairs = zip(first, second, axes, strict=True)
    return Samples(*(np.concatenate((a, b), axis) for a, b, axis in pairs))


def require_precisions(samples: Samples) -> None:
    """Raise Diverged if float32 cannot hold a precision: 0, or infinity."""
    for name, held in (("prior", samples.precisions), ("noise", samples.noise)):
        if not (np.isfinite(held) & (held >= np.finfo(np.float32).tiny)).all():
            raise Diverged(
                f"{name}_precision holds 0, or a value that is not finite",
                hint="bring the values of the data to about 1: recsys data describe shows them",
            )


def facing(numbers: Float32) -> Float64:
    """Return what the other side's numbers are multiplied by: 1 for its bias, then factors."""
    faced = numbers.astype(np.float64)
    faced[..., 0] = 1
    return faced


def folded(samples: Samples, history: CSR, mean: float) -> Float32:
    """Return each user's mean numbers, float32 (rows, S, 1 + f), given its ratings and a sample."""

    def block(start: int, stop: int) -> Float64:
        found = np.empty((stop - start, *samples.means.shape))
        for row in range(start, stop):
            left, base, parts = system(samples, history, row, mean)
            found[row - start] = np.linalg.solve(left, (base + parts.sum(axis=1))[..., None])[
                ..., 0
            ]
        return found

    blocks = threads.map_blocks(block, history.n_rows, _BLOCK)
    return np.concatenate([np.empty((0, *samples.means.shape)), *blocks]).astype(np.float32)


def system(
    samples: Samples, history: CSR, row: int, mean: float
) -> tuple[Float64, Float64, Float64]:
    """Return the equations of a user's mean numbers: left (S, 1 + f, 1 + f) and right.

    The right side is ``base`` (S, 1 + f), what holds without history, plus ``parts``
    (S, h, 1 + f), what each of its items adds. With x_j the numbers that the user's face, t_j a
    rating less the mean and the item's bias, and y_j an item's implicit part over ``sqrt(h)``,
    ``(Λ / noise + Σ x_j x_jᵀ) v = Λ / noise (means + Σ y_j) + Σ x_j t_j``.
    """
    here = slice(history.indptr[row], history.indptr[row + 1])
    columns = history.indices[here]
    items = samples.items[columns].transpose(1, 0, 2)
    x = facing(items)
    ridge = samples.precisions[0].astype(np.float64) / samples.noise[:, None]
    left = x.transpose(0, 2, 1) @ x
    diagonal = np.arange(left.shape[1])
    left[:, diagonal, diagonal] += ridge
    parts = x * (history.data[here] - mean - items[..., 0])[..., None]
    if samples.implicit.shape[2]:
        share = ridge[:, None] / np.sqrt(max(len(columns), 1))
        parts += samples.implicit[columns].transpose(1, 0, 2) * share
    return left, ridge * samples.means, parts
