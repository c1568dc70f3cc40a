"""The hidden truth behind the synthetic ratings: tastes, biases, popularity and activity.

What enters a dot product lies on a grid of 1/64, so that sums of products are exact in float32 and
the ratings come out the same whatever BLAS, processor or number of threads computes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recsys_cli.data import Bool, Float32, Float64, Int64
from recsys_cli.loaders._synthetic_names import GENRES, OCCUPATIONS
from recsys_cli.seeding import generator

START, LENGTH = 873_072_000, 212 * 86_400
"""The window: seven months from 1 September 1997, in seconds."""
USER_BIAS, ITEM_BIAS, TASTE = 0.40, 0.40, 0.95
"""Standard deviations of a rating's parts, in stars."""
QUALITY = 0.2
"""Stars that an item gains with each standard deviation of its log popularity."""
INTEREST = 2.0
"""With each star of appeal the odds that an item interests a user grow by the factor exp(2)."""
KEEN = 1.5
"""The appeal, in stars, at which those odds are even."""
DECAY = 0.7
"""Each factor explains this much less than the one before it, in standard deviations."""
EPOCHS = 16
"""Steps in which popularity drifts over the window."""
ZIPF, HEAD = 1.4, 0.05
"""Popularity is ``(rank / n_items + HEAD) ** -ZIPF``."""
SPREAD = 1.15
"""Standard deviation of the log of a user's activity above the least."""


@dataclass(frozen=True, eq=False)
class World:
    """What is true of each user and item. Time runs from -1 to 1 over the window.

    Attributes
    ----------
    tastes, shifts : ndarray of float32, shape (n_users, factors)
        A user's taste at a time is ``tastes + time * shifts``.
    traits : ndarray of float32, shape (n_items, factors)
    user_bias, item_bias : ndarray of float32, shape (n_users,), (n_items,)
        In stars.
    arrival : ndarray of float64, shape (n_users,)
        Where in the window a user first rates, from 0 to 1.
    activity : ndarray of int64, shape (n_users,)
        Number of ratings.
    popularity, trend : ndarray of float64, shape (n_items,)
        Log popularity at time 0, and its change over a unit of time.
    genres : ndarray of bool, shape (n_items, len(GENRES))
    occupation : ndarray of int64, shape (n_users,)
        Index into OCCUPATIONS.
    """

    tastes: Float32
    shifts: Float32
    traits: Float32
    user_bias: Float32
    item_bias: Float32
    arrival: Float64
    activity: Int64
    popularity: Float64
    trend: Float64
    genres: Bool
    occupation: Int64

    @cached_property
    def epoch(self) -> Int64:
        """The step of popularity in which each user arrives, int64 (n_users,)."""
        return (self.arrival * EPOCHS).astype(np.int64)

    @cached_property
    def _rarity(self) -> Float64:
        """One over the popularity of each item in each epoch, float64 (EPOCHS, n_items)."""
        time = (2 * np.arange(EPOCHS) + 1) / EPOCHS - 1
        rarity: Float64 = np.exp(-self.popularity - time[:, None] * self.trend)
        return rarity

    def waiting(self, users: NDArray[np.integer]) -> Float64:
        """Return the mean time until each user meets each item, float64 (b, n_items).

        One over: the item's popularity when the user arrives, times the probability that it
        interests the user, which is logistic in its appeal, in stars above the user's own mean.
        """
        time = ((2 * self.epoch[users] + 1) / EPOCHS - 1).astype(np.float32)
        tastes = self.tastes[users] + time[:, None] * self.shifts[users]
        appeal = (tastes @ self.traits.T + self.item_bias).astype(np.float64)
        waiting: Float64 = np.exp(INTEREST * (KEEN - appeal))
        waiting += 1
        waiting *= self._rarity[self.epoch[users]]
        return waiting

    def appeal(
        self, users: NDArray[np.integer], items: NDArray[np.integer], time: Float64
    ) -> Float64:
        """Return what each pair adds to the mean rating at each time, in stars, float64 (n,)."""
        grid = (np.rint(time * 256) / 256).astype(np.float32)
        tastes = self.tastes[users] + grid[:, None] * self.shifts[users]
        taste = np.einsum("nf,nf->n", tastes, self.traits[items])
        appeal: Float32 = taste + self.user_bias[users] + self.item_bias[items]
        return appeal.astype(np.float64)


def make_world(
    n_users: int, n_items: int, n_rows: int, factors: int, drift: float, seed: int
) -> World:
    """Draw the truth from a seed."""
    rng = generator(seed, "synthetic-world")
    rank = rng.permutation(n_items)
    popularity = -ZIPF * np.log((rank + 0.5) / n_items + HEAD)
    genres = _genres(n_items, rng)
    share = genres / genres.sum(axis=1, keepdims=True) ** 0.5
    traits = 0.7 * share @ rng.normal(size=(len(GENRES), factors))
    traits += 0.7 * rng.normal(size=traits.shape)
    occupation = rng.integers(len(OCCUPATIONS), size=n_users)
    tastes = 0.4 * rng.normal(size=(len(OCCUPATIONS), factors))[occupation]
    tastes += 0.9 * rng.normal(size=tastes.shape)
    strength = DECAY ** np.arange(factors)
    scale = np.sqrt(TASTE * strength / np.linalg.norm(strength))
    quality = QUALITY * (popularity - popularity.mean()) / popularity.std()
    return World(
        tastes=_grid(scale * tastes),
        shifts=_grid(scale * drift * rng.normal(size=tastes.shape)),
        traits=_grid(scale * traits),
        user_bias=_grid(USER_BIAS * rng.normal(size=n_users)),
        item_bias=_grid(quality + ITEM_BIAS * rng.normal(size=n_items)),
        arrival=rng.random(n_users),
        activity=_activity(n_users, n_items, n_rows, rng),
        popularity=popularity,
        trend=drift * rng.normal(size=n_items),
        genres=genres,
        occupation=occupation,
    )


def _grid(values: Float64) -> Float32:
    return (np.rint(values * 64) / 64).astype(np.float32)


def _genres(n_items: int, rng: np.random.Generator) -> Bool:
    """Give each item one to three genres, the first of GENRES being the most common."""
    weights = -np.log(np.arange(len(GENRES)) + 1.0) + rng.gumbel(size=(n_items, len(GENRES)))
    best = np.argsort(-weights, axis=1)[:, :3]
    chosen = np.zeros(weights.shape, np.bool_)
    wanted = np.arange(3) < rng.choice([1, 2, 3], p=[0.4, 0.4, 0.2], size=n_items)[:, None]
    rows = np.broadcast_to(np.arange(n_items)[:, None], best.shape)
    chosen[rows[wanted], best[wanted]] = True
    return chosen


def _activity(n_users: int, n_items: int, n_rows: int, rng: np.random.Generator) -> Int64:
    """Divide the rows among the users: log-normal above a least number, capped, the sum exact."""
    mean = n_rows / n_users
    least = max(1, min(20, int(0.4 * mean)))
    room = max(int(0.45 * n_items), int(np.ceil(mean))) - least
    wish = np.exp(SPREAD * rng.normal(size=n_users))
    low, high = 0.0, (room + 1) / float(wish.min())
    for _ in range(80):
        middle = (low + high) / 2
        fits = np.minimum(np.floor(middle * wish), room).sum() <= n_rows - least * n_users
        low, high = (middle, high) if fits else (low, middle)
    counts = least + np.minimum(np.floor(low * wish), room).astype(np.int64)
    missing = n_rows - int(counts.sum())
    counts[np.flatnonzero(counts < least + room)[:missing]] += 1
    return counts
