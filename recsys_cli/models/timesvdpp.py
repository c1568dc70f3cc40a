"""timeSVD++: SVD++ whose biases and user factors move with time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from recsys_cli import threads
from recsys_cli.data import CSR, Bool, Float32, Float64, Int32, Int64, Interactions, SideFeatures
from recsys_cli.errors import DataError
from recsys_cli.models._guard import require_cells
from recsys_cli.models._size import Size
from recsys_cli.models._svdpp import ImplicitTermModel, SVDppParameters

if TYPE_CHECKING:
    from recsys_cli.kernels.svdpp import Holds, Learned, Ratings

_PAIR_BLOCK = 1 << 16


class TimeSVDppConfig(SVDppParameters):
    """Parameters of timeSVD++."""

    bins: PositiveInt = 10
    """Spans of time, of about equally many ratings, that have a bias for each item."""
    period: PositiveInt = 86_400
    """Seconds that share one bias of a user: a day, as Koren has it. A shorter one describes
    sessions, which helps where ratings of one session are both in training and in test."""
    drift_power: PositiveFloat = Field(default=0.4, le=1)
    """Power of the time from the user's mean time in ``dev_u``; Koren's 0.4."""
    reg_drift: NonNegativeFloat = 30.0
    """L2 weight of the drift of each user's factors, times ``n_u ** nu``."""
    reg_bias_drift: NonNegativeFloat = 10.0
    """L2 weight of the drift of each user's bias, times ``n_u ** nu``."""
    reg_bins: NonNegativeFloat = 100.0
    """L2 weight of an item's bias in one bin, times (its ratings there) ``** nu``."""
    reg_period: NonNegativeFloat = 2.0
    """L2 weight of a user's bias in one period, times (its ratings there) ``** nu``."""


class TimeSVDpp(ImplicitTermModel[TimeSVDppConfig]):
    """SVD++ with item biases by era, user biases by day, and user biases and factors that drift.

    Rating at time t = ``mean + b_u + alpha_u dev_u(t) + b_u,day(t) + b_i + b_i,bin(t) + q_i · (p_u
    + alpha_uf dev_u(t) + z_u)``. ``dev_u(t) = sign(t - t_u) |t - t_u|^drift_power``, t_u the user's
    mean time, divided by its largest size in training, so that it lies in [-1, 1]. Objective and
    update are those of ``svdpp``, with an L2 term for each new array; a step moves
    ``alpha_uf`` by ``lr w e q_i dev_u(t)``, ``alpha_u`` by ``lr w e dev_u(t)`` and the biases of
    bin and day by ``lr w e``.

    ``predict`` uses the time of each pair. A day without training ratings has the mean of the
    user's days. A time before or after the user's training ratings is as the first or the last of
    them, but that the bias of that day fades to the mean, by half after one ``period``; one after
    all bins is in the last. Scores, and predictions without a time, are of the user's last training
    time and the last bin. A folded-in user has the static parts alone. Take it when ratings have
    honest timestamps: dates of bulk imports mislead it.

    Differences from Koren: deviations are scaled user by user, because the users of MovieLens stay
    for hours and not for years; bins hold equally many ratings and not equally many weeks; there
    is no scaling c_u(t) of item biases and there are no factors by day.

    Raises
    ------
    DataError
        If the training data have no timestamps.

    References
    ----------
    Koren, Collaborative filtering with temporal dynamics, KDD 2009; Communications of the ACM
    53(4), 2010.
    """

    pair_bytes = 65

    item_bins_: Float32
    bin_edges_: Int64
    user_drift_: Float32
    user_times_: Float64
    period_keys_: Int64
    period_range_: Int64
    period_bias_: Float32
    period_mean_: Float32

    def stored_bytes(self, size: Size) -> int:
        """Return what is learned, at most as many biases of a user's days as interactions too."""
        drift, bins = 4 * self.config.factors + 28, 4 * self.config.bins
        own = super().stored_bytes(size) + drift * size.users + bins * size.items
        return own + 12 * size.pairs

    def _train(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> Iterator[float | None]:
        times = train.timestamp
        if times is None:
            raise DataError(
                "timesvdpp needs the time of each rating, and the data have none",
                hint="name the timestamp column in dataset, or take svdpp",
            )
        self._learn_times(train.user_idx, times)
        slots = self._slots(train, times)
        now, holds = self._with_time(slots, self._start(train, rng), self._holds())
        data = self._ratings(train, rng, self._deviation(train.user_idx, times), slots)
        for loss in self._descend(data, now, holds, rng):
            self._publish(data, now)
            yield loss

    def _learn_times(self, users: Int32, times: Int64) -> None:
        """Set the users' first, mean and last time, the edges of the bins and the periods."""
        # The biases of bins, and those of periods after them, are counted by int32.
        slots = len(self.item_counts_) + -(-len(times) // self.config.bins)
        require_cells(slots, self.config.bins, "biases of items by time", "lower model.bins")
        first = np.full(len(self.user_counts_), np.inf)
        last = -first
        np.minimum.at(first, users, times)
        np.maximum.at(last, users, times)
        origin = int(times.min())
        total = np.bincount(users, times - origin, minlength=len(first))
        mean = total / np.maximum(self.user_counts_, 1) + origin
        known = (self.user_counts_ > 0)[:, None]
        self.user_times_ = np.where(known, np.column_stack((first, mean, last)), 0)
        cuts = len(times) * np.arange(1, self.config.bins) // self.config.bins
        self.bin_edges_ = np.sort(times)[cuts]
        low, high = origin // self.config.period, int(times.max()) // self.config.period
        self.period_range_ = np.array([low, high - low + 1])
        self.period_keys_ = np.unique(self._period(users, times))

    def _deviation(self, users: Int32, times: Int64 | Float64) -> Float32:
        """Return dev_u(t), float32, from -1 to 1; 0 where the user has one time or none."""
        first, mean, last = self.user_times_[users].T
        reach = np.maximum(np.maximum(last - mean, mean - first), 1)
        away = np.clip((np.clip(times, first, last) - mean) / reach, -1, 1)
        return np.asarray(np.sign(away) * np.abs(away) ** self.config.drift_power, np.float32)

    def _bin(self, times: Int64) -> Int64:
        return np.searchsorted(self.bin_edges_, times, side="right")

    def _period(self, users: Int32, times: Int64) -> Int64:
        """Return one number for each user and period; negative outside the time of training."""
        low, count = self.period_range_
        period = times // self.config.period - low
        keys = users.astype(np.int64) * count + period
        return np.where((period >= 0) & (period < count), keys, -1)

    def _slots(self, train: Interactions, times: Int64) -> Int32:
        """Return the places of each rating's two biases, bins of all items before the periods."""
        bins = train.item_idx * self.config.bins + self._bin(times)
        period = np.searchsorted(self.period_keys_, self._period(train.user_idx, times))
        return np.column_stack((bins, train.n_items * self.config.bins + period)).astype(np.int32)

    def _with_time(self, slots: Int32, now: Learned, holds: Holds) -> tuple[Learned, Holds]:
        """Return what is learned, and the L2 weights, with drift and slots."""
        config, in_bins = self.config, len(now.q) * self.config.bins
        drift = np.zeros((len(now.p), config.factors + 1), np.float32)
        extra = np.zeros(in_bins + len(self.period_keys_), np.float32)
        hold = self._rate(np.bincount(slots.ravel(), minlength=len(extra)))
        hold[:in_bins] *= np.float32(config.reg_bins)
        hold[in_bins:] *= np.float32(config.reg_period)
        user = self._rate(self.user_counts_)
        return now._replace(drift=drift, extra=extra), holds._replace(
            drift=user * np.float32(config.reg_drift),
            b_drift=user * np.float32(config.reg_bias_drift),
            extra=hold,
        )

    def _publish(self, data: Ratings, now: Learned) -> None:
        super()._publish(data, now)
        bins, periods = np.split(now.extra, [len(now.q) * self.config.bins])
        bins = bins.reshape(len(now.q), -1)
        self.item_bins_ = bins - bins[:, -1:]
        self.item_bias_ = now.b_item + bins[:, -1]
        of_last = self._publish_periods(periods, now.extra[data.slots[:, 1]])
        self.user_drift_ = now.drift.copy()
        last = self._last_deviation(np.arange(len(now.p), dtype=np.int32))
        self.user_factors_ += now.drift[:, :-1] * last[:, None]
        self.user_bias_ = now.b_user + of_last + now.drift[:, -1] * last

    def _publish_periods(self, periods: Float32, of_ratings: Float32) -> Float32:
        """Return the bias of each user's last period; set the others, and their mean, less it.

        Parameters
        ----------
        periods : ndarray of float32, shape (user and period,)
        of_ratings : ndarray of float32, shape (n,)
            The same for each training rating, users ascending.
        """
        everyone = np.arange(len(self.user_counts_), dtype=np.int32)
        total = np.bincount(np.repeat(everyone, self.user_counts_), of_ratings, len(everyone))
        mean = (total / np.maximum(self.user_counts_, 1)).astype(np.float32)
        at, known = self._at(everyone, self.user_times_[:, 2].astype(np.int64))
        of_last = np.zeros_like(mean)
        of_last[known] = periods[at[known]]
        self.period_bias_ = periods - of_last[self.period_keys_ // self.period_range_[1]]
        self.period_mean_ = mean - of_last
        return of_last

    def _last_deviation(self, users: Int32) -> Float32:
        return self._deviation(users, self.user_times_[users, 2])

    def predict(self, user_idx: Int32, item_idx: Int32, timestamp: Int64 | None = None) -> Float32:
        """Return the rating expected of each pair at its time, float32 (n,)."""
        rating = super().predict(user_idx, item_idx)
        if timestamp is None:
            return rating

        def block(start: int, stop: int) -> None:
            here = slice(start, stop)
            rating[here] += self._moved(user_idx[here], item_idx[here], timestamp[here])

        threads.map_blocks(block, len(rating), _PAIR_BLOCK)
        return rating

    def _moved(self, users: Int32, items: Int32, times: Int64) -> Float32:
        """Return what each pair's rating at its time has over that at the user's last time."""
        drift = self.user_drift_[users]
        rise = np.einsum("nf,nf->n", drift[:, :-1], self.item_factors_[items]) + drift[:, -1]
        moved = rise * (self._deviation(users, times) - self._last_deviation(users))
        moved += self.item_bins_[items, self._bin(times)]
        first, _, last = self.user_times_[users].T
        near = np.clip(times, first, last)
        kept = self.config.period / (self.config.period + np.abs(times - near))
        at, known = self._at(users, near.astype(np.int64))
        moved += self.period_mean_[users]
        unlike = self.period_bias_[at[known]] - self.period_mean_[users[known]]
        moved[known] += unlike * kept[known]
        return np.asarray(moved, np.float32)

    def _at(self, users: Int32, times: Int64) -> tuple[Int64, Bool]:
        """Return the place of each user's period at a time, and whether it has training ratings."""
        wanted = self._period(users, times)
        at = np.searchsorted(self.period_keys_, wanted)
        return at, np.append(self.period_keys_, -2)[at] == wanted

    def _fold_in(self, history: CSR) -> None:
        super()._fold_in(history)
        self.user_drift_ = np.zeros((history.n_rows, self.user_drift_.shape[1]), np.float32)
        self.user_times_ = np.zeros((history.n_rows, 3))
        self.period_keys_, self.period_bias_ = self.period_keys_[:0], self.period_bias_[:0]
        self.period_mean_ = np.zeros(history.n_rows, np.float32)
