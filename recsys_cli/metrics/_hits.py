"""What a ranking metric is of some of the relevant items: from the hits among them alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from recsys_cli.data import CSR, Int64
from recsys_cli.metrics._base import RankingMetric
from recsys_cli.metrics._context import Context
from recsys_cli.metrics._ranked import Ranked


class _MoreThanHits(Exception):
    """A metric asks for more than which relevant items are at which ranks."""


class _Unknown:
    def __getattr__(self, name: str) -> Any:
        raise _MoreThanHits(name)


def _refuse(*_: Any, **__: Any) -> Any:
    raise _MoreThanHits


class HitsOnly(Ranked):
    """Lists of which only the hits are known: any question beyond them raises."""

    listed = list_sum = list_mean = item_lists = label_sum = _refuse

    @classmethod
    def of(cls, at: Int64, pairs: Mapping[str, Any], k: int) -> HitsOnly:
        """Return the lists of users 0, 1 … whose relevant pairs these are: ``at`` says whose."""
        order = np.lexsort((pairs["item_idx"], at))
        at, item, rank = at[order], pairs["item_idx"][order], pairs["rank"][order]
        indptr = np.concatenate(([0], np.cumsum(np.bincount(at))))
        lists = np.full((len(indptr) - 1, max(1, k)), -1, np.int32)
        hit = (rank > 0) & (rank <= k)
        lists[at[hit], rank[hit] - 1] = item[hit]
        n_items = int(item.max()) + 1
        unknown: Any = _Unknown()
        context = Context(
            users=unknown,
            relevant=CSR(indptr, item, pairs["value"][order], n_items),
            seen=unknown,
            seen_at=unknown,
            candidates=unknown,
            train=unknown,
            weigh=_refuse,
            features=unknown,
        )
        return cls(lists, context)


#: One user, whose one relevant item is first.
_ONE_HIT = {
    "item_idx": np.zeros(1, np.int32),
    "rank": np.ones(1, np.int32),
    "value": np.ones(1, np.float32),
}


def follows_from_hits(metric: RankingMetric) -> bool:
    """Return whether a metric needs no more than which relevant items are at which ranks."""
    if metric.needs_auc:
        return False
    try:
        metric.per_user(HitsOnly.of(np.zeros(1, np.int64), _ONE_HIT, 1), 1)
    except _MoreThanHits:
        return False
    return True
