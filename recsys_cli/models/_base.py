"""What a model is: Config + ``_train``; fitting, fallback, top-k and saving are inherited."""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Generic, Literal, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from recsys_cli import threads
from recsys_cli.data import CSR, Bool, Float32, Int32, Int64, Interactions, SideFeatures
from recsys_cli.errors import DamagedRun, DataError, SpecError
from recsys_cli.models._blocks import best_of_blocks, rows_at_once
from recsys_cli.models._course import Checkpoint, Resumable
from recsys_cli.models._guard import epochs, require_learned, sound
from recsys_cli.models._guarded import Guarded
from recsys_cli.models._size import Size
from recsys_cli.models._topk import LARGE, TopK
from recsys_cli.registry import Component, Config

#: Called after each epoch with the model, the epoch (from 1) and its training loss; True stops.
OnEpoch = Callable[["Model[Any]", int, float | None], bool]


class ModelConfig(Config):
    """Parameters of a model."""


C = TypeVar("C", bound=ModelConfig)


class Model(Guarded, Resumable, Component[C], Generic[C]):
    """A score for every pair of user and item.

    Learned attributes end in ``_``; the arrays among them are all that is saved.

    Two methods exist only where the family supports them: ``similar_items(item_idx, k)``, as in
    :class:`FactorModel`, and ``explain(user_idx, item_idx, history)``, which returns an
    :class:`Explanation`.

    Attributes
    ----------
    user_counts_, item_counts_ : ndarray of int64, shape (n_users,), (n_items,)
        Training interactions of each.
    """

    #: A class that does both may set these five of an instance by its config.
    feedback: Literal["explicit", "implicit"]
    predicts_ratings: bool = False
    #: Whether an item without training interactions gets a score of its own, from its features.
    scores_new_items: bool = False
    #: The first epoch after which the model is worth validating.
    first_epoch: int = 1
    deterministic: bool = True
    #: Whether all of training heeds the weights of interactions.
    uses_weights: bool = False
    #: Whether training can stop after any epoch, so that the best one can be chosen.
    stops_between_epochs: ClassVar[bool] = False
    #: Whether a later epoch can be worse; False of a model that goes on averaging.
    overtrains: ClassVar[bool] = True
    #: Whether a user is served from that user's rows of the arrays ``user_…`` (and ``history_…``,
    #: of a :class:`HistoryModel`) and no other user's, so that those of some can be read alone.
    users_are_rows: ClassVar[bool] = False
    #: Whether a fit loads kernels and what compiles them; else that comes after it.
    uses_kernels: ClassVar[bool] = True
    #: Bytes that a fit holds at its peak for each interaction.
    pair_bytes: ClassVar[int] = 40

    user_counts_: Int64
    item_counts_: Int64

    def fit(
        self,
        train: Interactions,
        *,
        features: SideFeatures | None = None,
        rng: np.random.Generator,
        on_epoch: OnEpoch | None = None,
        begins: Checkpoint | None = None,
    ) -> Self:
        """Learn from the training interactions, forgetting any earlier fit.

        Parameters
        ----------
        train : Interactions
            Left untouched.
        features : SideFeatures, optional
            Of the users and of the items.
        rng : Generator
            The only source of randomness.
        on_epoch : callable, optional
            Called after each epoch; training stops when it returns True.
        begins : Checkpoint, optional
            Of a fit of the same config, data and ``rng``, whose later epochs this one goes through,
            to the same result.

        Raises
        ------
        DataError
            If there is nothing to learn from.
        Diverged
            If a learned value is not finite; the message names the epoch and the array.
        """
        if not len(train):
            raise DataError("there are no training interactions")
        for attribute in [key for key in vars(self) if key.endswith("_")]:
            delattr(self, attribute)
        self.user_counts_, self.item_counts_ = train.user_counts, train.item_counts
        with threads.single_blas():
            self._course, self._begins, epoch = None, begins, 0
            losses = self._train(train, features or SideFeatures(), rng)
            with _ended(losses):
                for epoch, loss in epochs(self, losses, self._done_before):
                    with sound(self, epoch):
                        if on_epoch is not None and on_epoch(self, epoch, loss):
                            break
            require_learned(self, epoch)
        self._course = self._begins = None
        self._close_up()
        return self

    def _close_up(self) -> None:
        """Drop the gaps that a kernel wanted in an array: it is then laid out as when loaded."""
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray):
                setattr(self, name, np.ascontiguousarray(value))

    @abstractmethod
    def _train(
        self,
        train: Interactions,
        features: SideFeatures,
        rng: np.random.Generator,
    ) -> Iterator[float | None]:
        """Learn, yielding the training loss after each epoch, when the model is fit for use.

        A model without epochs yields nothing.
        """

    def score(self, user_idx: Int32) -> Float32:
        """Return the score of every item for each user, float32 (b, n_items).

        Only the order within a row means something. A cold user's row is the items' popularity.
        """
        scores = self._score(np.maximum(user_idx, 0))
        self._score_cold(scores, user_idx)
        return scores

    def _score_cold(self, scores: Float32, user_idx: Int32, first: int = 0) -> None:
        """Overwrite the rows of cold users by the popularity of the items from ``first``."""
        cold = self.is_cold(user_idx)
        if cold.any():
            scores[cold] = self.item_counts_[first : first + scores.shape[1]]

    def score_parts(self, user_idx: Int32) -> Iterator[Float32]:
        """Yield the :meth:`score` of one run of items after the other.

        The caller overwrites a part, and is done with it before it asks for the next.
        """
        yield self.score(user_idx)

    def users_at_once(self, count: int) -> int:
        """Return how many of so many users one thread had best ask :meth:`score_parts` for."""
        return rows_at_once(len(self.item_counts_))

    def is_cold(self, user_idx: Int32) -> Bool:
        """Return which users have nothing to be scored from, so that popularity serves them.

        Those are users without interactions, and -1, which is a user that is not known at all.
        """
        return np.asarray((user_idx < 0) | (self.user_counts_[user_idx] == 0))

    @abstractmethod
    def _score(self, user_idx: Int32) -> Float32:
        """Return a new float32 array (b, n_items); the caller overwrites rows of cold users."""

    def predict(self, user_idx: Int32, item_idx: Int32, timestamp: Int64 | None = None) -> Float32:
        """Return the rating expected of each pair, float32 (n,), not yet clipped to the scale.

        Raises
        ------
        SpecError
            If the model does not predict ratings.
        """
        raise SpecError(f"{self.spec_name()} ranks items and predicts no ratings")

    def recommend(
        self,
        user_idx: Int32,
        k: int,
        *,
        exclude: CSR | None = None,
        candidates: Bool | None = None,
    ) -> tuple[Int32, Float32]:
        """Return the best items of each user: indices (b, k), -1 where fewer remain, and scores.

        Parameters
        ----------
        user_idx : ndarray of int32, shape (b,)
        k : int
            At least 1; may exceed the number of items.
        exclude : CSR with b rows, optional
            Items never to return, row by row as ``user_idx``, ascending.
        candidates : ndarray of bool, shape (n_items,), optional
            Items that may be returned; all by default. Equal scores: the lower item index first.
        """
        if candidates is not None and candidates.all():
            candidates = None

        def best(start: int, stop: int) -> tuple[Int32, Float32]:
            rows = None if exclude is None else exclude.span(start, stop)
            top, users = TopK((stop - start, n_items), k, rows, candidates), user_idx[start:stop]
            for scores in [self.score(users)] if k > LARGE else self.score_parts(users):
                top.add(scores)
            return top.result()

        n, n_items = len(user_idx), len(self.item_counts_)
        block = rows_at_once(n_items) if k > LARGE else self.users_at_once(n)
        return best_of_blocks(best, n, block)

    def fold_in(self, history: CSR) -> Self:
        """Return the same model with other users: one for each row of ``history``, none trained on.

        Parameters
        ----------
        history : CSR with n_items columns
            What each new user interacted with. A row makes a cold user if it is empty, or if the
            model was trained on none of its items, unless it scores new ones.

        Raises
        ------
        DataError
            If the columns are not the model's items, or a value is not finite.
        Diverged
            If what is learned of a user is not finite.
        """
        folded = copy.copy(self)
        folded.user_counts_ = self._usable(history)
        with threads.single_blas():
            folded._fold_in(history)
        return folded

    def _usable(self, history: CSR) -> Int64:
        """Return how many items of each row the model can make something of."""
        if self.scores_new_items:
            return np.diff(history.indptr)
        trained = self.item_counts_[history.indices] > 0
        return np.bincount(history.row_of()[trained], minlength=history.n_rows)

    @abstractmethod
    def _fold_in(self, history: CSR) -> None:
        """Replace the learned arrays of users by those of the rows of ``history``."""

    def stored_bytes(self, size: Size) -> int:
        """Return about how many bytes the saved arrays will have, at most."""
        return 8 * (size.users + size.items)

    def fit_bytes(self, size: Size) -> int:
        """Return about how many bytes a fit holds at its peak, the learned arrays included.

        Beside the interactions and their CSR. What is learned is held two or three times: in the
        making, with gaps, and in parts on its way from one to the other.
        """
        return 5 * self.stored_bytes(size) // 2 + self.pair_bytes * size.pairs

    def score_bytes(self, size: Size) -> int:
        """Return about how many bytes a thread holds at most while it scores a block of users."""
        return 2 * size.block

    def fold_bytes(self, size: Size) -> int:
        """Return about how many bytes it takes to fold ``size.users`` in, some of all.

        What is learned of them included, in the making.
        """
        return 3 * self.stored_bytes(size._replace(items=0, pairs=0))

    def findings(self) -> dict[str, float]:
        """Return the few numbers that the fit found and its reader should see, by what they are.

        They go into the run's record and are printed; what is saved of the model is its arrays.
        """
        return {}

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return every learned array by name; nothing else is saved.

        Not copies: during training, the next epoch may overwrite them.
        """
        return {
            name[:-1]: np.asarray(value)
            for name, value in sorted(vars(self).items())
            if name.endswith("_") and isinstance(value, (np.ndarray, np.generic))
        }

    @classmethod
    def from_arrays(cls, config: C, arrays: dict[str, NDArray[Any]]) -> Self:
        """Return the fitted model that :meth:`arrays` came from.

        Raises
        ------
        DamagedRun
            If an array is missing, or one named ``user_…`` or ``item_…`` has too few rows.
        """
        model = cls(config)
        for needed in ("user_counts", "item_counts"):
            if needed not in arrays:
                raise DamagedRun(f"the saved model lacks the array {needed}")
        sizes = {"user": len(arrays["user_counts"]), "item": len(arrays["item_counts"])}
        for name, array in arrays.items():
            rows = sizes.get(name.partition("_")[0])
            if rows is not None and (array.ndim == 0 or len(array) != rows):
                raise DamagedRun(f"the saved array {name} does not have {rows:,} rows")
            setattr(model, f"{name}_", array)
        return model

    def with_users(self, arrays: dict[str, NDArray[Any]]) -> Self:
        """Return the same model with other users: those whose rows the arrays hold."""
        model = copy.copy(self)
        for name, array in arrays.items():
            setattr(model, f"{name}_", array)
        return model


@contextmanager
def _ended(losses: Iterator[float | None]) -> Iterator[None]:
    """End training with the block: an error keeps it alive, and a library's thread within it."""
    try:
        yield
    finally:
        if isinstance(losses, Generator):
            losses.close()
