"""Item-item cosine neighbours by the library ``implicit``."""

from __future__ import annotations

from typing import Any

from recsys_cli.models._implicit import ItemItemConfig, ItemItemModel


class ImplicitCosineConfig(ItemItemConfig):
    """Parameters of implicit's CosineRecommender; the default is the library's."""


class ImplicitCosine(ItemItemModel[ImplicitCosineConfig]):
    """Score = Σ_j v_uj s_ji, with s the cosine of items' columns, found by implicit.

    ``s_ji = Σ_u v_uj v_ui / (|v_j| |v_i|)`` is kept where i is among the ``neighbours`` nearest of
    j, so the table is not symmetric: an item that is near to none gets no score, where ``item-knn``
    keeps the nearest of i. Values count as they are. There is no shrinkage: items with a single
    common user can be nearest. A new user is scored from the history at once. Take it when the
    library's own numbers are wanted: ``item-knn`` with ``target: implicit`` and ``lists: history``
    ranks as it does, does not count an item among its own neighbours, and has shrinkage.

    References
    ----------
    Sarwar, Karypis, Konstan and Riedl, Item-based collaborative filtering recommendation
    algorithms, WWW 2001. Frederickson, implicit: fast Python collaborative filtering for implicit
    datasets.
    """

    similarities_reach = 1.0

    def _weigh(self, nearest: Any, values: Any) -> Any:
        return nearest.normalize(values)
