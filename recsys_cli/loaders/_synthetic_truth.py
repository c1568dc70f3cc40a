"""What the synthetic ratings were drawn from: the expected rating and the exposure of any pair."""

from __future__ import annotations

import numpy as np

from recsys_cli import threads
from recsys_cli.data import Float32, Float64, Int32, Int64
from recsys_cli.errors import DataError
from recsys_cli.loaders._synthetic_rows import BLOCK_CELLS, MEAN
from recsys_cli.loaders._synthetic_world import LENGTH, START, World


class Truth:
    """The hidden truth of one synthetic dataset, in the indices of that dataset before filters.

    Parameters
    ----------
    world : World
    noise : float
        Standard deviation of a rating around its mean, in stars, before rounding.
    """

    def __init__(self, world: World, noise: float) -> None:
        self._world = world
        self._noise = noise

    def expected_rating(
        self, user_idx: Int32, item_idx: Int32, timestamp: Int64 | None = None
    ) -> Float32:
        """Return the mean of the rating that each pair would get, float32 (n,), within 1 to 5.

        The mean is over the noise of the rating as it is given, rounded and clipped to 1 … 5: no
        predictor has a smaller expected squared error. It does not depend on whether the pair is
        observed. ``timestamp`` is in Unix seconds; without it, taste is that of the middle of the
        window.

        Raises
        ------
        DataError
            If an index points outside the dataset.
        """
        from scipy.special import ndtr

        mean = self._mean(user_idx, item_idx, timestamp)
        expected = np.ones(len(mean), np.float32)
        for stars in (2, 3, 4, 5):
            expected += ndtr((mean - stars + 0.5) / self._noise)
        return expected

    def ratings(
        self,
        user_idx: Int32,
        item_idx: Int32,
        rng: np.random.Generator,
        timestamp: Int64 | None = None,
    ) -> Float32:
        """Return a rating drawn for each pair, 1 to 5, float32 (n,), as the dataset's were.

        Raises
        ------
        DataError
            If an index points outside the dataset.
        """
        mean = self._mean(user_idx, item_idx, timestamp)
        drawn = np.rint(mean + self._noise * rng.normal(size=len(mean)))
        return np.clip(drawn, 1, 5).astype(np.float32)

    def _mean(self, user_idx: Int32, item_idx: Int32, timestamp: Int64 | None) -> Float64:
        """Return what each rating is drawn around, before noise, rounding and clipping."""
        self._check(user_idx, item_idx)
        seconds = np.full(len(user_idx), START + LENGTH / 2) if timestamp is None else timestamp
        time = np.clip(2 * (seconds - START) / LENGTH - 1, -1, 1)
        return MEAN + self._world.appeal(user_idx, item_idx, time)

    def exposure(self, user_idx: Int32, item_idx: Int32) -> Float64:
        """Return the probability that the dataset holds each pair, float64 (n,).

        Given the truth and the user's number of ratings, over the chance of sampling. A user takes
        the first ``activity`` items of independent Poisson processes; the probability is taken as
        ``1 - exp(-T / waiting)``, with the ``T`` at which as many items are expected. It sums to
        the user's activity over all items; the error of one pair's is of the order of
        ``1 / activity`` of it (Rosén, "Asymptotic theory for order sampling", 1997).

        Raises
        ------
        DataError
            If an index points outside the dataset.
        """
        self._check(user_idx, item_idx)
        users, place = np.unique(user_idx, return_inverse=True)
        result = np.empty(len(user_idx), np.float64)
        order = np.argsort(place, kind="stable")
        block = max(1, BLOCK_CELLS // len(self._world.item_bias))
        for start in range(0, len(users), block):
            with threads.single_blas():
                rates = 1 / self._world.waiting(users[start : start + block])
            within = order[slice(*np.searchsorted(place[order], [start, start + block]))]
            row = place[within] - start
            rates *= _durations(rates, self._world.activity[users[start : start + block]])[:, None]
            result[within] = -np.expm1(-rates[row, item_idx[within]])
        return result

    def _check(self, user_idx: Int32, item_idx: Int32) -> None:
        n_users, n_items = len(self._world.activity), len(self._world.item_bias)
        for kind, index, n in (("user", user_idx, n_users), ("item", item_idx, n_items)):
            if len(index) and not 0 <= int(index.min()) <= int(index.max()) < n:
                raise DataError(f"a {kind} index is outside 0 … {n - 1}")


def _durations(rates: Float64, wanted: Int64) -> Float64:
    """Return the time after which each row expects ``wanted`` events, by Newton's method.

    The expected count is concave in time, so that steps from 0 never overshoot.
    """
    duration = np.zeros(len(rates))
    for _ in range(60):
        missing = np.exp(-rates * duration[:, None])
        short = wanted - (1 - missing).sum(axis=1)
        duration += short / (rates * missing).sum(axis=1)
        if (np.abs(short) < 1e-9 * wanted).all():
            break
    return duration
