"""What models trained by scikit-surprise share: its training set, its arrays at our indices."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys_cli.data import CSR, Bool, Float32, Int32, Interactions
from recsys_cli.errors import Diverged, MissingExtra
from recsys_cli.models._ridge import Ridge, Rows

#: What the library's lists of Python numbers take for each rating.
PAIR_BYTES = 270
#: The weights that :func:`as_sgd` gives are relative to an L2 weight of 1.
RIDGE = Ridge(1, 1, nu=0)


class Fitted(NamedTuple):
    """An algorithm of the library, fitted; its inner ids are positions in ``users``, ``items``."""

    algorithm: Any
    users: Int32
    items: Int32
    shape: tuple[int, int]

    @property
    def mean(self) -> np.float32:
        """The mean of the training ratings."""
        return np.float32(self.algorithm.trainset.global_mean)

    def of_users(self, attribute: str) -> Float32:
        """Return an array of the library with a row a user at our indices; a cold one's is 0."""
        return _spread(getattr(self.algorithm, attribute), self.users, self.shape[0])

    def of_items(self, attribute: str) -> Float32:
        """Return an array of the library with a row an item at our indices; a cold one's is 0."""
        return _spread(getattr(self.algorithm, attribute), self.items, self.shape[1])


def fit(name: str, train: Interactions, **parameters: Any) -> Fitted:
    """Train the library's algorithm ``name`` with its own parameters.

    Raises
    ------
    MissingExtra
        If the library is not installed.
    Diverged
        If the library divides by zero.
    """
    try:
        import surprise
    except ImportError as missing:
        raise MissingExtra("scikit-surprise", "bench") from missing
    users, items = _by_appearance(train.user_idx), _by_appearance(train.item_idx)
    algorithm = getattr(surprise, name)(**parameters)
    try:
        algorithm.fit(_trainset(train, users, items))
    except ZeroDivisionError as failure:
        raise Diverged(
            f"surprise gave up: {failure}",
            hint="a factor became 0: bring the regularisations nearer to each other",
        ) from failure
    return Fitted(algorithm, users, items, (train.n_users, train.n_items))


def seed(rng: np.random.Generator) -> int:
    """Draw the ``random_state`` of the library."""
    return int(rng.integers(2**31))


def as_sgd(history: CSR, rest: Float32, reg: float, lr: float, epochs: int) -> Rows:
    """Return rows whose ridge regression is about what the library's SGD would give to new users.

    SGD that stops after ``epochs`` stays as near to its start at 0 as with a further L2 weight of
    ``1 / (lr * epochs)`` beside the n ``reg`` of n ratings (see Ali, Kolter and Tibshirani, A
    continuous-time view of early stopping for least squares regression, AISTATS 2019). Both are
    divided out of the weights of the ratings.

    Parameters
    ----------
    history : CSR with n_items columns
    rest : ndarray of float32, shape (nnz,)
        The part of each rating that biases and the user's own factors are to explain.
    reg, lr : float
    epochs : int
        The library's.
    """
    n = np.diff(history.indptr)
    weights = np.repeat(1 / (n * reg + 1 / (lr * epochs)), n).astype(np.float32)
    return Rows(history.indptr, history.indices, rest, weights)


def unknown(user_counts: NDArray[np.integer], item_counts: NDArray[np.integer]) -> Bool:
    """Say for which pairs the user or the item has no training rating: the library's mean then."""
    found: Bool = (user_counts == 0) | (item_counts == 0)
    return found


def _by_appearance(index: Int32) -> Int32:
    """Return the distinct values of ``index`` in order of first appearance.

    The library numbers ids so; its random start and the order of its updates depend on it.
    """
    values, first = np.unique(index, return_index=True)
    return values[np.argsort(first)]


def _trainset(train: Interactions, users: Int32, items: Int32) -> Any:
    """Return the library's training set; its inner ids are positions in ``users`` and ``items``."""
    from surprise import Trainset

    inner_user, inner_item = np.empty(train.n_users, int), np.empty(train.n_items, int)
    inner_user[users], inner_item[items] = np.arange(len(users)), np.arange(len(items))
    of_user: dict[int, list[tuple[int, float]]] = {u: [] for u in range(len(users))}
    of_item: dict[int, list[tuple[int, float]]] = {i: [] for i in range(len(items))}
    columns = (inner_user[train.user_idx], inner_item[train.item_idx], train.value)
    for user, item, value in zip(*(column.tolist() for column in columns), strict=True):
        of_user[user].append((item, value))
        of_item[item].append((user, value))
    scale = train.scale or (float(train.value.min()), float(train.value.max()))
    return Trainset(of_user, of_item, len(users), len(items), len(train), scale, {}, {})


def _spread(learned: NDArray[Any], rows: Int32, n: int) -> Float32:
    """Return the library's rows at our indices; what float32 cannot hold becomes infinite."""
    spread = np.zeros((n, *learned.shape[1:]), np.float32)
    with np.errstate(over="ignore"):
        spread[rows] = learned
    return spread
