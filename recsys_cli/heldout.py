"""What one part of a split asks: which users, which pairs, what is relevant, what is known."""

from __future__ import annotations

from typing import Literal

import numpy as np

from recsys_cli.data import CSR, Bool, Int32, Int64, Interactions, Split, concatenate, csr
from recsys_cli.errors import DataError, SpecError
from recsys_cli.spec import EvaluationSpec


class HeldOut:
    """The test or validation part of a split, by position of its users.

    A user's position is its row in everything here: first the users that the model trained on and
    the cold ones, then those to fold in, each by ascending index.

    Parameters
    ----------
    split : Split
    spec : EvaluationSpec
    part : {"test", "validation"}

    Attributes
    ----------
    users : ndarray of int32, shape (u,)
        Their indices: all with a row in the part (that are known, if ``spec.users`` is ``warm``).
    n_trained : int
        How many come before those to fold in.
    pairs : Interactions
        The rows of the part, those of one user together, users in order of position.
    pair_at : ndarray of int64, shape (n,)
        The position of each row's user; ascending.
    known : list of Interactions
        The parts that users are known for: training, history and, for a test part, validation.
    seen : CSR, shape (u, n_items)
        What users are known for. It is never recommended, and so never relevant.
    relevant : CSR, shape (u, n_items)
        The value of each relevant item; of a pair that is held out twice, the largest.
    n_relevant : ndarray of int64, shape (u,)
    ranked_at : ndarray of int64
        The positions of the users with a relevant item, whose lists are evaluated.
    candidates : ndarray of bool, shape (n_items,)
        What the full ranking ranks; candidate lists are parts of it.

    Raises
    ------
    SpecError
        If the split has no such part.
    DataError
        If the part has no row of a user that is wanted.
    """

    def __init__(
        self, split: Split, spec: EvaluationSpec, part: Literal["test", "validation"]
    ) -> None:
        self.split = split
        data = _wanted(split, spec, part)
        n_known = _n_known(split)
        to_fold = (split.train.user_counts == 0) & (n_known > 0)
        present = np.unique(data.user_idx)
        self.users: Int32 = present[np.argsort(to_fold[present], kind="stable")]
        self.n_trained = len(present) - int(to_fold[present].sum())
        self.cold: Bool = n_known[self.users] == 0
        position = np.full(len(n_known), -1, np.int64)
        position[self.users] = np.arange(len(self.users))
        order = np.argsort(position[data.user_idx], kind="stable")
        self.pairs = data.take(order)
        self.pair_at: Int64 = position[self.pairs.user_idx]
        self.item_counts = split.train.item_counts
        self.candidates: Bool = (self.item_counts > 0) | (spec.candidates == "all")
        self.known = [p for name, p in split.parts().items() if name not in ("test", part)]
        self.seen = self._seen(concatenate(self.known), position)
        self.relevant, self.n_repeated = self._relevant(spec.relevant.min_value)
        self.n_relevant: Int64 = np.diff(self.relevant.indptr)
        self.ranked_at: Int64 = np.flatnonzero(self.n_relevant)

    def _seen(self, known: Interactions, position: Int64) -> CSR:
        rows = known.take(position[known.user_idx] >= 0)
        at = position[rows.user_idx].astype(np.int32)
        return csr(at, rows.item_idx, rows.value, (len(self.users), rows.n_items))

    def _relevant(self, low: float | None) -> tuple[CSR, int]:
        """Return what is relevant to each user, and how much of the part is known already."""
        pairs = self.pairs
        wanted = np.flatnonzero(pairs.value >= (-np.inf if low is None else low))
        keys, at = np.unique(
            self.pair_at[wanted] * pairs.n_items + pairs.item_idx[wanted], return_inverse=True
        )
        value = np.full(len(keys), -np.inf, np.float32)
        np.maximum.at(value, at, pairs.value[wanted])
        known = self.seen.row_of() * pairs.n_items + self.seen.indices
        new = ~contains(known, keys)
        user, item = np.divmod(keys[new], pairs.n_items)
        count = np.bincount(user, minlength=len(self.users))
        indptr = np.concatenate(([0], np.cumsum(count)))
        found = CSR(indptr, item.astype(np.int32), value[new], pairs.n_items)
        return found, len(keys) - len(found.indices)

    def history(self, start: int, stop: int) -> CSR:
        """Return what the users at these positions, all to fold in, are known for."""
        assert self.split.history is not None
        return self.split.history.csr.rows(self.users[start:stop])

    def counts(self) -> dict[str, int]:
        """Return how much is asked, and how much of it is cold.

        Users: ``users`` of the part, ``ranked_users`` of them with a relevant item, ``cold_users``
        without any known interaction, ``folded_in_users``. Relevant pairs of user and item:
        ``relevant``, ``cold_relevant_items`` of them whose item has no training interaction,
        ``repeated_relevant`` left out because the user is known for the item. ``candidates`` are
        items; ``pairs`` rows of the part, ``cold_pairs`` those of a cold user or item.
        """
        cold_item = self.item_counts == 0
        cold_pair = self.cold[self.pair_at] | cold_item[self.pairs.item_idx]
        return {
            "users": len(self.users),
            "ranked_users": len(self.ranked_at),
            "cold_users": int(self.cold.sum()),
            "folded_in_users": len(self.users) - self.n_trained,
            "relevant": len(self.relevant.indices),
            "cold_relevant_items": int(cold_item[self.relevant.indices].sum()),
            "repeated_relevant": self.n_repeated,
            "candidates": int(self.candidates.sum()),
            "pairs": len(self.pairs),
            "cold_pairs": int(cold_pair.sum()),
        }


def _n_known(split: Split) -> Int64:
    counts = split.train.user_counts
    return counts if split.history is None else counts + split.history.user_counts


def _wanted(split: Split, spec: EvaluationSpec, part: str) -> Interactions:
    data: Interactions | None = getattr(split, part)
    if data is None:
        raise SpecError(f"the split has no {part} part", hint=f"set split.{part}")
    if spec.users == "warm":
        data = data.take(_n_known(split)[data.user_idx] > 0)
    if not len(data):
        raise DataError(
            f"there is nothing to evaluate: the {part} part has no row of a user that is wanted",
            hint="hold more out, or set evaluation.users: all",
        )
    return data


def contains(keys: Int64, wanted: Int64) -> Bool:
    """Return which of ``wanted`` are among ``keys``, which ascend: no hash of many keys is made."""
    if not len(keys):
        return np.zeros(len(wanted), bool)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.asarray(keys[at] == wanted)
