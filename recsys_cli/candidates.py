"""Short lists of candidates: read from a file or drawn, as the spec says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recsys_cli.data import CSR, Float32, Int32, Int64
from recsys_cli.errors import DataError, NotFound
from recsys_cli.fingerprint import file_digest
from recsys_cli.heldout import HeldOut
from recsys_cli.loaders._home import locate
from recsys_cli.loaders._listed import Listed, read_listed
from recsys_cli.seeding import generator
from recsys_cli.shortlists import CandidateListsSpec

#: Numbers drawn at a time.
DRAWS = 1 << 22


@dataclass(frozen=True, eq=False)
class CandidateLists:
    """The items in which the relevant ones of each user are ranked, by position of the user.

    A list is a part of the full ranking: it holds nothing that this one leaves out. A relevant item
    without training interactions is in neither, and stays a miss.

    Attributes
    ----------
    items : CSR, shape (u, n_items)
        The relevant ones among them.
    n_others : ndarray of int64, shape (u,)
        How many of a user's list are not relevant.
    n_irrelevant : ndarray of int64, shape (u,)
        How many the full ranking has of those.
    how : str
        ``drawn uniformly``, or where from.
    uniform : bool
        Whether every irrelevant item had the same chance to be in the list.
    left_out : int
        Given candidates that the full ranking lacks: unknown, seen, or without training
        interactions.
    """

    items: CSR
    n_others: Int64
    n_irrelevant: Int64
    how: str
    uniform: bool
    left_out: int = 0

    def describe(self, at: Int64) -> str:
        """Return how many others the users at these positions have, and how they were found."""
        others = self.n_others[at] if len(at) else self.n_others
        low, high = int(others.min()), int(others.max())
        return f"{low:,}{'' if low == high else f' to {high:,}'} other items, {self.how}"


def candidate_lists(part: HeldOut, spec: CandidateListsSpec, role: str) -> CandidateLists:
    """Return the candidate lists of the users of a part.

    Parameters
    ----------
    part : HeldOut
    spec : CandidateListsSpec
    role : str
        What is drawn for, ``test`` or ``validation``; each has draws of its own.

    Raises
    ------
    NotFound
        If there is no such file.
    DataError
        If it is malformed, or has no candidates for a user with a relevant item.
    """
    relevant = _keys(part, part.relevant.row_of(), part.relevant.indices)
    relevant = relevant[part.candidates[part.relevant.indices]]
    uniform = spec.by == "uniform"
    if spec.file is not None:
        given, left_out = _given(part, read_listed(located(spec.file)))
        _require(part, given, spec.file)
        return _lists(part, relevant, given, f"given by {spec.file}", uniform, left_out)
    weight = np.ones_like(part.item_counts) if uniform else part.item_counts
    drawn = _drawn(part, spec, weight.astype(np.float32), role)
    how = "drawn uniformly" if uniform else "drawn by popularity"
    return _lists(part, relevant, drawn, how, uniform, 0)


def fingerprint(spec: CandidateListsSpec) -> str | None:
    """Return the sha256 of the file of candidates; None where they are drawn.

    Raises
    ------
    NotFound
        If there is no such file.
    """
    return None if spec.file is None else file_digest(located(spec.file))


def located(path: str) -> Path:
    """Return where a file of candidates is.

    Raises
    ------
    NotFound
        If there is none.
    """
    try:
        return locate(path)
    except NotFound as error:
        hint = "put it there, set RECSYS_DATA_HOME, or draw candidates: {sampled: 100}"
        raise NotFound(
            error.message, where=f"evaluation.candidates.file: {path}", hint=hint
        ) from None


def _keys(part: HeldOut, at: Int64, items: Int32) -> Int64:
    """Return one number for each pair of a user's position and an item."""
    return np.asarray(at * part.pairs.n_items + items, np.int64)


def _given(part: HeldOut, listed: Listed) -> tuple[Int64, int]:
    """Return the pairs of a file that the full ranking has, and how many it lacks."""
    data = part.pairs
    position = np.full(data.n_users + 1, -1, np.int64)
    position[part.users] = np.arange(len(part.users))
    at, item = position[data.users.index(listed.user)], data.items.index(listed.item)
    asked = at >= 0
    at, item = at[asked], item[asked]
    keys = _keys(part, at, item)
    seen = _keys(part, part.seen.row_of(), part.seen.indices)
    there = (item >= 0) & part.candidates[item] & ~np.isin(keys, seen)
    return np.unique(keys[there]), int(np.count_nonzero(~there))


def _require(part: HeldOut, given: Int64, path: str) -> None:
    """Raise DataError if a user with a relevant item has nothing to rank it against."""
    n_given = np.bincount(given // part.pairs.n_items, minlength=len(part.users))
    bare = part.ranked_at[n_given[part.ranked_at] == 0]
    if len(bare):
        raise DataError(
            f"lists no candidate that can be recommended to {len(bare):,} users with a relevant "
            f'item, "{part.pairs.users[int(part.users[bare[0]])]}" among them',
            where=f"evaluation.candidates.file: {path}",
            hint="its users and items must be those of the data, by id; is it of this split?",
        )


def _drawn(part: HeldOut, spec: CandidateListsSpec, weight: Float32, role: str) -> Int64:
    """Return that many irrelevant items of each user, drawn without replacement.

    Of exponential waiting times with the weights as rates, the shortest are such a draw.
    """
    assert spec.sampled is not None
    rng, n = generator(spec.seed, f"candidates/{role}"), part.pairs.n_items
    count, block, found = min(spec.sampled, n), max(1, DRAWS // n), []
    for start in range(0, len(part.users), block):
        rows = np.arange(start, min(start + block, len(part.users)))
        waits = rng.standard_exponential((len(rows), n), np.float32) / np.maximum(weight, 1)
        waits[:, ~part.candidates] = np.inf
        for closed in (part.seen.rows(rows), part.relevant.rows(rows)):
            waits[closed.row_of(), closed.indices] = np.inf
        first = np.argpartition(waits, count - 1, axis=1)[:, :count]
        row, place = np.nonzero(np.isfinite(np.take_along_axis(waits, first, axis=1)))
        found.append(_keys(part, rows[row], first[row, place].astype(np.int32)))
    return np.concatenate(found)


def _lists(
    part: HeldOut, relevant: Int64, others: Int64, how: str, uniform: bool, left_out: int
) -> CandidateLists:
    keys = _union(relevant, others)
    item = keys % part.pairs.n_items
    n_listed, n_relevant = (
        np.bincount(found // part.pairs.n_items, minlength=len(part.users))
        for found in (keys, relevant)
    )
    indptr = np.concatenate(([0], np.cumsum(n_listed)))
    data = np.ones(len(keys), np.float32)
    return CandidateLists(
        items=CSR(indptr, item.astype(np.int32), data, part.pairs.n_items),
        n_others=n_listed - n_relevant,
        n_irrelevant=_n_open(part) - n_relevant,
        how=how,
        uniform=uniform,
        left_out=left_out,
    )


def _union(first: Int64, second: Int64) -> Int64:
    """Return what either has, ascending; np.union1d takes twice the memory, for a hash of all."""
    keys = np.concatenate((first, second))
    keys.sort()
    return keys[np.concatenate(([True], keys[1:] != keys[:-1]))[: len(keys)]]


def _n_open(part: HeldOut) -> Int64:
    """Return how many items can be recommended to each user, int64 (u,)."""
    closed = np.concatenate(([0], np.cumsum(part.candidates[part.seen.indices])))
    n_closed = closed[part.seen.indptr[1:]] - closed[part.seen.indptr[:-1]]
    return np.asarray(np.count_nonzero(part.candidates) - n_closed)
