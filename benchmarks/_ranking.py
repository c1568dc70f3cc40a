"""How well ours and implicit rank the item that was held out of each user's."""

from __future__ import annotations

from typing import Any

import numpy as np

from recsys_cli.data import Int32, Split

_TOP = 10


def ours(split: Split, model: Any) -> float:
    """Return ndcg@10 of one of our models, never recommending a training item."""
    users = split.test.user_idx
    lists, _ = model.recommend(users, _TOP, exclude=split.train.csr.rows(users))
    return _ndcg(split, lists)


def implicit(split: Split, library: Any, user_items: Any) -> float:
    """Return ndcg@10 of one of implicit's, by its own ``recommend``."""
    users = split.test.user_idx
    lists, _ = library.recommend(users, user_items[users], N=_TOP)
    return _ndcg(split, lists)


def _ndcg(split: Split, lists: Int32) -> float:
    """Return the mean over users, each with one row in the test part and one row of ``lists``."""
    hit = (lists == split.test.item_idx[:, None]).astype(np.float64)
    return float((hit / np.log2(np.arange(2, lists.shape[1] + 2))).sum(axis=1).mean())
