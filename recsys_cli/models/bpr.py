"""Bayesian personalised ranking: what a user took should score above what the user did not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from recsys_cli import threads
from recsys_cli.data import CSR, Bool, Float32, Float64, Int32, Int64, Interactions, SideFeatures
from recsys_cli.models._base import ModelConfig
from recsys_cli.models._course import Places
from recsys_cli.models._factor import FactorModel
from recsys_cli.models._padded import padded
from recsys_cli.models._pairwise import fold_in_pairwise
from recsys_cli.models._sgd import (
    group_count,
    random_factors,
    random_groups,
    spread_zeros,
    sweep,
)


class BPRConfig(ModelConfig):
    """Parameters of BPR."""

    factors: PositiveInt = 64
    """Number of latent factors per user and item."""
    epochs: PositiveInt = 50
    """Passes; one learns a pair of each interaction."""
    lr: PositiveFloat = 0.05
    """Learning rate."""
    reg_user: NonNegativeFloat = 0.01
    """L2 weight of user factors, a pair."""
    reg_item: NonNegativeFloat = 0.01
    """L2 weight of item factors, a pair."""
    reg_bias: NonNegativeFloat = 0.01
    """L2 weight of item biases, a pair."""
    negatives: Literal["uniform", "popular", "hard"] = "uniform"
    """How the unwanted item of a pair is drawn: ``popular`` by (its interactions) ** ``beta``;
    ``hard`` is the item of highest score among ``candidates`` drawn uniformly."""
    beta: float = Field(default=0.5, ge=0, le=1)
    """Exponent of popularity; read by ``negatives: popular`` alone."""
    candidates: int = Field(default=4, ge=1, le=100)
    """Items among which ``negatives: hard`` chooses; read by it alone. 1 is uniform."""
    init_std: PositiveFloat = 0.03
    """Standard deviation of the factors at the start."""


class BPR(FactorModel[BPRConfig]):
    """Score = b_i + p_u · q_i, learned from pairs.

    Minimises ``-log sigmoid(x) + L2 / 2`` over pairs of an item i that user u took and an item j
    that u did not, with ``x = b_i - b_j + p_u · (q_i - q_j)``. With ``z = sigmoid(-x)``, each pair
    updates ``p_u += lr (z (q_i - q_j) - reg_user p_u)``, ``q_i += lr (z p_u - reg_item q_i)``,
    ``q_j += lr (-z p_u - reg_item q_j)``, ``b_i += lr (z - reg_bias b_i)`` and
    ``b_j += lr (-z - reg_bias b_j)``, all from the values before.

    Each epoch deals users and items into new random groups and takes every interaction once, user
    by user within a pair of groups; i and j come from one item group, so such blocks can run side
    by side without a race, and any two items meet in the long run. A negative that u took is drawn
    again, up to 8 times. Most uniform negatives soon score far below i and
    teach nothing: ``negatives: hard`` takes the one that scores highest of several, which costs
    their scores, makes the loss of an epoch look worse, and favours the top of the list. The values
    of interactions are not read.

    Take it when values say nothing and the order of any two items counts alike: the loss is a
    smooth ``auc``, which ``negatives: hard`` moves to the top of the list.

    Differences from peers: ``implicit`` draws both with replacement, j by popularity (as
    ``negatives: popular`` with ``beta: 1``), leaves out pairs of a j that u took, and lets threads
    race.

    References
    ----------
    Rendle et al., BPR: Bayesian personalized ranking from implicit feedback, UAI 2009. Negatives by
    popularity: Rendle and Freudenthaler, Improving pairwise learning, WSDM 2014; ``beta`` as in
    Mikolov et al., NeurIPS 2013. Hard negatives: Zhang, Chen, Wang and Yu, Optimizing top-N
    collaborative filtering via dynamic negative item sampling, SIGIR 2013.
    """

    feedback = "implicit"
    stops_between_epochs = True

    item_bias_: Float32

    def _train(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> Iterator[float | None]:
        config, matrix = self.config, train.csr
        start = (config.factors, config.init_std, rng)
        users = padded(random_factors(self.user_counts_ > 0, *start))
        items = padded(random_factors(self.item_counts_ > 0, *start))
        self.user_factors_ = users[:, : config.factors]
        self.item_factors_ = items[:, : config.factors]
        self.item_bias_ = spread_zeros(train.n_items)
        epochs = _Epochs(config, matrix, self._negative_weights(), rng)
        bias = self.item_bias_
        for _ in self._epochs(config.epochs, rng, Places(users=users, items=items, bias=bias)):
            yield epochs.run(users, items, bias)

    def _negative_weights(self) -> Float64:
        """Return how often each item is drawn as a negative, up to a factor; cold items never."""
        beta = self.config.beta if self.config.negatives == "popular" else 0.0
        return np.where(self.item_counts_ > 0, self.item_counts_.astype(np.float64) ** beta, 0)

    def _fold_in(self, history: CSR) -> None:
        self.user_factors_ = fold_in_pairwise(
            history,
            self.item_factors_,
            self.item_bias_,
            self._negative_weights(),
            self.config.reg_user,
        )


class _Epochs:
    """Draws and learns as many pairs as there are interactions, epoch after epoch."""

    def __init__(
        self, config: BPRConfig, matrix: CSR, weights: Float64, rng: np.random.Generator
    ) -> None:
        self._config, self._matrix, self._weights, self._rng = config, matrix, weights, rng
        shape = (len(matrix.indices), matrix.n_rows, matrix.n_cols)
        self._groups = group_count(*shape, config.factors)
        self._dealt = np.empty_like(matrix.indices), np.empty_like(matrix.indices)

    def run(self, users: Float32, items: Float32, bias: Float32) -> float:
        """Update the padded rows in place; return the mean loss of the pairs."""
        from recsys_cli.kernels.bpr import bpr

        config, rng, groups = self._config, self._rng, self._groups
        of_item = random_groups(len(items), groups, rng)
        members = _members(of_item, groups, self._weights > 0)
        of_user = random_groups(len(users), groups, rng)
        bounds = _deal(self._matrix, of_user, of_item, groups, *self._dealt)
        drawn = (bounds, *self._dealt, *members, _places(*members), *self._drawing(members[0]))
        reg = np.array((config.reg_user, config.reg_item, config.reg_bias), np.float32)
        key, lr = rng.integers(2**64, dtype=np.uint64), np.float32(config.lr)
        loss = np.zeros((groups, groups, 2))

        def work(start: int, stop: int, diagonal: int) -> None:
            bpr(start, stop, diagonal, key, *drawn, users, items, bias, lr, reg, loss)

        sweep(work, groups, rng)
        total, count = loss.sum(axis=(0, 1))
        return float(total / max(count, 1))

    def _drawing(self, members: Int32) -> tuple[Float64, int]:
        """Return the running weights of negatives (empty: all alike) and how many are drawn."""
        config = self._config
        if config.negatives != "popular":
            return np.zeros(0), config.candidates if config.negatives == "hard" else 1
        return np.concatenate(([0.0], np.cumsum(self._weights[members]))), 1


def _members(group: Int32, groups: int, warm: Bool) -> tuple[Int32, Int64]:
    """Return the warm ones group by group, int32 (n,), and the bounds of each (groups + 1,)."""
    found = np.flatnonzero(warm).astype(np.int32)
    bounds = np.concatenate(([0], np.cumsum(np.bincount(group[found], minlength=groups))))
    return found[np.argsort(group[found], kind="stable")], bounds


def _places(members: Int32, bounds: Int64) -> Int32:
    """Return where each member stands in its group, int32 (n,), from 0."""
    place = np.zeros(members.max(initial=-1) + 1, np.int32)
    place[members] = np.arange(len(members)) - np.repeat(bounds[:-1], np.diff(bounds))
    return place


def _deal(
    matrix: CSR, of_user: Int32, of_item: Int32, groups: int, users: Int32, items: Int32
) -> Int64:
    """Write the interactions block by block; return their bounds (groups, groups + 1)."""
    from recsys_cli.kernels.deal import deal

    counts = np.diff(matrix.indptr)
    members, member_bounds = _members(of_user, groups, counts > 0)
    begins = np.concatenate(([0], np.cumsum(counts[members])))
    bounds = np.zeros((groups, groups + 1), np.int64)
    bounds[:, 0] = begins[member_bounds[:-1]]

    def work(start: int, stop: int) -> None:
        rows = (matrix.indptr, matrix.indices, members, member_bounds, of_item)
        deal(start, stop, *rows, bounds, users, items)

    threads.map_blocks(work, groups, -(-groups // threads.count()))
    return bounds
