"""What became of each held-out pair: where a list had it, what rating was predicted for it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys_cli import threads
from recsys_cli.answers import Answers
from recsys_cli.data import Bool, Int32
from recsys_cli.heldout import HeldOut

#: Users that one thread looks at before it takes the next.
_ROWS = 8192


def outcomes(part: HeldOut, answers: Answers) -> dict[str, NDArray[Any]]:
    """Return one row a held-out pair, in the order of the part.

    Returns
    -------
    dict of str to ndarray, shape (n,)
        ``user_idx`` and ``item_idx`` int32, ``value`` float32, ``relevant`` bool, ``rank`` int32
        (from 1; 0 where the user's list lacks the item) and, if ratings were asked for,
        ``predicted`` float32. Of a pair that is held out twice, the row with the largest value, or
        the first of them, is the relevant one.
    """
    pairs = part.pairs
    table = {
        "user_idx": pairs.user_idx,
        "item_idx": pairs.item_idx,
        "value": pairs.value,
        "relevant": _relevant(part),
        "rank": _rank(part, answers.items),
    }
    return table | ({"predicted": answers.predicted} if len(answers.predicted) else {})


def _relevant(part: HeldOut) -> Bool:
    keys = part.pair_at * part.pairs.n_items + part.pairs.item_idx
    wanted = part.relevant.row_of() * part.pairs.n_items + part.relevant.indices
    relevant: Bool = np.append(wanted, -1)[np.searchsorted(wanted, keys)] == keys
    if np.count_nonzero(relevant) > len(wanted):
        order = np.lexsort((-part.pairs.value, keys))
        relevant[order[1:][keys[order[1:]] == keys[order[:-1]]]] = False
    return relevant


def _rank(part: HeldOut, items: Int32) -> Int32:
    from recsys_cli.kernels.lists import place_rows

    rank = np.zeros(len(part.pairs), np.int32)
    ends = np.searchsorted(part.pair_at, np.arange(len(items) + 1))

    def block(start: int, stop: int) -> None:
        room = np.zeros(part.pairs.n_items, np.int32)
        place_rows(start, stop, items, ends, part.pairs.item_idx, room, rank)

    threads.map_blocks(block, len(items), _ROWS)
    return rank
