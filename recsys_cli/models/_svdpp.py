"""What models of ratings with an implicit term share: parameters, training loop, fold-in, parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from recsys_cli import threads
from recsys_cli.data import CSR, Float32, Int32, Interactions
from recsys_cli.models._base import ModelConfig
from recsys_cli.models._course import Places
from recsys_cli.models._explanation import Explanation
from recsys_cli.models._factor import FactorModel
from recsys_cli.models._ridge import Ridge, Rows, rated, solution_parts, solve_rows
from recsys_cli.models._sgd import random_factors
from recsys_cli.models._size import Size

if TYPE_CHECKING:
    from recsys_cli.kernels.svdpp import Holds, Learned, Ratings

_USERS = 256


class SVDppParameters(ModelConfig):
    """Parameters of every model with an implicit term."""

    factors: PositiveInt = 64
    """Number of latent factors per user and item."""
    epochs: PositiveInt = 60
    """Passes over the ratings."""
    lr: PositiveFloat = 0.01
    """Learning rate of the first epoch."""
    lr_decay: float = Field(default=0.955, gt=0, le=1)
    """Each epoch's learning rate over the one before."""
    reg_user: NonNegativeFloat = 1.5
    """L2 weight of each user's factors, times ``n_u ** nu`` (n_u: the user's ratings)."""
    reg_item: NonNegativeFloat = 1.5
    """L2 weight of each item's factors, times ``n_i ** nu``."""
    reg_implicit: NonNegativeFloat = 6.0
    """L2 weight of each item's implicit factors ``y_j``, times ``n_j ** nu``."""
    reg_user_bias: NonNegativeFloat = 0.7
    """L2 weight of each user's bias, times ``n_u ** nu``."""
    reg_item_bias: NonNegativeFloat = 0.7
    """L2 weight of each item's bias, times ``n_i ** nu``."""
    nu: float = Field(default=0.4, ge=0, le=1)
    """L2 by frequency: 1 is Koren's (the same for each rating), 0 the same for each row."""
    init_std: PositiveFloat = 0.03
    """Standard deviation of user and item factors at the start; the implicit ones start at 0."""


C = TypeVar("C", bound=SVDppParameters)


class ImplicitTermModel(FactorModel[C], Generic[C]):
    """A factor model whose ``user_factors_`` hold the implicit sum of the user's items as well.

    Attributes
    ----------
    item_implicit_ : ndarray of float32, shape (n_items, f)
        The ``y_j``.
    """

    feedback = "explicit"
    predicts_ratings = True
    stops_between_epochs = True
    uses_weights = True

    pair_bytes = 50

    item_implicit_: Float32
    user_bias_: Float32
    item_bias_: Float32

    def stored_bytes(self, size: Size) -> int:
        """Return what the factors, biases and implicit terms take."""
        return super().stored_bytes(size) + 4 * self.config.factors * size.items

    def _start(self, train: Interactions, rng: np.random.Generator) -> Learned:
        """Return what is learned, before the first step, of a model without drift or slots."""
        from recsys_cli.kernels.svdpp import Learned

        start = (self.config.factors, self.config.init_std, rng)
        items, users = np.zeros(train.n_items, np.float32), np.zeros(train.n_users, np.float32)
        return Learned(
            p=random_factors(self.user_counts_ > 0, *start),
            q=random_factors(self.item_counts_ > 0, *start),
            y=np.zeros((train.n_items, self.config.factors), np.float32),
            b_user=users,
            b_item=items,
            drift=np.empty((train.n_users, 0), np.float32),
            extra=np.empty(0, np.float32),
        )

    def _holds(self) -> Holds:
        """Return the L2 weights a rating of a model without drift or slots."""
        from recsys_cli.kernels.svdpp import Holds

        config = self.config
        user, item = self._rate(self.user_counts_), self._rate(self.item_counts_)
        return Holds(
            p=user * np.float32(config.reg_user),
            q=item * np.float32(config.reg_item),
            y=item * np.float32(config.reg_implicit),
            b_user=user * np.float32(config.reg_user_bias),
            b_item=item * np.float32(config.reg_item_bias),
            drift=np.empty(0, np.float32),
            b_drift=np.empty(0, np.float32),
            extra=np.empty(0, np.float32),
        )

    def _rate(self, counts: Any) -> Float32:
        """Return ``n ** (nu - 1)``: what an L2 weight is multiplied by at each of n ratings."""
        rate: Float32 = np.maximum(counts, 1).astype(np.float32) ** np.float32(self.config.nu - 1)
        return rate

    def _ratings(
        self, train: Interactions, rng: np.random.Generator, deviation: Float32, slots: Int32
    ) -> Ratings:
        """Return the ratings user by user, in random order within each, and set the mean."""
        from recsys_cli.kernels.svdpp import Ratings

        weights = np.ones(len(train), np.float32) if train.weight is None else train.weight
        self.mean_ = np.float32(np.average(train.value, weights=weights))
        shuffled = rng.permutation(len(train))
        order = shuffled[np.argsort(train.user_idx[shuffled], kind="stable")]
        return Ratings(
            indptr=np.concatenate(([0], np.cumsum(self.user_counts_))),
            items=train.item_idx[order],
            values=train.value[order] - self.mean_,
            weights=weights[order],
            deviation=deviation[order],
            slots=slots[order],
            seen_indptr=train.csr.indptr,
            seen_items=train.csr.indices,
        )

    def _descend(
        self, data: Ratings, now: Learned, holds: Holds, rng: np.random.Generator
    ) -> Iterator[float]:
        """Take an epoch of steps at a time; yield its weighted training RMSE."""
        from recsys_cli.kernels.svdpp import svdpp

        warm, weight = np.flatnonzero(self.user_counts_), data.weights.sum(dtype=np.float64)
        for epoch in self._epochs(self.config.epochs, rng, Places(**now._asdict())):
            lr = np.float32(self.config.lr * self.config.lr_decay**epoch)
            squared = svdpp(rng.permutation(warm), data, now, holds, lr)
            yield float(np.sqrt(squared / weight))

    def _publish(self, data: Ratings, now: Learned) -> None:
        """Set the attributes that score, those of a moment without time."""
        from recsys_cli.kernels.svdpp import implicit_sums

        users = np.empty_like(now.p)

        def block(start: int, stop: int) -> None:
            implicit_sums(start, stop, data.seen_indptr, data.seen_items, now.y, users)

        threads.map_blocks(block, len(users), _USERS)
        self.user_factors_, self.item_factors_ = users + now.p, now.q
        self.user_bias_, self.item_bias_ = now.b_user, now.b_item
        self.item_implicit_ = now.y

    @property
    def _ridge(self) -> Ridge:
        return Ridge(self.config.reg_user, self.config.reg_user_bias, self.config.nu)

    def _fold_in(self, history: CSR) -> None:
        """Solve each user's p_u and b_u exactly, the implicit sum given."""
        implicit = self._implicit(history)
        rows = self._unexplained(history, implicit)
        own, self.user_bias_ = solve_rows(rows, self.item_factors_, self.item_bias_, self._ridge)
        self.user_factors_ = own + implicit

    def _implicit(self, history: CSR) -> Float32:
        """Return the implicit sum of each row, float32 (n_rows, f)."""
        sums = np.zeros((history.n_rows, self.item_implicit_.shape[1]), np.float32)

        def row(start: int, stop: int) -> None:
            for u in range(start, stop):
                seen = history.indices[history.indptr[u] : history.indptr[u + 1]]
                norm = np.float32(max(len(seen), 1)) ** np.float32(-0.5)
                sums[u] = norm * self.item_implicit_[seen].sum(axis=0)

        threads.map_blocks(row, history.n_rows, _USERS)
        return sums

    def _unexplained(self, history: CSR, implicit: Float32) -> Rows:
        """Return the history's ratings less the mean and what the implicit sum explains."""
        explained = np.empty_like(history.data)

        def block(start: int, stop: int) -> None:
            span = slice(history.indptr[start], history.indptr[stop])
            users = np.repeat(np.arange(start, stop), np.diff(history.indptr[start : stop + 1]))
            rows = self.item_factors_[history.indices[span]]
            explained[span] = np.einsum("nf,nf->n", implicit[users], rows)

        threads.map_blocks(block, history.n_rows, _USERS)
        return rated(history._replace(data=history.data - explained), float(self.mean_))

    def explain(self, user_idx: int, item_idx: Int32, history: CSR) -> Explanation:
        """Take apart the scores of a folded-in user into what each item of the history adds.

        An item adds by its rating, through the user's least squares, and by being there at all,
        through its implicit factors; biases and mean are the base.
        """
        rows = self._unexplained(history, self._implicit(history))
        own = solution_parts(rows, self.item_factors_, self.item_bias_, self._ridge)
        norm = np.float32(max(len(history.indices), 1)) ** np.float32(-0.5)
        own += norm * self.item_implicit_[history.indices]
        base = self.item_bias_[item_idx] + (self.user_bias_[user_idx] + self.mean_)
        return Explanation(base, self.item_factors_[item_idx] @ own.T)
