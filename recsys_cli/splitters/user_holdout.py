"""Hold out whole users, part of whose history is known at test time (strong generalisation)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from recsys_cli.data import Dataset, Int64, Interactions, order_by
from recsys_cli.splitters._base import Order, Rows, Splitter, SplitterConfig
from recsys_cli.splitters._draw import Share, ShareOrNone, rows_after


class UserHoldoutConfig(SplitterConfig):
    """Parameters of :class:`UserHoldout`."""

    test: Share = 0.1
    """Share of the users (of those with two interactions or more) held out for testing."""
    validation: ShareOrNone = 0.0
    """Share of the remaining such users held out for validation; 0 makes none."""
    history: Share = 0.8
    """Share of a held-out user's interactions that are known and folded in."""
    by: Literal["random", "time"] = "random"
    """Which of them are known: drawn at random, or the earliest."""


class UserHoldout(Splitter[UserHoldoutConfig]):
    """Train on some users, test on others: a model meets the held-out ones by their history alone.

    The history part holds the known interactions of test *and* validation users; no model trains
    on it. A held-out user has at least one known and one hidden interaction. The protocol is that
    of Marlin (2004) and of Liang et al., "Variational autoencoders for collaborative filtering"
    (2018), without their limit to items seen in training.
    """

    folds_in = True

    @property
    def order(self) -> Order:
        """Each user's, where the earliest of a history are the known ones."""
        return "user" if self.config.by == "time" else "none"

    def rows(self, dataset: Dataset, rng: np.random.Generator) -> Iterator[Rows]:
        """Yield one split. The validation share never moves the test users."""
        data, config = dataset.interactions, self.config
        users = rng.permutation(np.flatnonzero(data.user_counts >= 2))
        n_test = round(config.test * len(users))
        n_validation = round(config.validation * (len(users) - n_test))
        part = np.zeros(data.n_users, np.int8)
        part[users[:n_test]] = 1
        part[users[n_test : n_test + n_validation]] = 2
        hidden = self._hidden_counts(data.user_counts)
        is_hidden = rows_after(self._order(data, rng), data.user_idx) < hidden[data.user_idx]
        of_row = part[data.user_idx]
        yield Rows.divide(
            test=is_hidden & (of_row == 1),
            validation=is_hidden & (of_row == 2) if config.validation else None,
            history=~is_hidden & (of_row > 0),
        )

    def _order(self, data: Interactions, rng: np.random.Generator) -> Int64:
        if self.config.by == "time":
            return order_by(self._times(data))
        return rng.permutation(len(data))

    def _hidden_counts(self, counts: Int64) -> Int64:
        known = np.floor(self.config.history * counts + 0.5).astype(np.int64)
        hidden: Int64 = counts - np.clip(known, 1, np.maximum(1, counts - 1))
        return hidden
