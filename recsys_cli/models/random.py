"""Chance: a fixed random order of the items for each user."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from recsys_cli.data import CSR, Float32, Int32, Interactions, SideFeatures
from recsys_cli.models._base import Model, ModelConfig


class RandomConfig(ModelConfig):
    """Chance has no parameters."""


class Random(Model[RandomConfig]):
    """Rank items by chance: the floor below which a model has learned nothing.

    ``score[u, i]`` is uniform on [0, 1): a hash of the seed drawn in ``fit``, the user's key and
    the item's index. So it needs no memory, is the same however users are batched, and differs
    between users. Take it to see what a metric says of chance.

    Differences from peers: they draw anew at each call, and answer differently each time.

    Attributes
    ----------
    seed_ : ndarray of uint32, shape (1,)
    user_keys_ : ndarray of uint32, shape (n_users,)
        The users' indices; after fold-in, hashes of their histories.

    References
    ----------
    A. Appleby, MurmurHash3 (public domain): the constants of its 32-bit finaliser.
    """

    feedback = "implicit"
    seed_: NDArray[np.uint32]
    user_keys_: NDArray[np.uint32]

    def _train(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> Iterator[float | None]:
        self.seed_ = rng.integers(1 << 32, size=1, dtype=np.uint32)
        self.user_keys_ = np.arange(train.n_users, dtype=np.uint32)
        yield from ()

    def _score(self, user_idx: Int32) -> Float32:
        user = _mix(self.user_keys_[user_idx] ^ self.seed_)
        item = np.arange(len(self.item_counts_), dtype=np.uint32)
        bits = _mix(user[:, None] ^ item)
        return (bits >> np.uint32(8)).astype(np.float32) * np.float32(2**-24)

    def _fold_in(self, history: CSR) -> None:
        """A user is then known by the history alone, however users are batched."""
        at = history.row_of()
        hashed = _mix(history.indices.astype(np.uint32) ^ self.seed_)
        keys = np.zeros(history.n_rows, np.uint32)
        np.bitwise_xor.at(keys, at, hashed)
        self.user_keys_ = keys


def _mix(bits: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Scramble each number in place and return the array; one to one, wraps modulo 2**32."""
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
        bits ^= bits >> np.uint32(shift)
        bits *= np.uint32(factor)
    return bits
